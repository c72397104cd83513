"""Brokers, PostgreSQL and ClickHouse as the settings name them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from events.kafka.broker import Broker
from events.kafka.topics import Layout
from events.sql.keys import SqlKeyRows
from events.vault_stored import StoredVault
from projections.stores.clickhouse import ClickHouseColumns, Server
from projections.stores.rows import open_rows
from schemas.clock import RandomBytes
from schemas.errors import SettingsInvalid
from services.masterkey import key_bytes
from services.settings import Settings

_PORT, _TLS_PORT = 9000, 9440


def broker_of(settings: Settings) -> Broker:
    """The brokers that the settings name."""
    password, authority = settings.kafka_password, settings.kafka_authority_file
    return Broker(
        settings.kafka_servers,
        settings.kafka_protocol,
        settings.kafka_mechanism,
        settings.kafka_user,
        None if password is None else password.get_secret_value(),
        None if authority is None else str(authority),
    )


def layout_of(settings: Settings) -> Layout:
    """The topics that the settings name."""
    return Layout(
        settings.kafka_partitions,
        settings.kafka_replicas,
        settings.kafka_retention_days,
        settings.kafka_prefix,
        settings.kafka_generation,
    )


def store_of(settings: Settings) -> sa.Engine:
    """The store in PostgreSQL, its tables brought to this version. Raises ``StoreUnavailable``."""
    return open_rows(settings.postgres_url.get_secret_value())


def columns_of(settings: Settings) -> ClickHouseColumns:
    """The column store. Raises ``StoreUnavailable``."""
    url = urlsplit(settings.clickhouse_url.get_secret_value())
    secure = url.scheme == "clickhouses"
    return ClickHouseColumns(
        Server(
            host=url.hostname or "",
            port=url.port or (_TLS_PORT if secure else _PORT),
            user=unquote(url.username or "default"),
            password=unquote(url.password or ""),
            database=url.path.strip("/") or "answerback",
            secure=secure,
        )
    )


def vault_of(settings: Settings, store: sa.Engine, random: RandomBytes) -> StoredVault:
    """The vault. Raises ``SettingsInvalid`` without a master key: all machines need the same."""
    if settings.master_key is None:
        raise SettingsInvalid(
            "Set ANSWERBACK_MASTER_KEY, or ANSWERBACK_MASTER_KEY_FILE, to 64 hex digits: every "
            "process of the distributed mode needs the same key."
        )
    return StoredVault(SqlKeyRows(store), key_bytes(settings), random)
