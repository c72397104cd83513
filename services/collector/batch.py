"""A request's events on their way into the log: each by itself taken or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from events.compose import Composer, Draft
from events.log import Record
from schemas.catalogue import EventType
from schemas.errors import Fault, InputError, InvalidInput, NotAFact, TooLarge
from schemas.instants import Instant
from services.access import Principal
from services.collector.intake import Intake
from services.collector.strictjson import Refused
from services.collector.undone import UndoneBatches


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one event of a request was not taken."""

    index: int
    reason: str
    detail: str
    errors: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Batch:
    """What a request amounts to. ``kinds`` holds, by place among the records, what was sent.

    Records without a kind were not sent but follow from others.
    """

    records: list[Record] = field(default_factory=list)
    kinds: dict[int, EventType] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)


class Batches:
    """Makes batches. Blocks for the vault; call it from a thread."""

    def __init__(self, intake: Intake, composer: Composer, undone: UndoneBatches) -> None:
        self._intake = intake
        self._undone = undone
        self._composer = composer

    def make(self, principal: Principal, items: Sequence[Any], now: Instant) -> Batch:
        """The batch of a request's items, in their order."""
        batch = Batch()
        taken: list[tuple[int, tuple[Draft, ...]]] = []
        for index, item in enumerate(items):
            try:
                if isinstance(item, Refused):
                    raise InvalidInput(item.detail)
                drafts = self._intake.take(principal, item, now)
                self._undone.check(principal.workspace, drafts[0].batch_id, now)
                taken.append((index, drafts))
            except InputError as error:
                batch.rejected.append(rejection(index, error))
        self._compose(batch, taken)
        batch.rejected.sort(key=lambda one: one.index)
        return batch

    def _compose(self, batch: Batch, taken: Sequence[tuple[int, tuple[Draft, ...]]]) -> None:
        try:
            records = self._composer.records([draft for _, drafts in taken for draft in drafts])
        except InvalidInput as error:
            # What sealing refuses spoils a whole call, so find the one that it is.
            if len(taken) == 1:
                batch.rejected.append(rejection(taken[0][0], error))
                return
            for one in taken:
                self._compose(batch, [one])
            return
        for _, drafts in taken:
            batch.kinds[len(batch.records)] = drafts[0].kind
            batch.records += records[: len(drafts)]
            del records[: len(drafts)]


def rejection(index: int, error: InputError) -> Rejection:
    """How an error is told for one event of many."""
    reason = "invalid"
    if isinstance(error, NotAFact):
        reason = "not_a_fact"
    elif isinstance(error, TooLarge):
        reason = "too_large"
    faults = error.faults if isinstance(error, InvalidInput) else ()
    return Rejection(index, reason, str(error), faults)
