"""Gives up messages that were prepared and of which nobody has told that they went out (R23).

After 72 hours without a notice they are excluded as ``no_outcome``, those of a canceled activity
at once as ``canceled``. If it turns out that one went out all the same, that counts.
"""

from __future__ import annotations

import logging

from schemas.audiences import UnsentView
from schemas.decisions.activity import RecipientExcluded
from schemas.documents import ActivityDocument
from schemas.errors import AnswerbackError, UnavailableError
from schemas.ids import named_id
from schemas.instants import DAY
from schemas.lifecycles import ActivityStatus
from services.commands.commander import Commander, Order, Step
from services.distribution.knowing import all_accepted
from services.parts import Parts
from services.rounds import Rounds

PAGE = 1000
NO_OUTCOME_AFTER = 3 * DAY
_PAUSE_SECONDS = 300.0  # looking reads all messages
_ACTOR = "policy:outcomes@1"
log = logging.getLogger(__name__)


class Outcomes:
    """All workspaces of an installation; ``start`` has a thread look round every few minutes."""

    def __init__(self, parts: Parts, commander: Commander) -> None:
        self._parts = parts
        self._commander = commander
        self._rounds = Rounds("outcomes", self.turn, lambda: _PAUSE_SECONDS)
        self.start, self.stop = self._rounds.start, self._rounds.stop

    def turn(self) -> bool:
        """Give up what is to be given up, up to a page in each workspace; whether anything was."""
        moved = False
        for workspace in self._parts.access.workspaces():
            if self._rounds.is_stopping:
                break
            try:
                moved |= self._one(workspace.id)
            except UnavailableError:
                raise
            except AnswerbackError:  # one that cannot go on must not hold up the others
                log.exception("Messages of %s cannot be given up.", workspace.id)
        return moved

    def _one(self, workspace: str) -> bool:
        before = self._parts.clock() - NO_OUTCOME_AFTER
        canceled = {
            one.document.activity_id
            for one in self._commander.find_all(workspace, "activity", ActivityDocument)
            if one.document is not None and one.document.status is ActivityStatus.CANCELED
        }
        known = all_accepted(self._parts.gate, self._parts.log)
        unsent = self._parts.reads.unsent(workspace, before, canceled, PAGE, known)
        steps = [_given_up(workspace, one, one.activity_id in canceled) for one in unsent]
        if steps:
            self._commander.append(Order(workspace=workspace, actor=_ACTOR), tuple(steps))
        return bool(steps)


def _given_up(workspace: str, message: UnsentView, is_canceled: bool) -> Step:
    payload = RecipientExcluded(
        activity_id=message.activity_id,
        message_id=message.message_id,
        reason="canceled" if is_canceled else "no_outcome",
    )
    return Step(
        event_type="recipient.excluded",
        payload=payload,
        event_id=named_id(workspace, "recipient.excluded", message.message_id),
        recipient=message.recipient,
    )
