"""Runs the KPI queries and puts their answers together by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from projections.entities.goals import goals_of
from projections.entities.notices import HIGHEST, LOWEST
from projections.kpis import queries
from projections.kpis.definitions import (
    COST_RATIOS,
    FORM_RATIOS,
    LINK_RATIOS,
    MESSAGE_RATIOS,
    REACH_RATIOS,
    RESPONSE_RATIOS,
    SUMS,
    WEBINAR_RATIOS,
    Ratio,
)
from projections.kpis.sources import Sources, sources
from projections.stores.columns import Columns, Parameters
from schemas.views import KpiGroup, KpiQuery, KpiValue

END_OF_TIME = 2**62
Counts = dict[str, Any]
Group = tuple[str, ...]


def kpi_groups(
    columns: Columns, workspace: str, generation: int, query: KpiQuery
) -> list[KpiGroup]:
    """The KPIs of every group that has any entity, in the order of the groups."""
    goals = goals_of(columns, generation, workspace) if query.as_of is not None else []
    asking = _Asking(columns, workspace, generation, query, sources(goals, query.as_of))
    counts = asking.counts()
    if not query.group_by:
        counts.setdefault((), {})
    return [
        KpiGroup(
            group=dict(zip(query.group_by, group, strict=True)),
            kpis=_kpis(found),
            by_reason=found.get("by_reason", {}),
            outside_audience=int(found.get("outside_audience") or 0),
        )
        for group, found in sorted(counts.items())
    ]


class _Asking:
    """One question: its sources, bounds and groups."""

    def __init__(
        self, columns: Columns, workspace: str, generation: int, query: KpiQuery, source: Sources
    ) -> None:
        self._columns = columns
        self._query = query
        self._source = source
        self._bounds: Parameters = {
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

    def counts(self) -> dict[Group, Counts]:
        """All counts, by group."""
        found: dict[Group, Counts] = {}
        q = queries
        if "link" in self._query.group_by:
            links = {**q.MESSAGE_GROUPS, "link": "link"}
            self._ask(found, q.links_query, links, "cohort_at")
            return found
        self._ask(found, q.messages_query, q.MESSAGE_GROUPS, "cohort_at")
        self._ask(found, q.people_query, q.MESSAGE_GROUPS, "cohort_at")
        self._ask(found, q.responses_query, q.RESPONSE_GROUPS, "occurred_at")
        self._ask(found, q.responders_query, q.OWN_GROUPS, None)
        self._ask(found, q.followups_query, q.RESPONSE_GROUPS, "occurred_at")
        self._ask(found, q.forms_query, q.FORM_GROUPS, "cohort_at")
        self._ask(found, q.webinars_query, q.OWN_GROUPS, "cohort_at")
        if self._query.since is None and self._query.until is None and self._query.as_of is None:
            self._ask(found, q.money_query, q.OWN_GROUPS, None)
        return found

    def _ask(
        self,
        found: dict[Group, Counts],
        text: Callable[[Sources, Sequence[str]], str],
        known: dict[str, str],
        time: str | None,
    ) -> None:
        groups = queries.group_columns(self._query.group_by, known, time)
        if groups is None:
            return
        for row in self._rows(text(self._source, groups)):
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
    for ratio in MESSAGE_RATIOS:
        if ratio.denominator in found:
            kpis[ratio.name] = _ratio(found[ratio.numerator], found[ratio.denominator])
            people = f"{ratio.numerator}_p", f"{ratio.denominator}_p"
            kpis[f"{ratio.name}_p"] = _ratio(found[people[0]], found[people[1]])
    others: tuple[Ratio, ...] = (
        *REACH_RATIOS, *RESPONSE_RATIOS, *FORM_RATIOS, *WEBINAR_RATIOS, *LINK_RATIOS, *COST_RATIOS,
    )  # fmt: skip
    for ratio in others:
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
