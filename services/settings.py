"""All settings. They come from the environment alone, under names with one prefix.

``docs/settings.md`` describes each; a test holds that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.errors import SettingsInvalid

PREFIX = "ANSWERBACK_"
_FILE = "_FILE"

# Names of the same prefix that clients and tests read; the server has no use for them.
_OTHERS = frozenset(("ANSWERBACK_API_KEY", "ANSWERBACK_URL", "ANSWERBACK_FAIL_ON_SKIP"))
_TESTS = "ANSWERBACK_TEST_"

_KEY = re.compile("[0-9a-fA-F]{64}")
Network = IPv4Network | IPv6Network


def _networks(value: Any) -> Any:
    """A comma-separated list of addresses and networks."""
    if not isinstance(value, str):
        return value
    return tuple(
        ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip()
    )


def _origins(value: Any) -> Any:
    """A comma-separated list of schemes with hosts."""
    if not isinstance(value, str):
        return value
    origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", origin):
            raise ValueError("Name each place as https://host, or with a port, and no more.")
    return origins


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("Give 32 bytes as 64 hex digits.")
    return value


def _local(others: dict[str, Any]) -> str:
    return f"http://{others.get('host', '127.0.0.1')}:{others.get('port', 8080)}"


def _public(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("Begin the address with http:// or https://.")
    return value.rstrip("/")


def _postgres(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("Begin the address with postgresql://.")
    return SecretStr(re.sub(r"^postgresql:", "postgresql+psycopg:", text))


def _clickhouse(value: SecretStr) -> SecretStr:
    url = urlsplit(value.get_secret_value())
    if url.scheme not in ("clickhouse", "clickhouses") or not url.hostname:
        raise ValueError("Give the address as clickhouse://user:password@host:port/database.")
    if not re.fullmatch(r"/?|/[a-z0-9_]{1,60}", url.path):
        raise ValueError("Name the database with small letters, digits and underscores.")
    return value


Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(BaseSettings):
    """What an installation may choose."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    mode: Literal["embedded", "distributed"] = Field(
        "embedded", description="Where workspaces and keys lie: in the folder, or in PostgreSQL."
    )
    host: str = Field("127.0.0.1", description="The address that the server listens on.")
    port: int = Field(8080, ge=0, le=65_535, description="The port that the server listens on.")
    data: Path = Field(Path("data"), description="The folder that holds everything stored.")
    public_url: Annotated[str, AfterValidator(_public)] = Field(
        default_factory=_local,
        description="The address by which the world reaches the server; host and port if absent.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        (), description="Addresses and networks of proxies whose X-Forwarded-For is believed."
    )
    master_key: Annotated[SecretStr, AfterValidator(_key)] | None = Field(
        None,
        description="Wraps all keys at rest; 64 hex digits. Made and kept in the folder if absent.",
    )
    partitions: int = Field(
        4, ge=1, le=64, description="Partitions of the log; fixed when the folder is first used."
    )
    max_body_bytes: int = Field(
        1 << 20, ge=1024, le=1 << 28, description="The largest request body, after decompression."
    )
    max_batch_events: int = Field(
        1000, ge=1, le=100_000, description="The most events in one request."
    )
    max_event_bytes: int = Field(
        64 << 10, ge=1024, le=1 << 24, description="The largest event, as compact JSON."
    )
    max_connections: int = Field(
        2000, ge=1, le=1_000_000, description="Connections beyond this many are answered with 503."
    )
    body_timeout_seconds: Seconds = Field(
        10, description="How long a request's body may take to arrive."
    )
    head_timeout_seconds: Seconds = Field(
        10, description="How long a request's head may take to arrive."
    )
    keep_alive_seconds: Seconds = Field(15, description="How long an idle connection is kept open.")
    log_commit_timeout_seconds: Seconds = Field(
        5, description="How long a request waits for the log before it is answered with 503."
    )
    shutdown_seconds: Seconds = Field(
        10, description="How long requests under way may take when the server ends."
    )
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        15, description="How long a click waits for signs of a machine before it is a response."
    )
    form_rate_per_minute: int = Field(
        30, ge=1, le=100_000, description="Submissions a minute from one address to one form."
    )
    source_rate_per_minute: int = Field(
        600, ge=0, le=1_000_000, description="Requests a minute from one address to one source."
    )
    requests_per_minute: int = Field(
        600_000, ge=0, le=1_000_000_000, description="Requests a minute of one API key or source."
    )
    events_per_minute: int = Field(
        12_000_000, ge=0, le=1_000_000_000, description="Events a minute of one API key or source."
    )
    login_rate_per_minute: int = Field(
        20, ge=0, le=1_000_000, description="Attempts a minute to log in from one address."
    )
    dnt_as_gpc: bool = Field(
        default=False, description="Whether the header DNT counts as Global Privacy Control."
    )
    raw_retention_days: int = Field(
        30, ge=0, le=3650, description="How long raw bodies are kept, sealed; 0 keeps none."
    )
    replay_keep_hours: int = Field(
        24, ge=1, le=8760, description="How long what was live before a promotion can be again."
    )
    sender_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        (), description="Where messages may be pushed to: origins, as https://host or with a port."
    )
    apple_ranges_file: Path | None = Field(
        None, description="Apple's published CSV of the networks its mail privacy leaves from."
    )
    kafka_servers: str = Field(
        "127.0.0.1:9092", description="Kafka's brokers as host:port, separated by commas."
    )
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How Kafka's brokers are spoken with."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="How to log in to Kafka's brokers, where the protocol has SASL."
    )
    kafka_user: str | None = Field(None, description="The name to log in to Kafka with.")
    kafka_password: SecretStr | None = Field(None, description="The password for that name.")
    kafka_authority_file: Path | None = Field(
        None,
        description="Certificates (PEM) that vouch for Kafka's brokers; the system's if absent.",
    )
    kafka_partitions: int = Field(
        64, ge=1, le=256, description="Partitions of each topic; fixed when the topics are made."
    )
    kafka_replicas: int = Field(
        3, ge=1, le=16, description="Brokers that have a copy of each topic, when it is made."
    )
    kafka_retention_days: int | None = Field(
        None, ge=1, le=36_500, description="How long Kafka keeps events; for ever if absent."
    )
    kafka_prefix: str = Field(
        "", pattern=r"^[a-z0-9._-]{0,60}$", description="What the topics' names begin with."
    )
    kafka_generation: int = Field(
        1, ge=1, le=99, description="Which topics, after the log was carried over to others."
    )
    postgres_url: Annotated[SecretStr, AfterValidator(_postgres)] = Field(
        SecretStr("postgresql+psycopg://answerback@127.0.0.1:5432/answerback"),
        description="PostgreSQL, as postgresql://user:password@host:port/database.",
    )
    clickhouse_url: Annotated[SecretStr, AfterValidator(_clickhouse)] = Field(
        SecretStr("clickhouse://default@127.0.0.1:9000/answerback"),
        description="ClickHouse's native port, as clickhouse://user:password@host:port/database; "
        "clickhouses:// for TLS.",
    )
    spool_bytes: int = Field(
        1 << 30, ge=1 << 20, description="How much a collector keeps on disk while Kafka is away."
    )
    stall_seconds: Seconds = Field(
        120, description="A worker whose events wait so long without progress ends itself."
    )


