"""The rows of the vault in the SQL store, which all processes of the distributed mode share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from events.sql.bulk import insert_rows
from events.sql.tables import ADDRESS_KEY, SUBJECT_KEY, TOKEN_KEY, reading
from events.sql.watch import Watch, notice
from events.vault_stored import KeyRows, SubjectRow
from schemas.errors import LogUnavailable, UnavailableError

_IDS_PER_QUERY = 5000
_SUBJECT = "token keys"


class SqlKeyRows(KeyRows):
    """Keys in the store."""

    def __init__(self, store: sa.Engine) -> None:
        self._store = store
        self._watch = Watch(store, _SUBJECT)

    def address(self, workspace: str) -> bytes | None:
        return self._first(ADDRESS_KEY.c.wrapped, ADDRESS_KEY.c.workspace == workspace)

    def add_address(self, workspace: str, wrapped: bytes) -> None:
        with self._writing() as connection:
            insert_rows(connection, ADDRESS_KEY, [(workspace, wrapped)], "ignore")

    def tokens(self, workspace: str) -> dict[int, bytes]:
        query = sa.select(TOKEN_KEY.c.kid, TOKEN_KEY.c.wrapped)
        with self._reading() as connection:
            rows = connection.execute(query.where(TOKEN_KEY.c.workspace == workspace)).all()
        return {row.kid: row.wrapped for row in rows}

    def add_token(self, workspace: str, kid: int, wrapped: bytes) -> None:
        with self._writing() as connection:
            insert_rows(connection, TOKEN_KEY, [(workspace, kid, wrapped)], "ignore")
            notice(connection, _SUBJECT)

    def subjects(self, workspace: str, names: Sequence[str]) -> list[SubjectRow]:
        c = SUBJECT_KEY.c
        query = sa.select(c.subject, c.key_id, c.wrapped).where(c.workspace == workspace)
        found: list[SubjectRow] = []
        with self._reading() as connection:
            for start in range(0, len(names), _IDS_PER_QUERY):
                some = query.where(c.subject.in_(names[start : start + _IDS_PER_QUERY]))
                found += [SubjectRow(*row) for row in connection.execute(some)]
        return found

    def add_subjects(self, workspace: str, rows: Sequence[SubjectRow]) -> bool:
        # In one order for all processes, so that none waits for one that waits for it.
        values = [(workspace, *row) for row in sorted(rows)]
        with self._writing() as connection:
            insert_rows(connection, SUBJECT_KEY, values, "ignore")
        return False  # whose rows they are is known only when they are read again

    def subject_of(self, workspace: str, key_id: str) -> bytes | None:
        c = SUBJECT_KEY.c
        return self._first(c.wrapped, c.workspace == workspace, c.key_id == key_id)

    def version(self) -> int:
        return self._watch.number

    def close(self) -> None:
        self._watch.close()

    def _first(self, column: sa.Column[bytes], *where: sa.ColumnElement[bool]) -> bytes | None:
        with self._reading() as connection:
            return connection.execute(sa.select(column).where(*where)).scalar_one_or_none()

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _said(), reading(self._store).begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with _said(), self._store.begin() as connection:
            yield connection


@contextmanager
def _said() -> Iterator[None]:
    """The vault's error for a store that is away, full, or has no free connection."""
    try:
        yield
    except (UnavailableError, sa.exc.TimeoutError) as error:
        raise LogUnavailable(f"The vault cannot be reached: {error}") from error
