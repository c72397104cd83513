"""Who is on a list, at any moment, and why somebody is or is not."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from statistics import median
from uuid import UUID

import sqlalchemy as sa

from events.log import EventLog
from projections.folds.members.document import Interval, MemberDoc
from projections.folds.members.rules import InForce, RulesInForce
from projections.folds.reference import ListRule, ReferenceBook
from projections.progress import logical_time_of
from projections.reading.marks import encode_mark, read_mark
from projections.reading.records import Records
from projections.rows_sink import NAME as ROWS
from projections.rules.flips import Flip, smallest_change
from projections.rules.reasons import WORDS, Reason, why
from projections.rules.timelines import member_when
from projections.stores.rows import MEMBER
from schemas.calendar import NEVER
from schemas.instants import DAY, to_datetime
from schemas.views import FlipView, FlowStep, FlowView, MemberView, ReasonView, Rows, WhyView

_AT_ONCE = 1000
_NAMES_AT_ONCE = 400


class Rulebook:
    """The rules of dynamic lists as the log has them by now, for any thread."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._book = ReferenceBook()
        self._rules = RulesInForce(self._book)

    def in_force(self, workspace: str, at: int) -> InForce:
        """The rules in force at a recorded time."""
        with self._lock:
            self._book.catch_up(self._log)
            return self._rules.at(workspace, at)

    def version(self, workspace: str, list_id: UUID, version: int) -> ListRule | None:
        """One version of a list's rule, whether it is in force or was."""
        with self._lock:
            self._book.catch_up(self._log)
            return self._book.list_rule(workspace, list_id, version)


def members_of(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID,
    as_of: int | None, after: str | None, limit: int,
) -> Rows[MemberView]:  # fmt: skip
    """The members in the order of their ids; of a moment in the past, those it had then."""
    mark = read_mark(after, str)[0] if after is not None else ""
    found: list[MemberDoc] = []
    while len(found) <= limit:
        docs = _docs(connection, generation, workspace, list_id, as_of, mark)
        found += [doc for doc in docs if doc.is_member(as_of)]
        if len(docs) < _AT_ONCE:
            break
        mark = _id(docs[-1])
    more = encode_mark(_id(found[limit - 1])) if len(found) > limit else None
    return Rows(data=[span_at(doc, as_of) for doc in found[:limit]], next_cursor=more)


def count_of(connection: sa.Connection, generation: int, workspace: str, list_id: UUID) -> int:
    """How many are on a list by now."""
    mine = _mine(generation, workspace, list_id)
    query = sa.select(sa.func.count()).select_from(MEMBER).where(*mine, MEMBER.c.is_open == 1)
    return int(connection.execute(query).scalar_one())


def flow_of(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID, bounds: Sequence[int]
) -> FlowView:
    """Who came and went between instants, from the first until before the last (K27)."""
    since, until = bounds[0], bounds[-1]
    mark, before, dwells = "", 0, list[int]()
    joins, leaves = [0] * len(bounds), [0] * len(bounds)
    while True:
        docs = _docs(connection, generation, workspace, list_id, since, mark)
        for span in (span for doc in docs for span in doc.intervals):
            before += span.since < since and (span.until is None or since <= span.until)
            if since <= span.since < until:
                joins[bisect_right(bounds, span.since)] += 1
            if span.until is not None and since <= span.until < until:
                leaves[bisect_right(bounds, span.until)] += 1
                dwells.append(span.until - span.since)
        if len(docs) < _AT_ONCE:
            break
        mark = _id(docs[-1])
    return FlowView(
        since=to_datetime(since),
        until=to_datetime(until),
        members_before=before,
        joins=sum(joins),
        leaves=len(dwells),
        members_after=before + sum(joins) - len(dwells),
        ended=len(dwells),
        dwell_days=median(dwells) / DAY if dwells else None,
        steps=list(_steps(bounds, before, joins, leaves)),
    )


