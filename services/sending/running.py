"""Pushes what lies in the outboxes to the senders there are, a page of each activity in turn.

How far a push is, is kept in the gate. A page is taken under a lease there before it is sent, so
of several processes one sends it; a process that ends in between leaves it to be sent again, under
the same name. What is not taken is tried again, later and later, and nothing overtakes it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.documents import DistributionDocument, PushDocument, RegistryDocument
from schemas.errors import AnswerbackError, MoveRefused, VersionConflict
from schemas.ids import named_id
from schemas.instants import format_instant
from schemas.registries import SenderEntry
from services.commands import pushes
from services.commands.commander import Commander, Found, Order
from services.distribution.outbox import Outbox
from services.metrics import PUSHED_MESSAGES
from services.parts import Parts
from services.rounds import Rounds
from services.sending import signing
from services.sending.courier import GONE, Answer, Courier, is_allowed

PAGE = 100
_AT_ONCE = 4
_LEASE = 60_000
_LOOK_AGAIN_SECONDS = 2.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Push:
    """What is to be pushed of one activity, and who may be sent it."""

    workspace: str
    senders: tuple[SenderEntry, ...]
    distribution: DistributionDocument
    found: Found[PushDocument]

    def sender(self, channel: str) -> SenderEntry | None:
        """Who gets it: whoever had it before, if he still may; else the first by id."""
        able = [one for one in self.senders if one.takes(channel)]
        before = self.found.document.sender_id if self.found.document is not None else None
        mine = [one for one in able if one.sender_id == before]
        return min(mine or able, key=lambda one: str(one.sender_id), default=None)


class Senders:
    """All pushes of an installation; ``start`` has a thread take turn after turn."""

    def __init__(self, parts: Parts, commander: Commander) -> None:
        self._parts = parts
        self._commander = commander
        self._origins = parts.settings.sender_origins
        self._courier = Courier()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sender")
        self._rounds = Rounds("senders", self.turn, lambda: _LOOK_AGAIN_SECONDS)

    def start(self) -> None:
        """Push whatever there is, if the operator has allowed any place to push to."""
        if self._origins:
            self._rounds.start()

    def stop(self) -> None:
        """Finish the requests that are under way."""
        self._rounds.stop()
        self._pool.shutdown()

    def turn(self) -> bool:
        """Push one page of each activity to its sender; whether any was taken."""
        waiting = [push for one in self._parts.access.workspaces() for push in self._due(one.id)]
        return any(list(self._pool.map(self._one, waiting)))

    def _due(self, workspace: str) -> Iterator[_Push]:
        senders = self._senders(workspace)
        if not senders:
            return
        find = self._commander.find_all
        stands = {one.stream: one for one in find(workspace, "push", PushDocument)}
        for one in find(workspace, "distribution", DistributionDocument):
            if one.document is None:
                continue
            stream = pushes.stream_of(one.document.activity_id)
            found = stands.get(stream) or Found(stream, 0, None)
            if found.document is None or found.document.state != "done":
                yield _Push(workspace, senders, one.document, found)

    def _senders(self, workspace: str) -> tuple[SenderEntry, ...]:
        entries = self._commander.find_all(workspace, "registry", RegistryDocument)
        found = [
            SenderEntry.model_validate(one.document.entry)
            for one in entries
            if one.document is not None and one.document.registry == "sender"
        ]
        return tuple(o for o in found if o.enabled and is_allowed(o.url, self._origins))

    def _one(self, push: _Push) -> bool:
        try:
            return not self._rounds.is_stopping and self._page(push)
        except (VersionConflict, MoveRefused):
            return False  # another process has it; or nothing may go out now
        except AnswerbackError as error:
            log.warning("The activity %s is not pushed: %s", push.distribution.activity_id, error)
        except Exception:  # one that cannot go on must not hold up the others
            log.exception("The activity %s is stuck.", push.distribution.activity_id)
        return False

    def _page(self, push: _Push) -> bool:
        workspace, activity_id = push.workspace, push.distribution.activity_id
        outbox = Outbox(self._parts, self._commander, workspace, activity_id)
        sender = push.sender(outbox.channel)
        if sender is None:
            return False
        before = push.found.document
        document = (
            pushes.handed_to(before, sender.sender_id)
            if before is not None
            else PushDocument(sender_id=sender.sender_id, activity_id=activity_id)
        )
        if not pushes.is_due(document, self._parts.clock()):
            return False
        data, position = outbox.page(document.position, PAGE, outbox.known(), untold=True)
        if not data:
            if not push.distribution.is_open:
                self._keep(workspace, push.found, document.model_copy(update={"state": "done"}))
            return False
        leased = document.model_copy(update={"next_at": self._parts.clock() + _LEASE})
        self._keep(workspace, push.found, leased)
        answer = self._send(workspace, sender, outbox, data)
        stands = self._commander.find(workspace, push.found.stream, PushDocument)
        then = stands.document
        if then is not None and answer.is_taken and then.position == document.position:
            self._keep(workspace, stands, pushes.taken(then, position, len(data)))
        elif then == leased:  # else somebody has it tried again meanwhile, and so it is
            gone = answer.status == GONE
            now = self._parts.clock()
            after = pushes.failed(document, now, answer.detail, for_good=gone)
            self._keep(workspace, stands, after)
        PUSHED_MESSAGES.labels("taken" if answer.is_taken else "failed").inc(len(data))
        return answer.is_taken

    def _send(
        self, workspace: str, sender: SenderEntry, outbox: Outbox, data: list[dict[str, Any]]
    ) -> Answer:
        now = self._parts.clock()
        body = orjson.dumps({
            "type": "messages.prepared",
            "timestamp": format_instant(now),
            "data": {
                "campaign_id": str(outbox.campaign_id),
                "activity_id": str(outbox.activity_id),
                "channel": outbox.channel,
                "messages": data,
            },
        })  # fmt: skip
        # The same messages bear the same name when they are sent again: so a sender knows them.
        name = named_id(workspace, "push", sender.sender_id, *(m["message_id"] for m in data))
        keys = self._parts.vault.token_keys(workspace)
        signed = signing.headers(keys, sender.sender_id, name, now // 1000, body)
        return self._courier.send(sender.url, signed, body)

    def _keep(self, workspace: str, found: Found[PushDocument], after: PushDocument) -> None:
        """Keep how far a push is. Raises ``VersionConflict`` if another process was faster."""
        order = Order(workspace=workspace, actor="senders")
        self._commander.append(order, (), (found.becoming(after),))
