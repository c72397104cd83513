"""Why a KPI is another than it was: the difference of two states of knowledge, split (N5).

Between the states lie records of several kinds. They are added kind by kind, each time to a past of
its own, and every kind is told what it changed: so the parts add up to the difference, whatever
they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from events.log import EventLog
from projections.past.building import last_recorded
from projections.past.cut import Between, Moment
from projections.past.journal import before
from projections.past.kinds import Kind, kind_sql
from projections.stores.columns import Columns
from schemas.kpis import KpiChange, KpiGroup, KpiGroupChange, KpiPart, KpiValue

Count = Callable[[Moment], Sequence[KpiGroup]]
"""The KPIs of a moment. Raises ``Preparing`` while it is being put together."""
_NOTHING = KpiValue()


def moments_between(
    log: EventLog, columns: Columns, earlier: Moment, later: Moment
) -> list[tuple[Kind, Moment]]:
    """The moments from an earlier to a later state, each with the kind that is new in it.

    What has happened since comes first, since time itself has passed too; the last is the later
    state. Kinds of which there is nothing are left out.
    """
    then = last_recorded(log, earlier.cursor)
    found = columns.query(
        f"SELECT DISTINCT {kind_sql(then)} AS kind FROM journal WHERE workspace = "
        "{workspace:String} AND log_topic != 'derived' "
        f"AND {before(later.cursor)} AND NOT {before(earlier.cursor)}",
        {"workspace": later.workspace},
    )
    there = {Kind.NEW_EVENTS, *map(Kind, found.column("kind").to_pylist())}
    kinds = [kind for kind in Kind if kind in there]
    steps = [
        (kind, replace(later, step=Between(earlier.cursor, then, frozenset(kinds[: count + 1]))))
        for count, kind in enumerate(kinds)
    ]
    return [*steps[:-1], (kinds[-1], later)]


def changes_of(
    count: Count, earlier: Moment, steps: Sequence[tuple[Kind, Moment]]
) -> list[KpiGroupChange]:
    """The KPIs that differ, in the groups of both states, with what each kind changed in them."""
    states = [_by_group(count(moment)) for moment in (earlier, *(moment for _, moment in steps))]
    kinds = [kind for kind, _ in steps]
    names = sorted({name for state in states for name in state})
    found = (KpiGroupChange(group=dict(name), kpis=_changed(name, states, kinds)) for name in names)
    return [one for one in found if one.kpis]


Group = tuple[tuple[str, str], ...]


def _by_group(groups: Sequence[KpiGroup]) -> dict[Group, dict[str, KpiValue]]:
    return {tuple(sorted(one.group.items())): one.kpis for one in groups}


def _changed(
    name: Group, states: Sequence[Mapping[Group, Mapping[str, KpiValue]]], kinds: Sequence[Kind]
) -> dict[str, KpiChange]:
    changed: dict[str, KpiChange] = {}
    for kpi in sorted({kpi for state in states for kpi in state.get(name, {})}):
        values = [state.get(name, {}).get(kpi, _NOTHING) for state in states]
        parts = dict(_parts(values, kinds))
        if parts or values[0] != values[-1]:
            changed[kpi] = KpiChange(before=values[0], after=values[-1], parts=parts)
    return changed


def _parts(values: Sequence[KpiValue], kinds: Sequence[Kind]) -> Iterator[tuple[str, KpiPart]]:
    for kind, (old, new) in zip(kinds, pairwise(values), strict=True):
        if new != old:
            yield (
                kind.value,
                KpiPart(
                    numerator=_less(new.numerator, old.numerator),
                    denominator=_less(new.denominator, old.denominator),
                    n=(new.n or 0) - (old.n or 0),
                    value=new.value,
                ),
            )


def _less(new: float | None, old: float | None) -> float | int:
    """The difference as a decimal would have it; what is not there counts as 0."""
    difference = Decimal(str(new or 0)) - Decimal(str(old or 0))
    return int(difference) if difference == difference.to_integral_value() else float(difference)
