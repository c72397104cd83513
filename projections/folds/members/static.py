"""Static lists: exactly who was put on them and not taken off again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from projections.folds.fold import Context, Fold, Known, Outcome
from projections.folds.members.document import TABLE, Interval, MemberDoc, member_row
from schemas.decisions.lists import ListMemberStep

ADDED = "list.member_added"
REMOVED = "list.member_removed"


class StaticMembers(Fold):
    """One row per record and list. Nothing that happens to the record changes it (R24)."""

    name: ClassVar[str] = "static_members"
    tables: ClassVar[tuple[str, ...]] = (TABLE,)
    consumes: ClassVar[frozenset[str]] = frozenset((ADDED, REMOVED))

    def entities(self, known: Known) -> Iterable[str]:
        payload = known.payload
        if isinstance(payload, ListMemberStep):
            yield f"list:{payload.list_id}:{payload.member.id}"

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        steps = sorted(facts, key=lambda k: k.event.version or 0)
        payload = steps[0].payload
        if not isinstance(payload, ListMemberStep):
            return Outcome()
        intervals: list[Interval] = []
        for step in steps:
            at, name = step.event.occurred_at, step.id
            is_on = bool(intervals) and intervals[-1].until is None
            if step.event.type == ADDED and not is_on:
                intervals.append(Interval(since=at, cause=name, clause=""))
            elif step.event.type == REMOVED and is_on:
                ended = {"until": at, "until_cause": name}
                intervals[-1] = intervals[-1].model_copy(update=ended)
        if not intervals:
            return Outcome()
        doc = MemberDoc(
            list_id=payload.list_id,
            member=payload.member.id,
            kind=payload.member.kind,
            version=0,
            intervals=tuple(intervals),
        )
        return Outcome((member_row(doc),))
