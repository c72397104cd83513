"""Workspaces and keys of an embedded installation, in a SQLite file."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from projections.stores.trouble import tell_trouble
from schemas.clock import Clock, RandomBytes
from services.access_sql import SqlAccess, make_tables


class SqliteAccess(SqlAccess):
    """Access in a file; ``path`` None keeps it in memory."""

    def __init__(self, path: Path | None, clock: Clock, random: RandomBytes) -> None:
        self._file = _open(path)
        make_tables(self._file)
        _widen(self._file)
        super().__init__(self._file, _DataVersion(self._file), clock, random, Lock())

    def close(self) -> None:
        super().close()
        self._file.dispose()


class _DataVersion:
    """The engine's own: it tells what other connections have written, at 10 microseconds a look."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()

    def version(self) -> Any:
        found = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
        self._connection.rollback()
        return found

    @property
    def is_blind(self) -> bool:
        return False  # whoever looks is told that it cannot

    def tell(self, connection: Connection) -> None:
        """The engine tells others itself."""

    def close(self) -> None:
        self._connection.close()


def _open(path: Path | None) -> Engine:
    if path is None:
        return create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    tell_trouble(engine)
    return engine


def _widen(engine: Engine) -> None:
    """Give a file from before ``gpc_mode`` its column."""
    with engine.begin() as connection:
        columns = connection.exec_driver_sql("PRAGMA table_info(workspaces)").all()
        if "gpc_mode" not in {column[1] for column in columns}:
            connection.exec_driver_sql(
                "ALTER TABLE workspaces ADD COLUMN gpc_mode VARCHAR NOT NULL DEFAULT 'keep'"
            )


def _prepare(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")
