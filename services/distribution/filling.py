"""Gives new lists the members they were made of, a page of each in turn.

A page is one transaction: its members, the page itself and how far the list is. So it can be
stopped anywhere, and of two processes at one page one finds that it was done.
"""

from __future__ import annotations

import logging
from uuid import UUID

from schemas.documents import AudiencePage, Filling, ListDocument
from schemas.errors import AnswerbackError, UnavailableError
from services.commands import lists
from services.commands.commander import Commander, Order
from services.commands.distributions import page_stream
from services.parts import Parts
from services.rounds import Rounds

_ACTOR = "lists"
_LOOK_ROUND_SECONDS = 60.0  # for what another process has left behind
log = logging.getLogger(__name__)


class Fillings:
    """All lists of an installation that are being filled; ``start`` has a thread do it."""

    def __init__(self, parts: Parts, commander: Commander) -> None:
        self._parts = parts
        self._commander = commander
        self._rounds = Rounds("lists", self.turn, lambda: _LOOK_ROUND_SECONDS)
        self.start, self.stop = self._rounds.start, self._rounds.stop
        self.wake = self._rounds.wake

    def turn(self) -> bool:
        """Put a page on each list that is being filled; whether there was any."""
        moved = False
        for workspace in self._parts.access.workspaces():
            for one in self._commander.find_all(workspace.id, "list", ListDocument):
                if self._rounds.is_stopping:
                    return False
                if one.document is not None and one.document.filling is not None:
                    moved |= self._one(workspace.id, one.document.list_id, one.document.filling)
        return moved

    def _one(self, workspace: str, list_id: UUID, filling: Filling) -> bool:
        try:
            self._page(workspace, list_id, filling)
        except UnavailableError:
            raise
        except AnswerbackError:  # one that cannot go on must not hold up the others
            log.exception("The list %s cannot be filled.", list_id)
            return False
        return True

    def _page(self, workspace: str, list_id: UUID, filling: Filling) -> None:
        stream = page_stream(filling.pin_id, filling.next_page)
        page = self._commander.find(workspace, stream, AudiencePage)
        self._commander.run(
            Order(workspace=workspace, actor=_ACTOR),
            lists.stream_of(list_id),
            ListDocument,
            lambda document: lists.fill(lists.known(document), filling, page),
            lambda _: (200, b""),
        )
