"""Topics and databases of a bench's own, at the stores that the settings name.

They are named ``bench`` and some random letters, so that no installation is touched. The databases
are dropped afterwards; the topics stay, since a broker may take minutes to forget them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import SecretStr

from schemas.clock import RandomBytes
from services.bench.rounds import Note
from services.distributed.connecting import columns_of
from services.distributed.making import make_stores, make_topics
from services.settings import PREFIX, Settings, load_settings


def own_topics(random: RandomBytes, note: Note) -> Settings:
    """The settings with topics of one's own, which are made."""
    settings = _own(random)
    make_topics(settings, note)
    return settings


@contextmanager
def own_stores(random: RandomBytes, note: Note) -> Iterator[Settings]:
    """The settings with topics and databases of one's own, which are made and are empty."""
    settings, server = _own(random), load_settings()
    name = sa.make_url(settings.postgres_url.get_secret_value()).database
    _at_once(server, f'CREATE DATABASE "{name}"')
    try:
        make_topics(settings, note)
        make_stores(settings, note)
        yield settings
    finally:
        columns = columns_of(settings)
        for database in (name, f"{name}_bi"):
            columns.run(f"DROP DATABASE IF EXISTS {database} SYNC")
        columns.close()
        _at_once(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """What a process is to find in its environment to belong to them."""
    own = {
        "MODE": "distributed",
        "KAFKA_PREFIX": settings.kafka_prefix,
        "POSTGRES_URL": settings.postgres_url.get_secret_value(),
        "CLICKHOUSE_URL": _clickhouse(settings),
        **more,
    }
    return {**os.environ, **{f"{PREFIX}{name}": value for name, value in own.items()}}


def _own(random: RandomBytes) -> Settings:
    settings = load_settings()
    name = f"bench_{random(4).hex()}"
    clickhouse = urlsplit(_clickhouse(settings))._replace(path=f"/{name}")
    postgres = sa.make_url(settings.postgres_url.get_secret_value()).set(database=name)
    return settings.model_copy(update={
        "kafka_prefix": f"{name}.",
        "postgres_url": SecretStr(postgres.render_as_string(hide_password=False)),
        "clickhouse_url": SecretStr(clickhouse.geturl()),
    })  # fmt: skip


def _clickhouse(settings: Settings) -> str:
    return settings.clickhouse_url.get_secret_value()


def _at_once(settings: Settings, text: str) -> None:
    """One statement that no transaction may hold."""
    engine = sa.create_engine(
        settings.postgres_url.get_secret_value(), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(text))
    engine.dispose()
