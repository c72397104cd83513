"""What a version of a rule would have done: the past by it, beside the past as it was (N6)."""

from __future__ import annotations

import pyarrow as pa

from projections.kpis.definitions import DEFINITION_VERSION
from projections.past.building import Stores
from projections.past.kinds import Kind
from projections.reading.changes import changes_of
from projections.reading.figures import Figures
from projections.reading.list_changes import list_changes
from projections.reading.pasts import Pasts
from projections.stores.tables import COPY_COLUMNS, latest_copy
from schemas.dry_runs import (
    DryRun,
    DryRunDifference,
    DryRunQuery,
    DryRunResponse,
    DryRunResponses,
)
from schemas.instants import to_datetime
from schemas.kpis import KpiQuery

FRESH = 15 * 60 * 1000
"""For how many milliseconds a dry run is answered from what was known when it was first asked for.

It needs two pasts, put together one after the other, so it is asked for many times.
"""
_CONTENT = [
    name for name in COPY_COLUMNS["response"]
    if name not in ("generation", "workspace", "id", "version", "deleted")
]  # fmt: skip
_SHOWN = "campaign_id", "type", "channel", "status", "code"
_ASKED = (
    f"SELECT id, cityHash64({', '.join(_CONTENT)}) AS content, {', '.join(_SHOWN)}, "
    f"if(cluster = '', person, cluster) AS who, occurred_at AS at FROM {latest_copy('response')} "
    "WHERE NOT test AND occurred_at >= {since:Int64} AND occurred_at < {until:Int64} "
    "AND ({campaign:String} = '' OR campaign_id = {campaign:String})"
)
_OTHERS = (
    "SELECT mine.* EXCEPT content, other.id != '' AS is_there FROM (" + _ASKED + ") AS mine "
    "LEFT JOIN (SELECT id, content FROM $given) AS other ON other.id = mine.id "
    "WHERE other.id = '' OR other.content != mine.content"
)


class DryRuns:
    """Compares what is with what would be. Any thread may ask."""

    def __init__(self, pasts: Pasts, figures: Figures) -> None:
        self._pasts = pasts
        self._figures = figures

    def of(self, workspace: str, query: DryRunQuery) -> DryRun:
        """The dry run of a version. Raises ``Preparing`` while a past is put together."""
        there = self._pasts.tried(
            workspace, query.definition_id, query.version, query.known_at, FRESH
        )
        here = self._pasts.moment(workspace, there.cursor)
        with self._pasts.of(there) as then, self._pasts.of(here) as now:
            responses = _responses(now, then, workspace, query)
            lists = list_changes(now, then, workspace)
        kpis = KpiQuery(
            campaign_id=query.campaign_id, group_by=("campaign",),
            since=query.since, until=query.until,
        )  # fmt: skip
        return DryRun(
            definition_id=query.definition_id,
            version=query.version,
            since=to_datetime(query.since),
            until=to_datetime(query.until),
            responses=responses,
            kpis=changes_of(
                lambda moment: self._figures.count_at(moment, kpis),
                here,
                [(Kind.REJUDGED if there.is_actual else Kind.DEFINITIONS, there)],
            ),
            lists=lists,
            known_at=there.cursor.encode(),
            definition_version=DEFINITION_VERSION,
            classifier_version=here.classifier,
        )


def _responses(now: Stores, then: Stores, workspace: str, query: DryRunQuery) -> DryRunResponses:
    is_now, would_be = (_contents(at, workspace, query) for at in (now, then))
    return DryRunResponses(
        now=is_now.num_rows,
        then=would_be.num_rows,
        appear=_others(then, is_now, workspace, query, is_there=False),
        leave=_others(now, would_be, workspace, query, is_there=False),
        change=_others(then, is_now, workspace, query, is_there=True),
    )


def _contents(at: Stores, workspace: str, query: DryRunQuery) -> pa.Table:
    sql = f"SELECT id, content FROM ({_ASKED})"
    return at.columns.query(sql, _parameters(at, workspace, query))


def _others(
    at: Stores, beside: pa.Table, workspace: str, query: DryRunQuery, *, is_there: bool
) -> DryRunDifference:
    """The responses of one side that the other has differently, or has not at all."""
    those = f"FROM ({_OTHERS}) WHERE {'is_there' if is_there else 'NOT is_there'}"
    here = _parameters(at, workspace, query)
    (count,) = at.columns.query(f"SELECT count() AS n {those}", here, beside).to_pylist()
    newest = at.columns.query(
        f"SELECT * EXCEPT is_there {those} ORDER BY at DESC, id LIMIT {{most:UInt32}}",
        {**here, "most": query.limit},
        beside,
    )
    return DryRunDifference(
        count=count["n"],
        newest=[
            DryRunResponse(
                response_id=row["id"],
                person=row["who"],
                occurred_at=to_datetime(row["at"]),
                **{name: row[name] for name in _SHOWN},
            )
            for row in newest.to_pylist()
        ],
    )


def _parameters(at: Stores, workspace: str, query: DryRunQuery) -> dict[str, str | int]:
    return {
        "generation": at.generation,
        "workspace": workspace,
        "since": query.since,
        "until": query.until,
        "campaign": str(query.campaign_id or ""),
    }
