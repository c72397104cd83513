"""What a version of a definition would have done, had it been in force from the beginning (N6)."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from schemas.fields import Model, Timestamp
from schemas.kpis import KpiGroupChange
from schemas.views import View


class DryRunQuery(Model):
    """Which version, over which days' responses and cohorts; times are instants.

    ``known_at`` is a cursor. ``limit`` is how many responses of a kind are named.
    """

    definition_id: UUID
    version: int
    since: int
    until: int
    campaign_id: UUID | None = None
    known_at: str | None = None
    limit: int = 20


class DryRunResponse(View):
    """A response that is another by the version, as it is there; one that leaves, as it is now.

    ``person`` is a contact's id, or what else is known of who it was.
    """

    response_id: UUID
    campaign_id: UUID
    person: str
    type: str
    channel: str
    status: str
    code: str
    occurred_at: Timestamp


class DryRunDifference(View):
    """How many responses differ in one way, and the newest of them."""

    count: int = 0
    newest: list[DryRunResponse] = Field(default_factory=list)


class DryRunResponses(View):
    """The responses of the days asked for: how many there are now and would be, and which."""

    now: int
    then: int
    appear: DryRunDifference
    leave: DryRunDifference
    change: DryRunDifference


class DryRunList(View):
    """How many are on a list by now and would be, and how many of them come and go."""

    list_id: UUID
    now: int
    then: int
    joins: int
    leaves: int


class DryRun(View):
    """What is, beside what would be if a version had been in force from the beginning.

    ``lists`` are those with other members. ``kpis`` are those of campaigns that differ, ``before``
    as they are known at ``known_at``, and ``after`` by the version.
    """

    definition_id: UUID
    version: int
    since: Timestamp
    until: Timestamp
    responses: DryRunResponses
    kpis: list[KpiGroupChange]
    lists: list[DryRunList]
    known_at: str
    definition_version: int
    classifier_version: int
