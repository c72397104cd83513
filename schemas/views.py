"""What readers are answered: one model per thing, the same for API, page and reports."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from schemas.fields import Timestamp

T = TypeVar("T")


class View(BaseModel):
    """A closed, immutable answer."""

    model_config = ConfigDict(frozen=True)


class Rows(View, Generic[T]):
    """A page of a list; ``next_cursor`` is the opaque place to go on from, or null at the end."""

    data: list[T]
    next_cursor: str | None = None


class Past(View):
    """Which past: what had happened by an instant, as it was known at a cursor. Without, now.

    ``classifier`` is the version that judges; without, the one that is in force.
    """

    as_of: int | None = None
    known_at: str | None = None
    classifier: int | None = None


NOW = Past()
"""What is known by now, of everything that has happened."""


class PastRows(Rows[T]):
    """A page of a list with what it rests on; ``known_at`` can be sent again."""

    as_of: Timestamp | None
    known_at: str


class ResponseView(View):
    """A campaign response."""

    response_id: UUID
    campaign_id: UUID
    activity_id: UUID | None
    subject: str
    type: str
    channel: str
    status: str
    code: str | None
    classified_by: str | None
    source: str
    source_event_ids: list[UUID]
    rule_id: UUID | None
    rule_version: int | None
    customer: str | None
    visitor_id: UUID | None
    contact: dict[str, Any]
    country: str | None
    region: str | None
    owner_id: UUID | None
    priority: int | None
    close_by: Timestamp | None
    routed_to: str | None
    conversions: list[dict[str, Any]]
    duplicate_of: UUID | None
    adopted: bool
    retracted: bool
    test: bool
    reviewed: bool
    version: int
    occurred_at: Timestamp
    precision: str
    recorded_at: Timestamp
    batch_id: UUID | None = None
    import_no: int | None = None


class ResponseFilter(Past):
    """Which responses to list; every part that is given must hold.

    ``definition`` and ``version`` are of the promotion rule that made a response.
    """

    campaign_id: UUID | None = None
    channel: str | None = None
    type: str | None = None
    status: str | None = None
    code: str | None = None
    owner_id: UUID | None = None
    country: str | None = None
    received_from: int | None = None
    received_to: int | None = None
    definition: UUID | None = None
    version: int | None = None


SubmissionState = Literal["rejected", "submitted", "asked", "confirmed"]


class SubmissionView(View):
    """A form's submission, its fields opened; ``hit`` and what follows belong to its request."""

    submission: UUID
    form_id: UUID
    submission_id: str
    state: SubmissionState
    reason: str | None
    event_id: UUID | None
    visitor_id: UUID | None
    fields: dict[str, Any] | None
    occurred_at: Timestamp | None
    asked_at: Timestamp | None
    confirmed_at: Timestamp | None
    test: bool
    flags: tuple[str, ...] = ()
    url: str | None = None
    hit: dict[str, Any] | None = None
    utm: dict[str, str] | None = None
    share_id: UUID | None = None
    seconds_on_form: str | None = None


TallyBy = Literal["channel", "country", "hour", "day"]


class TallyQuery(View):
    """By what to count responses; hours and days are those of the time zone."""

    by: TallyBy
    campaign_id: UUID | None = None
    time_zone: str = "UTC"


class Tally(View):
    """Countable responses of one name; the empty name is what is unknown."""

    name: str
    responses: int
    reviewed: int
    positive: int
    converted: int


class ContactView(View):
    """A contact, its personal values opened."""

    contact_id: UUID
    first_name: str | None
    last_name: str | None
    email: list[str]
    telephone: str | None
    mobile: str | None
    city: str | None
    region: str | None
    country: str | None
    account_id: UUID | None
    attributes: dict[str, Any]
    created_at: Timestamp
    changed_at: Timestamp


class JourneyItem(View):
    """One step of a person's way."""

    event_id: UUID
    type: str
    channel: str
    occurred_at: Timestamp
    precision: str
    recorded_at: Timestamp
    subject: str
    campaign_id: UUID | None
    activity_id: UUID | None
    message_id: UUID | None
    link_id: str | None
    verdict: str | None
    reasons: list[str]
    detail: str
    position: str


class MemberView(View):
    """A span of a record's membership of a list; without ``until`` it goes on."""

    member: UUID
    kind: str
    since: Timestamp
    until: Timestamp | None
    definition_version: int
    cause_event_id: UUID
    cause_clause: str


class FlowStep(View):
    """How many came and went in one step of a span, and how many members there were behind it."""

    since: Timestamp
    joins: int
    leaves: int
    members_after: int


class FlowView(View):
    """How a list's members came and went from one moment until before another.

    ``members_after`` is ``members_before`` and the joins without the leaves. ``dwell_days`` is the
    median of the spans that ended in between; null if none did. ``steps`` are the parts of the
    span, each until before the next.
    """

    since: Timestamp
    until: Timestamp
    members_before: int
    joins: int
    leaves: int
    members_after: int
    ended: int
    dwell_days: float | None
    steps: list[FlowStep]


class PreviewView(View):
    """What another rule would change among some of the records: so many were looked at, so many
    would be members; who is none now and would join, who is one and would leave.
    """

    looked_at: int
    members: int
    joins: list[UUID]
    leaves: list[UUID]
    next_cursor: str | None


class ReasonView(View):
    """What a clause comes to, by which value or count, and the events that made it so."""

    clause: str
    says: str
    value: Literal["true", "false", "unknown"]
    found: Any = None
    events: list[str]
    parts: list[ReasonView]


class FlipView(View):
    """A clause that would have to turn, and what that takes."""

    clause: str
    needed: str


class WhyView(View):
    """Why a record is a member of a list at a moment, or is not.

    ``smallest_change`` would turn it into the opposite; ``next_change`` is when it turns if nothing
    more happens.
    """

    list_id: UUID
    member: UUID
    is_member: bool
    as_of: Timestamp
    definition_version: int
    reason: ReasonView | None
    smallest_change: list[FlipView]
    spans: list[MemberView]
    next_change: Timestamp | None
