"""The derived events of a change of membership: who joined, who left, what was corrected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from events.compose import Draft
from projections.folds.fold import Context, Known
from projections.folds.members.document import Interval, MemberDoc
from projections.folds.members.rules import InForce
from schemas.catalogue import Topic, load_all
from schemas.derived.membership import MembershipChanged, MembershipCorrected
from schemas.envelope import Derivation
from schemas.fields import Ref
from schemas.ids import named_id
from schemas.instants import Instant, to_datetime
from schemas.payload import Payload

PROCESSOR = "members"
JOINED, LEFT = "list.member_joined", "list.member_left"
CORRECTED = "list.membership_corrected"
_RULE_CLAUSE = "definition"


def conclusions(
    old: Sequence[MemberDoc], new: Sequence[MemberDoc], cause: Known | None, lists: InForce,
    context: Context,
) -> list[Draft]:  # fmt: skip
    """What is told of a record's lists."""
    before = {doc.list_id: doc for doc in old}
    after = {doc.list_id: doc for doc in new}
    drafts: list[Draft] = []
    for list_id in sorted(before.keys() | after.keys()):
        was, now = before.get(list_id), after.get(list_id)
        version = lists.versions[list_id].version if list_id in lists.versions else 0
        teller = _Teller((before | after)[list_id], version, cause, context)
        if was is not None and was.version != version:
            drafts += teller.switched(was, now, lists)
        else:
            drafts += teller.turned(_spans(was), _spans(now))
    return drafts


class _Teller:
    """Tells of one record and one list."""

    def __init__(
        self, about: MemberDoc, version: int, cause: Known | None, context: Context
    ) -> None:
        self._about = about
        self._version = version
        self._cause = cause
        self._context = context

    def turned(self, old: Sequence[Interval], new: Sequence[Interval]) -> Iterator[Draft]:
        """By the same rule: spans were added or ended, or what was told is not so."""
        kept = 0
        while kept < min(len(old), len(new)) and _same(old[kept], new[kept]):
            kept += 1
        rest = new[kept:]
        if kept < len(old):
            goes_on = bool(rest) and old[kept].since == rest[0].since and kept + 1 == len(old)
            if not goes_on or old[kept].until is not None:
                yield self._corrected(old, new)
                return
            yield self._left(rest[0])
            rest = rest[1:]
        for one in rest:
            yield self._joined(one)
            if one.until is not None:
                yield self._left(one)

    def switched(self, was: MemberDoc, now: MemberDoc | None, lists: InForce) -> Iterator[Draft]:
        """By another rule: only who is on the list by now is news, and the rule is why."""
        rule = lists.versions.get(was.list_id)
        by = was.intervals[-1].cause if rule is None else str(rule.event_id)
        is_on = now is not None and now.is_open
        if was.is_open == is_on:
            return
        at = self._context.logical_time
        if is_on:
            yield self._joined(Interval(since=at, cause=by, clause=_RULE_CLAUSE))
        else:
            yield self._left(
                Interval(since=0, cause="", clause="", until=at, until_cause=by,
                         until_clause=_RULE_CLAUSE)
            )  # fmt: skip

    def _joined(self, one: Interval) -> Draft:
        payload = self._changed(one.cause, one.clause, valid_from=one.since)
        return self._draft(JOINED, payload, one.since, one.since, one.cause)

    def _left(self, one: Interval) -> Draft:
        until = one.until or 0
        payload = self._changed(one.until_cause, one.until_clause, valid_to=until)
        return self._draft(LEFT, payload, until, until, one.until_cause)

    def _changed(
        self, cause: str, clause: str, valid_from: int | None = None, valid_to: int | None = None
    ) -> MembershipChanged:
        return MembershipChanged(
            list_id=self._about.list_id,
            definition_version=self._version,
            member=Ref(kind=self._about.kind, id=self._about.member),
            cause_event_id=UUID(cause),
            cause_clause=clause,
            valid_from=None if valid_from is None else to_datetime(valid_from),
            valid_to=None if valid_to is None else to_datetime(valid_to),
        )

    def _corrected(self, old: Sequence[Interval], new: Sequence[Interval]) -> Draft:
        cause = self._cause.id if self._cause is not None else (*new, *old)[0].cause
        payload = MembershipCorrected(
            list_id=self._about.list_id,
            definition_version=self._version,
            member=Ref(kind=self._about.kind, id=self._about.member),
            cause_event_id=UUID(cause),
            old=[_told(one) for one in old],
            new=[_told(one) for one in new],
        )
        now = self._context.logical_time
        return self._draft(CORRECTED, payload, now, now, cause)

    def _draft(self, kind: str, payload: Payload, name: int, at: int, cause: str) -> Draft:
        about, context = self._about, self._context
        return Draft(
            kind=load_all().newest(kind),
            topic=Topic.DERIVED,
            workspace=context.workspace,
            producer=PROCESSOR,
            # The moment belongs to the id: a span may be told, taken back, and told again.
            event_id=named_id(
                context.workspace, kind, str(about.list_id), str(about.member), self._version,
                name, context.logical_time,
            ),
            payload=payload,
            received_at=Instant(context.logical_time),
            time=Instant(at),
            key_name=str(about.member),
            causation_id=UUID(cause),
            derived=Derivation(PROCESSOR, self._version, context.generation),
        )  # fmt: skip


def _spans(doc: MemberDoc | None) -> tuple[Interval, ...]:
    return () if doc is None else doc.intervals


def _same(one: Interval, other: Interval) -> bool:
    return (one.since, one.until) == (other.since, other.until)


def _told(one: Interval) -> dict[str, Any]:
    return {"since": one.since, "until": one.until}
