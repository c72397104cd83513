"""Noticing within a second what other processes have written, without asking at every turn."""

from __future__ import annotations

import logging
import threading
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.sql.tables import NOTICE, reading
from schemas.errors import UnavailableError

_SECONDS = 0.5
logger = logging.getLogger("answerback.store")


def notice(connection: sa.Connection, subject: str) -> None:
    """Tell others, once the transaction has ended, that something of a subject has changed."""
    # In one statement: of two processes that tell for the first time, neither may fail.
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = kind.insert(NOTICE).values(subject=subject, number=1)
    more = {"number": NOTICE.c.number + 1}
    connection.execute(first.on_conflict_do_update(index_elements=["subject"], set_=more))


class Watch:
    """Asks for a subject's number in a thread of its own, so that nobody waits for the store."""

    def __init__(self, store: sa.Engine, subject: str) -> None:
        self._store = store
        self._subject = subject
        self._ending = threading.Event()
        self.is_blind = False
        """Whether the store could not be asked the last time: others may have written since."""
        self.number = self._asked()
        self._thread = threading.Thread(target=self._look, name=f"watch-{subject}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._ending.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ending.wait(_SECONDS):
            try:
                self.number = self._asked()
                self.is_blind = False
            # What is known goes on to count meanwhile. A watch that ended at an error nobody
            # foresaw, such as a pool without a free connection, would let revoked keys in for ever.
            except (UnavailableError, sa.exc.SQLAlchemyError) as error:
                self.is_blind = True
                logger.debug("Changes of %s cannot be noticed now: %s", self._subject, error)

    def _asked(self) -> int:
        query = sa.select(NOTICE.c.number).where(NOTICE.c.subject == self._subject)
        with reading(self._store).begin() as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)
