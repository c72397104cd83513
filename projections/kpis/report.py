"""Runs the KPI queries and puts their answers together by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.entities.goals import goals_of
from projections.entities.notices import HIGHEST, LOWEST
from projections.kpis import queries
from projections.kpis.definitions import PARTS, RATIOS, SUMS
from projections.kpis.populations import (
    FORMS,
    LINKS,
    MESSAGES,
    OWN_GROUPS,
    PEOPLE,
    RESPONSES,
    WEBINARS,
    Population,
    group_columns,
)
from projections.kpis.sources import Sources, sources
from projections.stores.columns import Columns, Parameters
from schemas.kpis import KpiGroup, KpiQuery, KpiValue

END_OF_TIME = 2**62
Counts = dict[str, Any]
Group = tuple[str, ...]
Text = Callable[[Sources, Sequence[str]], str]


def kpi_groups(
    columns: Columns, workspace: str, generation: int, query: KpiQuery
) -> list[KpiGroup]:
    """The KPIs of every group that has any entity, in the order of the groups."""
    goals = goals_of(columns, generation, workspace) if query.as_of is not None else []
    asking = _Asking(columns, workspace, generation, query, sources(goals, query.as_of))
    counts, only = asking.counts(), query.only
    if not query.group_by:
        counts.setdefault((), {})
    return [
        KpiGroup(
            group=dict(zip(query.group_by, group, strict=True)),
            kpis={name: kpi for name, kpi in _kpis(found).items() if not only or name in only},
            by_reason=found.get("by_reason", {}),
            outside_audience=int(found.get("outside_audience") or 0),
        )
        for group, found in sorted(counts.items())
    ]


def bounds_of(workspace: str, generation: int, query: KpiQuery) -> Parameters:
    """The parameters that the texts of all KPIs use."""
    return {
        "workspace": workspace,
        "generation": generation,
        "campaign": str(query.campaign_id or ""),
        "since": query.since if query.since is not None else -END_OF_TIME,
        "until": query.until if query.until is not None else END_OF_TIME,
        "as_of": query.as_of if query.as_of is not None else END_OF_TIME,
        "low": LOWEST,
        "high": HIGHEST,
        "version": 0,
    }


@dataclass(frozen=True, slots=True)
class _Question:
    """A query: what it counts, what it can be grouped by, and the time that bounds it."""

    text: Text
    groups: Mapping[str, str]
    time: str | None
    answers: frozenset[str]
    of_all_time: bool = False


def _about(of: Population, text: Text, answers: frozenset[str]) -> _Question:
    return _Question(text, of.groups, of.time, answers)


_QUESTIONS = (
    _about(MESSAGES, queries.messages_query, queries.OF_MESSAGES),
    _about(PEOPLE, queries.people_query, queries.OF_PEOPLE),
    _about(RESPONSES, queries.responses_query, queries.OF_RESPONSES),
    _Question(queries.responders_query, OWN_GROUPS, None, queries.OF_RESPONDERS),
    _about(RESPONSES, queries.followups_query, queries.OF_FOLLOWUPS),
    _about(FORMS, queries.forms_query, queries.OF_FORMS),
    _about(WEBINARS, queries.webinars_query, queries.OF_WEBINARS),
    _Question(queries.money_query, OWN_GROUPS, None, queries.OF_MONEY, of_all_time=True),
)
_BY_LINK = (_about(LINKS, queries.links_query, queries.OF_LINKS),)


class _Asking:
    """One question: its sources, bounds and groups."""

    def __init__(
        self, columns: Columns, workspace: str, generation: int, query: KpiQuery, source: Sources
    ) -> None:
        self._columns = columns
        self._query = query
        self._source = source
        self._bounds = bounds_of(workspace, generation, query)

    def counts(self) -> dict[Group, Counts]:
        """All counts that are asked for, by group."""
        found: dict[Group, Counts] = {}
        wanted = frozenset().union(*(PARTS[name] for name in self._query.only or PARTS))
        by_link = "link" in self._query.group_by
        for question in _BY_LINK if by_link else _QUESTIONS:
            if question.answers & wanted and not (question.of_all_time and self._is_bounded):
                self._ask(found, question)
        return found

    @property
    def _is_bounded(self) -> bool:
        query = self._query
        return not (query.since is query.until is query.as_of is None)

    def _ask(self, found: dict[Group, Counts], question: _Question) -> None:
        groups = group_columns(self._query.group_by, question.groups, question.time)
        if groups is None:
            return
        for row in self._rows(question.text(self._source, groups)):
            group = tuple(row.pop(f"group_{i}") for i in range(len(groups)))
            if "reasons" in row:
                named = zip(row.pop("reasons"), row.pop("reason_counts"), strict=True)
                row["by_reason"] = dict(named)
            found.setdefault(group, {}).update(row)

    def _rows(self, sql: str) -> Iterable[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._columns.query(sql, self._bounds).to_pylist()
        return rows


def _kpis(found: Counts) -> dict[str, KpiValue]:
    """The KPIs whose parts were counted."""
    kpis: dict[str, KpiValue] = {}
    for ratio in RATIOS:
        if ratio.numerator in found and ratio.denominator in found:
            kpis[ratio.name] = _ratio(found[ratio.numerator], found[ratio.denominator])
    for _, name in SUMS:
        if name in found:
            kpis[name] = KpiValue(numerator=found[name], denominator=None, value=found[name])
    if "routed" in found:
        followed = found["followed_up"] > 0
        for name, part in (("", "median"), ("_p90", "p90")):
            value = found[part] if followed else None
            kpis[f"first_follow_up_minutes{name}"] = KpiValue(value=value, n=found["routed"])
    return kpis


def _ratio(numerator: Any, denominator: Any) -> KpiValue:
    value = numerator / denominator if numerator is not None and denominator else None
    return KpiValue(numerator=numerator, denominator=denominator, value=value)
