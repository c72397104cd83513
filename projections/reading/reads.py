"""The port of the read side: what the API, the page and the reports may ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from events.cursor import Cursor
from schemas.audiences import (
    AudienceView,
    OutgoingRows,
    RecipientsQuery,
    RecipientView,
    UnsentView,
)
from schemas.batches import BatchEffects, BatchView
from schemas.certificates import Certificate
from schemas.dry_runs import DryRun, DryRunQuery
from schemas.kpis import Counted, CountedQuery, KpiChanges, KpiChangesQuery, KpiQuery, KpiReport
from schemas.views import (
    NOW,
    ContactView,
    FlowView,
    JourneyItem,
    MemberView,
    Past,
    PastRows,
    PreviewView,
    ResponseFilter,
    ResponseView,
    Rows,
    SubmissionState,
    SubmissionView,
    Tally,
    TallyQuery,
    WhyView,
)


class Reads(ABC):
    """Every call blocks for a store; call it from a thread. Workspaces never see each other."""

    @abstractmethod
    def responses(
        self, workspace: str, only: ResponseFilter, after: str | None, limit: int
    ) -> PastRows[ResponseView]:
        """Responses by (occurred_at, response_id). A bad ``after`` is ``InvalidInput``.

        ``after`` carries its past with it; the list goes on within that one. Everything that takes
        a past raises ``Preparing`` while it is put together.
        """

    @abstractmethod
    def newest_responses(
        self, workspace: str, only: ResponseFilter, before: str | None, limit: int
    ) -> Rows[ResponseView]:
        """The responses of now, the newest first. A bad ``before`` is ``InvalidInput``."""

    @abstractmethod
    def tally(self, workspace: str, query: TallyQuery) -> list[Tally]:
        """Countable responses by name; the rows add up to all there are."""

    @abstractmethod
    def response(self, workspace: str, response_id: UUID) -> ResponseView:
        """One response, also a retracted one. Raises ``NotFound``."""

    @abstractmethod
    def response_key(self, workspace: str, response_id: UUID) -> str:
        """The name a response's events are keyed by. Raises ``NotFound``."""

    @abstractmethod
    def submissions(
        self, workspace: str, form_id: UUID, state: SubmissionState | None, after: str | None,
        limit: int,
    ) -> Rows[SubmissionView]:  # fmt: skip
        """A form's submissions, by (occurred_at, submission)."""

    @abstractmethod
    def submission(self, workspace: str, form_id: UUID, name: UUID) -> SubmissionView:
        """One submission by its name. Raises ``NotFound``."""

    @abstractmethod
    def contacts(self, workspace: str, after: str | None, limit: int) -> Rows[ContactView]:
        """Contacts in the order of their ids."""

    @abstractmethod
    def contacts_named(self, workspace: str, contacts: Sequence[UUID]) -> list[ContactView]:
        """The contacts of some ids, where there are any, in no particular order."""

    @abstractmethod
    def contact_at(self, workspace: str, address: str) -> ContactView:
        """The contact an e-mail address or telephone number belongs to. Raises ``NotFound``."""

    @abstractmethod
    def contact(self, workspace: str, contact_id: UUID) -> ContactView:
        """One contact. Raises ``NotFound``."""

    @abstractmethod
    def journey(
        self, workspace: str, contact_id: UUID, past: Past, after: str | None, limit: int
    ) -> PastRows[JourneyItem]:
        """All that happened with a person, in the order (occurred_at, event_id)."""

    @abstractmethod
    def members(
        self, workspace: str, list_id: UUID, past: Past, after: str | None, limit: int,
        version: int | None = None,
    ) -> PastRows[MemberView]:  # fmt: skip
        """Members in the order of their ids; whoever goes on behind ``after`` names the past again.

        By another ``version`` of the rule those among the next so many records: a page may have
        none, and others follow. Raises ``NotFound`` for a version that there is not.

        This and what follows raise ``Preparing`` while what was known then is put together.
        """

    @abstractmethod
    def member_count(self, workspace: str, list_id: UUID) -> int:
        """How many members a list has by now."""

    @abstractmethod
    def member_flow(
        self, workspace: str, list_id: UUID, bounds: Sequence[int], known_at: str | None
    ) -> FlowView:
        """How a list's members came and went between instants, at least two, in their order."""

    @abstractmethod
    def member_why(self, workspace: str, list_id: UUID, member: UUID, past: Past) -> WhyView:
        """Why a record is a member of a list, or is not."""

    @abstractmethod
    def preview(
        self, workspace: str, list_id: UUID, rule: dict[str, Any], after: str | None, limit: int
    ) -> PreviewView:
        """What another rule, as it would be stored, would change among the next records."""

    @abstractmethod
    def audience(
        self, workspace: str, lists: Sequence[UUID], known: Cursor, past: Past = NOW
    ) -> AudienceView:
        """Everybody on some lists, once what lies before a cursor is known. Raises ``Stale``.

        Of a past, everybody who was on them then; raises ``Preparing``, ``InvalidInput``.
        """

    @abstractmethod
    def recipients(
        self, workspace: str, query: RecipientsQuery, known: Cursor
    ) -> list[RecipientView]:
        """What decides whether members are written to, in their order. Raises ``Stale``."""

    @abstractmethod
    def outgoing(
        self, workspace: str, activity: UUID, audience: UUID, after: str | None, limit: int,
        known: Cursor, *, untold: bool = False,
    ) -> OutgoingRows:  # fmt: skip
        """The messages prepared for an audience, once what lies before a cursor is known.

        Those given up are none of them; with ``untold`` those of which nobody has told.

        A bad ``after`` is ``InvalidInput``. Raises ``Stale``.
        """

    @abstractmethod
    def unsent(
        self, workspace: str, before: int, canceled: Collection[UUID], limit: int, known: Cursor
    ) -> list[UnsentView]:
        """Prepared messages of which nobody told that they went out, once a cursor is known.

        Those prepared up to an instant, and those of canceled activities. Raises ``Stale``.
        """

    @abstractmethod
    def certificate(self, workspace: str, message_id: UUID) -> Certificate:
        """What a message was decided on, as it was known then.

        Raises ``NotFound``, ``Preparing`` while that past is put together.
        """

    @abstractmethod
    def batch(self, workspace: str, batch_id: UUID) -> BatchView:
        """What came with a batch. Raises ``NotFound``."""

    @abstractmethod
    def batches(self, workspace: str, limit: int) -> list[BatchView]:
        """The batches whose facts came last, the newest first."""

    @abstractmethod
    def batch_effects(self, workspace: str, batch_id: UUID, known: Cursor) -> BatchEffects:
        """What had left the house because of a batch, once a cursor is known. Raises ``Stale``."""

    @abstractmethod
    def kpis(self, workspace: str, query: KpiQuery) -> KpiReport:
        """KPIs as exact counts at this moment, or of a past."""

    @abstractmethod
    def counted(
        self, workspace: str, query: CountedQuery, after: str | None, limit: int
    ) -> PastRows[Counted]:
        """Whom a part of a KPI counts, each with the events that made it so.

        Raises ``InvalidInput`` where nobody is counted, ``Preparing``.
        """

    @abstractmethod
    def kpi_changes(self, workspace: str, query: KpiChangesQuery) -> KpiChanges:
        """Why the KPIs known at the query's ``known_at`` are others than those known before.

        Raises ``InvalidInput``, ``Preparing`` while the states between are put together.
        """

    @abstractmethod
    def dry_run(self, workspace: str, query: DryRunQuery) -> DryRun:
        """What a version of a promotion rule would have done from the beginning.

        Raises ``InvalidInput``, ``Preparing`` while the pasts it needs are put together.
        """

    @abstractmethod
    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        """Wait until every read model has passed the cursor. Raises ``Stale``."""

    @abstractmethod
    def cursors(self) -> dict[str, Cursor]:
        """By projection, the next offsets it has to read."""
