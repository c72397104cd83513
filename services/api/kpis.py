"""KPIs: exact counts, each with its numerator, denominator and value."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi import Response as HttpResponse
from pydantic import Field

from projections.kpis.definitions import DEFINITION_VERSION, PARTS
from schemas.classifier import CLASSIFIER_ID
from schemas.errors import Fault, MalformedRequest, NotFound
from schemas.kpis import (
    Counted,
    CountedQuery,
    GroupBy,
    KpiChanges,
    KpiChangesQuery,
    KpiGroup,
    KpiQuery,
    KpiReport,
    KpiValue,
)
from schemas.views import PastRows
from services.api.call import Call, Reading
from services.api.desk import AtDesk, Desk, show, show_view
from services.api.judged import classifier_asked, newest_classifier
from services.api.paging import reading_cursor
from services.api.parameters import After, Limit, PastParameters, known_at, moment
from services.commands import campaigns
from services.commands.campaigns import stream_of

router = APIRouter(tags=["kpis"])
GROUPS = get_args(GroupBy)
MOST_GROUPS = 2


class CampaignKpiReport(KpiReport):
    """The KPIs of one campaign: ``kpis`` is the whole of it, ``data`` its groups."""

    campaign_id: UUID
    kpis: dict[str, KpiValue]


class SpanParameters(PastParameters):
    """Which days' cohorts, of which past. ``version`` is that of the ``definition``."""

    definition: Annotated[
        UUID | None,
        Field(description="The classifier, to have hits judged by another version of it."),
    ] = None

    since: Annotated[str | None, Field(alias="from", description="From this day on.")] = None
    until: Annotated[str | None, Field(alias="to", description="Before this day.")] = None


class CampaignKpiParameters(SpanParameters):
    """Which of the KPIs."""

    only: Annotated[
        str | None,
        Field(max_length=1000, description="Names of KPIs, with commas between; else all."),
    ] = None


class KpiParameters(CampaignKpiParameters):
    """What to group by, and which campaign alone."""

    group_by: Annotated[
        str | None, Field(max_length=100, description="One or two, with a comma between them.")
    ] = None
    campaign_id: UUID | None = None


@router.get("/campaigns/{campaign_id}/kpis", response_model=CampaignKpiReport)
def read_campaign_kpis(
    campaign_id: UUID, query: Annotated[CampaignKpiParameters, Query()], call: Reading, desk: AtDesk
) -> HttpResponse:
    """The KPIs of a campaign."""
    _checked_campaign(desk, call, campaign_id)
    report = _report(call, desk, query, campaign_id, ())
    kpis = report["data"][0]["kpis"] if report["data"] else {}
    return show({"campaign_id": str(campaign_id), "kpis": kpis, **report})


class ChangeParameters(KpiParameters):
    """Between which two states of knowledge."""

    known_before: Annotated[
        str, Field(max_length=2048, description="The older time, or the older reply's known_at.")
    ]
    classifier_before: Annotated[
        int | None,
        Field(ge=1, lt=2**31, description="The classifier_version of the older reply."),
    ] = None


@router.get("/kpis/changes", response_model=KpiChanges)
def read_kpi_changes(
    query: Annotated[ChangeParameters, Query()], call: Reading, desk: AtDesk
) -> HttpResponse:
    """Why KPIs are others than they were: their difference, split by what came between.

    Both are counted by the definitions and rules of now, but for the classifier.
    """
    if query.campaign_id is not None:
        _checked_campaign(desk, call, query.campaign_id)
    if query.known_at is None:
        detail = "Send known_at too: the known_at of the newer of the two replies."
        raise _refused("known_at", detail)
    only = _named(query.only)
    asked = _asked(call, desk, query, query.campaign_id, _groups(query.group_by), only)
    changes = KpiChangesQuery(
        **asked.model_dump(),
        known_before=known_at(query.known_before, call.parts) or "",
        classifier_before=_older(call, desk, query.classifier_before),
    )
    query.await_position(call.parts)
    return show_view(call.parts.reads.kpi_changes(call.workspace, changes))


def _older(call: Call, desk: Desk, version: int | None) -> int | None:
    if version is not None and version > newest_classifier(call, desk):
        raise _refused("classifier_before", "Send the classifier_version of the older reply.")
    return version


@router.get("/kpis", response_model=KpiReport)
def read_kpis(
    query: Annotated[KpiParameters, Query()], call: Reading, desk: AtDesk
) -> HttpResponse:
    """The KPIs of the workspace or of a campaign, in groups."""
    if query.campaign_id is not None:
        _checked_campaign(desk, call, query.campaign_id)
    return show(_report(call, desk, query, query.campaign_id, _groups(query.group_by)))


class CountedParameters(SpanParameters):
    """Which part of a KPI, in which of its groups; the other parameters are those of the KPI."""

    part: Annotated[Literal["numerator", "denominator"], Field(description="Of the KPI.")] = (
        "numerator"
    )
    campaign_id: UUID | None = None
    group: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="The group the figure is of, as name:value; two with a comma between them.",
        ),
    ] = None
    limit: Limit = 100
    cursor: After = None