def _steps(
    bounds: Sequence[int], before: int, joins: Sequence[int], leaves: Sequence[int]
) -> Iterator[FlowStep]:
    """The counts of each part; ``joins`` and ``leaves`` stand by the bound they lie before."""
    members = before
    for place, since in enumerate(bounds[:-1], 1):
        members += joins[place] - leaves[place]
        yield FlowStep(
            since=to_datetime(since), joins=joins[place], leaves=leaves[place],
            members_after=members,
        )  # fmt: skip


def why_of(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID, member: UUID,
    as_of: int | None, rulebook: Rulebook,
) -> WhyView:  # fmt: skip
    """Why a record is a member at a moment, or is not; by default the moment the rows stand at."""
    now = logical_time_of(connection, ROWS, generation)
    at = now if as_of is None else as_of
    lists = rulebook.in_force(workspace, now)
    name = f"{list_id}:{member}"
    doc = rows_named(connection, generation, workspace, [name]).get(name)
    reason, change = None, NEVER
    flips: tuple[Flip, ...] = ()
    rule = lists.rules.get(list_id)
    is_member = doc is not None and doc.is_member(at)
    if rule is not None:
        records = Records(connection, generation, workspace, lists.reads)
        history = records.history(str(member))
        if history is not None:
            reason = _shown(why(rule, history, lists.rules, at))
            flips = smallest_change(rule, history, lists.rules, at)
            when = member_when(rule, history, lists.rules)
            is_member, change = when.at(at), when.after(at) or NEVER
    return WhyView(
        list_id=list_id,
        member=member,
        is_member=is_member,
        as_of=to_datetime(at),
        definition_version=lists.versions[list_id].version if rule is not None else 0,
        reason=reason,
        smallest_change=[FlipView(clause=one.clause, needed=one.needed) for one in flips],
        spans=[_span(doc, one) for one in doc.intervals] if doc is not None else [],
        next_change=to_datetime(change) if change < NEVER else None,
    )


def rows_named(
    connection: sa.Connection, generation: int, workspace: str, names: Sequence[str]
) -> dict[str, MemberDoc]:
    """By name, a list's id, a colon and a record's: the rows there are."""
    found: dict[str, MemberDoc] = {}
    for start in range(0, len(names), _NAMES_AT_ONCE):
        query = sa.select(MEMBER.c.id, MEMBER.c.doc).where(
            MEMBER.c.generation == generation,
            MEMBER.c.workspace == workspace,
            MEMBER.c.id.in_(names[start : start + _NAMES_AT_ONCE]),
        )
        for name, doc in connection.execute(query):
            found[name] = MemberDoc.model_validate_json(doc)
    return found


def _docs(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID,
    as_of: int | None, mark: str,
) -> list[MemberDoc]:  # fmt: skip
    bounds = [*_mine(generation, workspace, list_id), MEMBER.c.id > mark]
    bounds += [MEMBER.c.is_open == 1] if as_of is None else []
    query = sa.select(MEMBER.c.doc).where(*bounds).order_by(MEMBER.c.id).limit(_AT_ONCE)
    return [MemberDoc.model_validate_json(doc) for (doc,) in connection.execute(query)]


def _mine(generation: int, workspace: str, list_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        MEMBER.c.generation == generation,
        MEMBER.c.workspace == workspace,
        MEMBER.c.list_id == str(list_id),
    )


def _id(doc: MemberDoc) -> str:
    return f"{doc.list_id}:{doc.member}"


def span_at(doc: MemberDoc, as_of: int | None) -> MemberView:
    """The span that a moment lies in."""
    spans = [one for one in doc.intervals if as_of is None or one.since <= as_of]
    return _span(doc, spans[-1])


def _span(doc: MemberDoc, one: Interval) -> MemberView:
    return MemberView(
        member=doc.member,
        kind=doc.kind,
        since=to_datetime(one.since),
        until=None if one.until is None else to_datetime(one.until),
        definition_version=doc.version,
        cause_event_id=UUID(one.cause),
        cause_clause=one.clause,
    )


def _shown(reason: Reason) -> ReasonView:
    return ReasonView(
        clause=reason.clause,
        says=reason.says,
        value=WORDS[reason.value],
        found=reason.found,
        events=list(reason.events),
        parts=[_shown(part) for part in reason.parts],
    )
