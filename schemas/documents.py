"""The newest state of an aggregate, as the gate keeps it and the API answers it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.channels import Channel
from schemas.decisions.activity import ActivityFields, DistributedList
from schemas.decisions.campaign import CampaignFields
from schemas.decisions.lists import BuiltFrom, ListFields, ListKind, MemberType
from schemas.fields import Model, Money, Ref, Timestamp
from schemas.lifecycles import ActivityStatus, CampaignStatus, ResponseStatus


class CampaignDocument(Model):
    """A campaign (section 3.1 of the domain specification)."""

    campaign_id: UUID
    name: str
    code: str
    kind: str
    currency: str
    status: CampaignStatus = CampaignStatus.PROPOSED
    status_before: CampaignStatus | None = None
    fields: CampaignFields = Field(default_factory=CampaignFields)
    baseline: CampaignFields | None = None
    actual_start: Timestamp | None = None
    actual_end: Timestamp | None = None
    items: tuple[Ref, ...] = ()
    misc_costs: tuple[Money, ...] = ()
    copied_from: dict[str, Any] | None = None


class ActivityDocument(Model):
    """An activity (section 3.2)."""

    activity_id: UUID
    campaign_id: UUID
    kind: str
    channel: Channel
    status: ActivityStatus = ActivityStatus.PROPOSED
    fields: ActivityFields = Field(default_factory=ActivityFields)
    audience: dict[str, Any] | None = None
    distributed_at: Timestamp | None = None
    content_version_id: UUID | None = None
    holdout_percent: float = 0
    costs: tuple[Money, ...] = ()


class BatchDocument(Model):
    """A batch of facts that was undone."""

    batch_id: UUID
    reason: str
    undone_at: Timestamp
    fact_count: int
    effects: tuple[Ref, ...] = ()
    effect_count: int = 0


class AudiencePart(Model):
    """Members of an audience that came from one list, all of one kind."""

    list_id: UUID
    kind: MemberType
    members: tuple[UUID, ...]


class AudiencePage(Model):
    """Some of the members of a pinned audience, until they have been decided on."""

    parts: tuple[AudiencePart, ...] = ()


DistributionState = Literal["running", "paused", "canceling", "canceled", "done"]


class Turn(Model):
    """Moves with every page of any distribution: no two are decided on beside each other."""


class DistributionDocument(Model):
    """How far the messages of a pinned audience are decided on (R22).

    Its pages are kept under ``pin_id``. ``members`` in ``pages``, of which ``next_page`` is the
    first that is left. Of the members of the pages before, so many messages are ``prepared``, and
    so many were ``excluded`` by reason.
    """

    activity_id: UUID
    campaign_id: UUID
    audience_id: UUID
    pin_id: UUID
    lists: tuple[DistributedList, ...]
    known_at: str
    digest: str
    members: int
    pages: int
    actor: str
    state: DistributionState = "running"
    next_page: int = 0
    prepared: int = 0
    excluded: dict[str, int] = Field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to decide."""
        return self.state not in ("done", "canceled")


PushState = Literal["pushing", "refused", "done"]


class PushDocument(Model):
    """How far the messages of an activity were pushed to a sender.

    The next ones lie behind ``position``. After ``attempts`` that failed in a row, the last of them
    by ``error``, it is tried again at ``next_at``; an instant.
    """

    sender_id: UUID
    activity_id: UUID
    state: PushState = "pushing"
    position: str | None = None
    taken: int = 0
    attempts: int = 0
    next_at: int = 0
    error: str = ""


class IdentityDocument(Model):
    """What is decided about who a record is (R28): what it is merged into, if it is; what is merged
    into it; and with which records of another kind it is one person.
    """

    record: Ref
    merged_into: Ref | None = None
    merged: tuple[Ref, ...] = ()
    linked: tuple[Ref, ...] = ()


class RegistryDocument(Model):
    """An entry of a registry in its newest version."""

    registry: str
    entry_id: str
    entry: dict[str, Any]


class DefinitionDocument(Model):
    """A definition: its newest draft, and the version in force."""

    definition_id: UUID
    kind: str
    version: int
    body: dict[str, Any]
    state: str = "draft"
    published_version: int | None = None
    published_body: dict[str, Any] | None = None


class Conversion(Model):
    """What a response was converted to."""

    target: Ref
    kind: str
    ordinal: int
    reversed: bool = False


class ResponseDecisions(Model):
    """What people have decided about a response: the fold of its stream."""

    response_id: UUID
    status: ResponseStatus = ResponseStatus.NEW
    code: str | None = None
    classified_by: str | None = None
    owner_id: UUID | None = None
    reviewed: bool = False
    decided: bool = False
    duplicate_of: UUID | None = None
    routed_to: str | None = None
    conversions: tuple[Conversion, ...] = ()
    corrections: dict[str, Any] = Field(default_factory=dict)
    followup_at: Timestamp | None = None


class Filling(Model):
    """Members that a list is still to be given: pages under ``pin_id``, of which ``next_page`` is
    the first that is left, and how many of all ``members`` were ``put`` on it.
    """

    pin_id: UUID
    pages: int
    members: int
    next_page: int = 0
    put: int = 0


class ListDocument(Model):
    """A marketing list (section 3.4); a dynamic one's rule is the definition of the same id."""

    list_id: UUID
    name: str
    kind: ListKind
    member_type: MemberType
    fields: ListFields = Field(default_factory=ListFields)
    built_from: BuiltFrom | None = None
    filling: Filling | None = None
    locked: bool = False
    active: bool = True
