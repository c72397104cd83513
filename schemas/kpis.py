"""KPIs as readers are answered, why they changed, and whom they count."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal
from uuid import UUID

import orjson
from pydantic import computed_field

from schemas.fields import Timestamp
from schemas.views import Past, View


class KpiValue(View):
    """A KPI: a ratio with both its parts, a sum or count (denominator null), or a value over n."""

    numerator: float | int | None = None
    denominator: float | int | None = None
    value: float | None = None
    n: int | None = None


GroupBy = Literal[
    "campaign", "activity", "channel", "line", "country", "region", "link", "form", "day", "week",
    "month",
]  # fmt: skip


class KpiQuery(Past):
    """What KPIs to compute. Times are instants; ``since`` and ``until`` bound the cohort's day.

    ``only`` names the KPIs that are wanted; none named are all of them. What nobody asks for is not
    counted: ``by_reason`` and ``outside_audience`` come with KPIs of messages.
    """

    campaign_id: UUID | None = None
    group_by: tuple[GroupBy, ...] = ()
    only: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None


class KpiChangesQuery(KpiQuery):
    """From which older state of knowledge to the one of the query; its cursor, and who judged then.

    ``classifier_before`` is that of now if nothing is said.
    """

    known_before: str
    classifier_before: int | None = None


class KpiGroup(View):
    """The KPIs of one group; without grouping there is one, with an empty ``group``."""

    group: dict[str, str]
    kpis: dict[str, KpiValue]
    by_reason: dict[str, int]
    outside_audience: int


class KpiReport(View):
    """KPIs, with what they rest on."""

    data: list[KpiGroup]
    basis: Literal["cohort"] = "cohort"
    window_days: int
    as_of: Timestamp | None
    definition_version: int
    classifier_version: int
    generation: int
    cursor: str
    known_at: str

    @computed_field
    def checksum(self) -> str:
        """SHA-256 of the figures and of all that they rest on, as canonical JSON.

        Whoever asks the same with ``known_at`` at this ``cursor`` gets the same, at any time, as
        long as the versions are the same. The generation is no part of it.
        """
        rests_on = self.model_dump(mode="json", include=set(_RECEIPT))
        return sha256(orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)).hexdigest()


_RECEIPT = frozenset(KpiReport.model_fields) - {"generation", "known_at"}


class KpiPart(View):
    """By how much one kind of change moved the figures of a KPI, and what its value then was.

    What is not there counts as 0.
    """

    numerator: float | int
    denominator: float | int
    n: int
    value: float | None


class KpiChange(View):
    """A KPI in two states of knowledge. ``parts`` add up to the difference of each figure, and
    each value is with all parts up to its own.
    """

    before: KpiValue
    after: KpiValue
    parts: dict[str, KpiPart]


class KpiGroupChange(View):
    """The KPIs of one group that differ."""

    group: dict[str, str]
    kpis: dict[str, KpiChange]


class KpiChanges(View):
    """Why KPIs differ between two states of knowledge, by the definitions and rules of now.

    ``classifier_before`` judged the older one.
    """

    data: list[KpiGroupChange]
    known_before: str
    known_at: str
    definition_version: int
    classifier_before: int
    classifier_version: int


class CountedQuery(KpiQuery):
    """Whom a part of a KPI counts; ``group`` are the values of what it is grouped by."""

    kpi: str
    part: Literal["numerator", "denominator"] = "numerator"
    group: tuple[str, ...] = ()


class CountedEvent(View):
    """An event behind one that is counted, with the verdict on it if it was judged."""

    event_id: UUID
    type: str
    occurred_at: Timestamp
    verdict: str | None
    position: str


class Counted(View):
    """One that a KPI counts; by what it is named depends on what the KPI counts.

    ``events`` are the first of what happened to its messages, its form, its response.
    """

    message_id: UUID | None = None
    person: str | None = None
    campaign_id: UUID | None = None
    link_id: str | None = None
    response_id: UUID | None = None
    webinar_id: str | None = None
    registrant_id: str | None = None
    events: list[CountedEvent]
