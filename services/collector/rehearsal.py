"""A request that is only tried: what would be taken, known or rejected; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from events.codec import content_digest
from events.compose import Composer, Draft
from events.log import OwnedLog, StoredRecord, copies_of_batch
from schemas.errors import InputError, InvalidInput
from schemas.instants import Instant
from services.access import Principal
from services.collector.batch import Rejection, rejection
from services.collector.intake import Intake
from services.collector.strictjson import Refused
from services.collector.undone import UndoneBatches

_SEALED = b'"$s"'


@dataclass(slots=True)
class Rehearsed:
    """What would become of a request's events; the lists hold their indexes."""

    accepted: int = 0
    duplicates: int = 0
    conflicted: list[int] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


class Rehearsal:
    """Tries requests. Blocks for log and vault; call it from a thread."""

    def __init__(
        self, intake: Intake, composer: Composer, log: OwnedLog, undone: UndoneBatches
    ) -> None:
        self._intake = intake
        self._undone = undone
        self._composer = composer
        self._log = log

    def try_out(self, principal: Principal, items: Sequence[Any], now: Instant) -> Rehearsed:
        """What ``Batches`` and the log would say to these items, as of this moment."""
        told = Rehearsed()
        for index, item in enumerate(items):
            try:
                if isinstance(item, Refused):
                    raise InvalidInput(item.detail)
                draft = self._intake.take(principal, item, now)[0]
                self._undone.check(principal.workspace, draft.batch_id, now)
            except InputError as error:
                told.rejected.append(rejection(index, error))
                continue
            first = self._first(draft)
            if first is None:
                told.accepted += 1
                continue
            told.duplicates += 1
            if self._differs(first, draft):
                told.conflicted.append(index)
        return told

    def _first(self, draft: Draft) -> StoredRecord | None:
        named = [draft.event_id.bytes]
        if draft.batch_id is not None:
            named = list(copies_of_batch(draft.event_id, str(draft.batch_id).encode()))
        place = next((one for one in self._log.find(named) if one is not None), None)
        return None if place is None else self._log.read(*place, 1).records[0]

    def _differs(self, first: StoredRecord, draft: Draft) -> bool:
        """Whether the copy says something else. A subject's key is never made for the answer: if
        the first copy has sealed values under the same key, it is there already."""
        if first.type != draft.kind.wire or first.key != self._composer.key(draft):
            return True
        if self._composer.seals(draft) != (_SEALED in first.data):
            return True
        (copy,) = self._composer.records([draft])
        return copy.digest != content_digest(draft.kind.name, first.data)
