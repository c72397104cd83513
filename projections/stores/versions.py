"""Brings the SQL store's tables to the version that this program knows."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from events.sql.tables import METADATA, lock_tables
from schemas.errors import FormatUnknown

NEWEST = "0007"
_UNVERSIONED = "0001"
_SCRIPTS = Path(__file__).with_name("migrations")
_VERSION = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32)))


def bring_up(engine: sa.Engine) -> None:
    """Make the tables, or alter them. Raises ``FormatUnknown`` for a store of a later version."""
    with engine.begin() as connection:
        lock_tables(connection)
        found = _version_of(connection)
        if found is None:
            METADATA.create_all(connection)
            _write(connection, NEWEST)
        elif found != NEWEST:
            _migrate(connection, found)


def _version_of(connection: sa.Connection) -> str | None:
    """The version of a store; ``None`` for one without tables."""
    tables = sa.inspect(connection)
    if tables.has_table(_VERSION.name):
        return str(connection.execute(sa.select(_VERSION.c.version_num)).scalar_one())
    return _UNVERSIONED if tables.has_table("pointer") else None


def _write(connection: sa.Connection, version: str) -> None:
    _VERSION.create(connection, checkfirst=True)
    connection.execute(_VERSION.delete())
    connection.execute(_VERSION.insert().values(version_num=version))


def _migrate(connection: sa.Connection, found: str) -> None:
    if found > NEWEST:
        raise FormatUnknown(
            f"The store of rows has version {found}, and this program knows {NEWEST} at most. Use "
            "the version of Answerback that wrote it."
        )
    # Needed once in a store's life, and a tenth of a second to import.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    _write(connection, found)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
