"""Noticing that another process has changed keys or workspaces."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from events.sql.watch import Watch, notice

_SUBJECT = "access"


class Changes(Protocol):
    """Tells that another process has written."""

    def version(self) -> Any:
        """Another value after another process has written; never waits long."""

    @property
    def is_blind(self) -> bool:
        """Whether others may have written unnoticed, since the store cannot be asked."""

    def tell(self, connection: Connection) -> None:
        """Tell others, in the transaction that has written."""

    def close(self) -> None:
        """Look no more."""


class Noticed:
    """Changes in a store that many processes share, known within a second."""

    def __init__(self, store: Engine) -> None:
        self._watch = Watch(store, _SUBJECT)

    def version(self) -> int:
        return self._watch.number

    @property
    def is_blind(self) -> bool:
        return self._watch.is_blind

    def tell(self, connection: Connection) -> None:
        notice(connection, _SUBJECT)

    def close(self) -> None:
        self._watch.close()
