"""How documents are shown: flat, as they are written, with what the server added."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.decisions.activity import ActivityFields
from schemas.decisions.campaign import CampaignFields
from schemas.decisions.lists import BuiltFrom, ListFields
from schemas.documents import (
    ActivityDocument,
    BatchDocument,
    CampaignDocument,
    Conversion,
    DefinitionDocument,
    IdentityDocument,
    ListDocument,
    RegistryDocument,
)
from schemas.fields import Money, Ref, Timestamp
from schemas.views import View
from services.commands.responses import GuardedResponse


class CampaignAnswer(CampaignFields):
    """A campaign. ``position`` stands in replies to commands."""

    campaign_id: UUID
    kind: str
    currency: str
    status: int
    baseline: CampaignFields | None = None
    actual_start: Timestamp | None = None
    actual_end: Timestamp | None = None
    items: list[Ref] = Field(default_factory=list)
    misc_costs: list[Money] = Field(default_factory=list)
    copied_from: dict[str, Any] | None = None
    version: int
    position: str | None = None


class ActivityAnswer(ActivityFields):
    """An activity."""

    activity_id: UUID
    campaign_id: UUID
    kind: str
    channel: str
    status: int
    audience: dict[str, Any] | None = None
    distributed_at: Timestamp | None = None
    holdout_percent: float = 0
    costs: list[Money] = Field(default_factory=list)
    version: int
    position: str | None = None


class DefinitionAnswer(View):
    """A definition: its newest version, and the one in force."""

    definition_id: UUID
    kind: str
    version: int
    body: dict[str, Any]
    state: str
    published_version: int | None
    published_body: dict[str, Any] | None
    revision: int
    position: str | None = None


class FillingAnswer(View):
    """How many members a new list is to have, and how many it was given."""

    members: int
    put: int


class ListAnswer(ListFields):
    """A marketing list; ``member_count`` stands where one list is read.

    ``built_from`` is the list that its members came from, ``filling`` how many of them are on it
    already, until all are.
    """

    list_id: UUID
    name: str
    kind: str
    member_type: str
    locked: bool
    active: bool
    built_from: BuiltFrom | None = None
    filling: FillingAnswer | None = None
    member_count: int | None = None
    version: int
    position: str | None = None


class EntryAnswer(View):
    """An entry of a registry; its own fields stand beside these."""

    model_config = {"extra": "allow"}

    version: int
    position: str | None = None


class BatchAnswer(View):
    """A batch that was undone; ``effects`` are the first of what had left the house."""

    batch_id: UUID
    reason: str
    undone_at: Timestamp
    fact_count: int
    effects: list[Ref]
    effect_count: int
    version: int
    position: str | None = None


class IdentityAnswer(View):
    """Who a record is: what it is merged into, what into it, and with which it is one person."""

    record: Ref
    merged_into: Ref | None
    merged: list[Ref]
    linked: list[Ref]
    version: int
    position: str | None = None


class ResponseAnswer(View):
    """What has been decided about a response."""

    response_id: UUID
    campaign_id: UUID
    status: str
    code: str | None
    classified_by: str | None
    owner_id: UUID | None
    reviewed: bool
    duplicate_of: UUID | None
    routed_to: str | None
    conversions: list[Conversion]
    corrections: dict[str, Any]
    followup_at: Timestamp | None
    version: int
    position: str | None = None


def campaign(document: CampaignDocument, version: int) -> dict[str, Any]:
    """A campaign as JSON data."""
    return _flat(document.model_dump(mode="json", exclude={"status_before"}), version)


def activity(document: ActivityDocument, version: int) -> dict[str, Any]:
    """An activity as JSON data."""
    shown = document.model_dump(mode="json")
    if shown["content_version_id"] is None:
        del shown["content_version_id"]  # the planned one stands among the fields
    return _flat(shown, version)


def definition(document: DefinitionDocument, revision: int) -> dict[str, Any]:
    """A definition as JSON data; ``revision`` counts every step, also the publishing."""
    return {**document.model_dump(mode="json"), "revision": revision}


def marketing_list(document: ListDocument, version: int) -> dict[str, Any]:
    """A list as JSON data."""
    hidden = {"filling": {"pin_id", "pages", "next_page"}}
    return _flat(document.model_dump(mode="json", exclude=hidden), version)


def batch(document: BatchDocument, version: int) -> dict[str, Any]:
    """A batch that was undone as JSON data."""
    return {**document.model_dump(mode="json"), "version": version}


def identity(document: IdentityDocument, version: int) -> dict[str, Any]:
    """What is decided about a record's identity as JSON data."""
    return {**document.model_dump(mode="json"), "version": version}


def entry(document: RegistryDocument, version: int) -> dict[str, Any]:
    """An entry as JSON data."""
    return {**document.entry, "version": version}


def response(document: GuardedResponse, version: int) -> dict[str, Any]:
    """The decisions on a response as JSON data."""
    decisions = document.decisions.model_dump(mode="json", exclude={"decided"})
    return {**decisions, "campaign_id": str(document.campaign_id), "version": version}


def _flat(shown: dict[str, Any], version: int) -> dict[str, Any]:
    return {**shown.pop("fields"), **shown, "version": version}