@router.get("/kpis/{kpi}/counted", response_model=PastRows[Counted])
def read_counted(
    kpi: str, query: Annotated[CountedParameters, Query()], call: Reading, desk: AtDesk
) -> HttpResponse:
    """Whom a part of a KPI counts, each with the first of the events that made it so.

    There are as many as the figure says, on all pages together.
    """
    if query.campaign_id is not None:
        _checked_campaign(desk, call, query.campaign_id)
    if kpi not in PARTS:
        raise NotFound(f"There is no KPI {kpi[:40]!r}; docs/kpis.md lists them.")
    names, values = _group_of(query.group)
    asked = CountedQuery(
        **_asked(call, desk, query, query.campaign_id, names).model_dump(exclude={"only"}),
        kpi=kpi,
        part=query.part,
        group=values,
    )
    query.await_position(call.parts)
    with reading_cursor(query.cursor):
        found = call.parts.reads.counted(call.workspace, asked, query.cursor, query.limit)
    shown = found.model_dump(mode="json", exclude={"data"})
    data = [one.model_dump(mode="json", exclude_none=True) for one in found.data]
    return show({"data": data, **shown})


def _group_of(text: str | None) -> tuple[tuple[GroupBy, ...], tuple[str, ...]]:
    """The names of groups, and their values: ``channel:email,day:2026-11-01``."""
    pairs = [one.partition(":") for one in _listed(text)]
    if not all(colon for _, colon, _ in pairs):
        raise _refused("group", "Send each group as name:value, as day:2026-11-01.")
    names = _groups(",".join(name for name, _, _ in pairs) or None)
    return names, tuple(value for _, _, value in pairs)


def _report(
    call: Call,
    desk: Desk,
    query: CampaignKpiParameters,
    campaign_id: UUID | None,
    group_by: tuple[GroupBy, ...],
) -> dict[str, Any]:
    asked = _asked(call, desk, query, campaign_id, group_by, _named(query.only))
    query.await_position(call.parts)
    report = call.parts.reads.kpis(call.workspace, asked)
    shown = report.model_dump(mode="json", exclude={"data"})
    return {"data": [_group(group) for group in report.data], **shown}


def _asked(
    call: Call,
    desk: Desk,
    query: SpanParameters,
    campaign_id: UUID | None,
    group_by: tuple[GroupBy, ...],
    only: tuple[str, ...] = (),
) -> KpiQuery:
    past = query.past(call.parts)
    return KpiQuery(
        campaign_id=campaign_id,
        group_by=group_by,
        only=only,
        since=moment(query.since, "from"),
        until=moment(query.until, "to"),
        as_of=past.as_of,
        known_at=past.known_at,
        classifier=_classifier(call, desk, query),
    )


def _classifier(call: Call, desk: Desk, query: SpanParameters) -> int | None:
    """The version of the classifier that is asked for; else that of the KPIs, which is one."""
    if query.definition is None:
        query.version_of("definition of the KPIs", DEFINITION_VERSION)
        return None
    if query.definition != CLASSIFIER_ID:
        raise _refused("definition", f"KPIs have versions of the classifier, {CLASSIFIER_ID}.")
    return classifier_asked(query, call, desk)


def _group(group: KpiGroup) -> dict[str, Any]:
    shown = group.model_dump(mode="json", exclude={"kpis"})
    return {**shown, "kpis": {name: value_of(kpi) for name, kpi in group.kpis.items()}}


def value_of(kpi: KpiValue) -> dict[str, Any]:
    """A ratio, sum or count as its three parts; a median or percentile as value and n."""
    if kpi.n is not None:
        return {"value": kpi.value, "n": kpi.n}
    return {"numerator": kpi.numerator, "denominator": kpi.denominator, "value": kpi.value}


def _named(text: str | None) -> tuple[str, ...]:
    names = sorted(set(_listed(text)))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise _refused("only", f"There is no KPI {unknown[0][:40]!r}; docs/kpis.md lists them.")
    return tuple(names)


def _listed(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",")] if text else []


def _groups(text: str | None) -> tuple[GroupBy, ...]:
    names = _listed(text)
    if len(names) > MOST_GROUPS or len(set(names)) < len(names):
        raise _refused("group_by", f"Group by at most {MOST_GROUPS} different things.")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise _refused("group_by", f"Group by {', '.join(GROUPS)}, not by {unknown[0][:40]!r}.")
    return KpiQuery.model_validate({"group_by": names}).group_by


def _refused(parameter: str, detail: str) -> MalformedRequest:
    return MalformedRequest(detail, (Fault(f"/{parameter}", detail),))


def _checked_campaign(desk: Desk, call: Call, campaign_id: UUID) -> None:
    if not desk.exists(call, stream_of(campaign_id)):
        campaigns.known(None)