def load_settings() -> Settings:
    """The settings of this process. Raises ``SettingsInvalid`` naming everything that is wrong."""
    names = {n.upper(): text for n, text in os.environ.items() if n.upper().startswith(PREFIX)}
    fields = {PREFIX + field.upper(): field for field in Settings.model_fields}
    files = {name + _FILE: name for name, field in fields.items() if _is_secret(field)}
    _refuse_unknown(names, fields.keys() | files.keys())
    secrets: dict[str, Any] = {}
    for file_name, name in files.items():
        if file_name not in names:
            continue
        if name in names:
            raise SettingsInvalid(f"Set {name} or {file_name}, not both.")
        secrets[fields[name]] = _content(file_name, names[file_name])
    try:
        return Settings(**secrets)
    except ValidationError as error:
        raise SettingsInvalid(_explained(error)) from None


def _is_secret(field: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[field].annotation)


def _refuse_unknown(names: Iterable[str], known: set[str]) -> None:
    unknown = sorted(
        name for name in names if name not in known | _OTHERS and not name.startswith(_TESTS)
    )
    if unknown:
        raise SettingsInvalid(
            f"There is no setting {', '.join(unknown)}. docs/settings.md lists the ones there are."
        )


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The file that {name} names cannot be read: {error}.") from error


def _explained(error: ValidationError) -> str:
    # Never the value itself: it may be a secret.
    faults = (
        f"{PREFIX}{str(f['loc'][0]).upper()}: {f['msg']}"
        for f in error.errors()
        if f["type"] != "default_factory_not_called"  # follows from another fault
    )
    return "Some settings are wrong. " + "; ".join(faults)
