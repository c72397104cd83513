"""A read side of Python dicts: what a test puts in is what readers see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from events.cursor import TOPICS, Cursor
from projections.reading.reads import Reads
from schemas.audiences import (
    AudienceView,
    OutgoingRows,
    RecipientsQuery,
    RecipientView,
    UnsentView,
)
from schemas.batches import BatchEffects, BatchView
from schemas.certificates import Certificate
from schemas.decisions.activity import DistributedList
from schemas.documents import AudiencePart
from schemas.dry_runs import DryRun, DryRunDifference, DryRunQuery, DryRunResponses
from schemas.errors import Fault, InvalidInput, NotFound, Stale
from schemas.instants import to_datetime
from schemas.kpis import (
    Counted,
    CountedQuery,
    KpiChanges,
    KpiChangesQuery,
    KpiGroup,
    KpiQuery,
    KpiReport,
    KpiValue,
)
from schemas.views import (
    NOW,
    ContactView,
    FlowStep,
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
from tests.support.clock import MORNING


class FakeReads(Reads):
    """Shows what tests have put in; a list's cursor is ``after:<n>``."""

    def __init__(self) -> None:
        self.views: dict[tuple[str, UUID], tuple[ResponseView, str]] = {}
        self.people: dict[tuple[str, UUID], ContactView] = {}
        self.forms: dict[tuple[str, UUID, UUID], SubmissionView] = {}
        self.asked: list[object] = []
        self.listed: list[tuple[str, UUID, MemberView]] = []
        self.brought: dict[tuple[str, UUID], BatchView] = {}
        self.effects = BatchEffects(refs=[], count=0, prepared=False)
        self.behind = 0
        self.campaigns: list[str] = []
        self.on_wait: Callable[[], None] = lambda: None

    def responses(
        self, workspace: str, only: ResponseFilter, after: str | None, limit: int
    ) -> PastRows[ResponseView]:
        self.asked.append(only)
        start = self._start(after)
        own = [view for (owner, _), (view, _) in self.views.items() if owner == workspace]
        further = f"after:{start + limit}" if len(own) > start + limit else None
        data = own[start : start + limit]
        return PastRows(data=data, next_cursor=further, as_of=None, known_at="x")

    def newest_responses(
        self, workspace: str, only: ResponseFilter, before: str | None, limit: int
    ) -> Rows[ResponseView]:
        return self.responses(workspace, only, before, limit)

    def tally(self, workspace: str, query: TallyQuery) -> list[Tally]:
        self.asked.append(query)
        if self.behind:
            raise Stale("The figures are not ready yet.")
        own = [view for (owner, _), (view, _) in self.views.items() if owner == workspace]
        counts = Counter((view.country or "") for view in own)
        return [
            Tally(name=name, responses=n, reviewed=0, positive=0, converted=0)
            for name, n in sorted(counts.items())
        ]

    def response(self, workspace: str, response_id: UUID) -> ResponseView:
        return self._found(workspace, response_id)[0]

    def response_key(self, workspace: str, response_id: UUID) -> str:
        return self._found(workspace, response_id)[1]

    def submissions(
        self, workspace: str, form_id: UUID, state: SubmissionState | None, after: str | None,
        limit: int,
    ) -> Rows[SubmissionView]:  # fmt: skip
        self._start(after)
        own = [v for key, v in self.forms.items() if key[:2] == (workspace, form_id)]
        return Rows(data=[v for v in own if state in (None, v.state)][:limit])

    def submission(self, workspace: str, form_id: UUID, name: UUID) -> SubmissionView:
        try:
            return self.forms[workspace, form_id, name]
        except KeyError:
            raise NotFound("There is no such submission of this form.") from None

    def contacts(self, workspace: str, after: str | None, limit: int) -> Rows[ContactView]:
        self._start(after)
        own = [view for (owner, _), view in self.people.items() if owner == workspace]
        return Rows(data=own[:limit])

    def contacts_named(self, workspace: str, contacts: Sequence[UUID]) -> list[ContactView]:
        return [self.people[workspace, n] for n in contacts if (workspace, n) in self.people]

    def contact_at(self, workspace: str, address: str) -> ContactView:
        for (owner, _), view in self.people.items():
            if owner == workspace and address in view.email:
                return view
        raise NotFound("No contact is known by this address.")

    def contact(self, workspace: str, contact_id: UUID) -> ContactView:
        try:
            return self.people[workspace, contact_id]
        except KeyError:
            raise NotFound("There is no such contact.") from None

    def journey(
        self, workspace: str, contact_id: UUID, past: Past, after: str | None, limit: int
    ) -> PastRows[JourneyItem]:
        self.asked.append(past)
        self.contact(workspace, contact_id)
        self._start(after)
        return PastRows(data=[], as_of=None, known_at="x")

    def members(
        self, workspace: str, list_id: UUID, past: Past, after: str | None, limit: int,
        version: int | None = None,
    ) -> PastRows[MemberView]:  # fmt: skip
        self.asked.append((list_id, past))
        start = self._start(after)
        own = [view for owner, name, view in self.listed if (owner, name) == (workspace, list_id)]
        further = f"after:{start + limit}" if len(own) > start + limit else None
        data = own[start : start + limit]
        return PastRows(data=data, next_cursor=further, as_of=None, known_at="x")

    def member_count(self, workspace: str, list_id: UUID) -> int:
        return len(self.members(workspace, list_id, Past(), None, 1000).data)

    def member_flow(
        self, workspace: str, list_id: UUID, bounds: Sequence[int], known_at: str | None
    ) -> FlowView:
        self.asked.append(bounds)
        count = self.member_count(workspace, list_id)
        steps = [
            FlowStep(since=to_datetime(at), joins=count if place == 0 else 0, leaves=0,
                     members_after=count)
            for place, at in enumerate(bounds[:-1])
        ]  # fmt: skip
        return FlowView(
            since=to_datetime(bounds[0]), until=to_datetime(bounds[-1]), members_before=0,
            joins=count, leaves=0, members_after=count, ended=0, dwell_days=None, steps=steps,
        )  # fmt: skip

    def member_why(self, workspace: str, list_id: UUID, member: UUID, past: Past) -> WhyView:
        spans = self.members(workspace, list_id, past, None, 1000).data
        as_of = past.as_of
        mine = [span for span in spans if span.member == member]
        moment = to_datetime(MORNING if as_of is None else as_of)
        return WhyView(
            list_id=list_id, member=member, is_member=bool(mine), as_of=moment,
            definition_version=1, reason=None, smallest_change=[], spans=mine,
            next_change=None,
        )  # fmt: skip

    def preview(
        self, workspace: str, list_id: UUID, rule: dict[str, Any], after: str | None, limit: int
    ) -> PreviewView:
        self.asked.append(rule)
        self._start(after)
        return PreviewView(looked_at=1, members=1, joins=[UUID(int=1)], leaves=[], next_cursor=None)

    def audience(
        self, workspace: str, lists: Sequence[UUID], known: Cursor, past: Past = NOW
    ) -> AudienceView:
        parts = tuple(
            AudiencePart(list_id=list_id, kind="contact", members=members)
            for list_id in lists
            if (members := tuple(
                view.member for owner, name, view in self.listed
                if (owner, name) == (workspace, list_id)
            ))
        )  # fmt: skip
        pinned = tuple(DistributedList(list_id=one, version=0, known_at="x") for one in lists)
        return AudienceView(known_at="x", lists=pinned, parts=parts)

    def recipients(
        self, workspace: str, query: RecipientsQuery, known: Cursor
    ) -> list[RecipientView]:
        raise AssertionError("Nothing is decided on in these tests.")

    def outgoing(
        self, workspace: str, activity: UUID, audience: UUID, after: str | None, limit: int,
        known: Cursor, *, untold: bool = False,
    ) -> OutgoingRows:  # fmt: skip
        return OutgoingRows(data=[], position=Cursor().encode())

    def unsent(
        self, workspace: str, before: int, canceled: Collection[UUID], limit: int, known: Cursor
    ) -> list[UnsentView]:
        return []

    def certificate(self, workspace: str, message_id: UUID) -> Certificate:
        raise NotFound(f"No message {message_id} was prepared in this workspace.")

    def batch(self, workspace: str, batch_id: UUID) -> BatchView:
        if (workspace, batch_id) not in self.brought:
            raise NotFound("No fact of this batch is stored in this workspace.")
        return self.brought[workspace, batch_id]

    def batches(self, workspace: str, limit: int) -> list[BatchView]:
        return [view for (owner, _), view in self.brought.items() if owner == workspace][:limit]

    def batch_effects(self, workspace: str, batch_id: UUID, known: Cursor) -> BatchEffects:
        return self.effects

    def kpis(self, workspace: str, query: KpiQuery) -> KpiReport:
        self.asked.append(query)
        kpis = {
            "open_rate": KpiValue(numerator=3, denominator=4, value=0.75),
            "lift": KpiValue(),
            "call_attempts": KpiValue(numerator=7, value=7),
            "first_follow_up_minutes": KpiValue(value=12.5, n=2),
        }
        if self.behind and query.group_by:
            raise Stale("The figures are not ready yet.")
        names = [{"campaign": name} for name in self.campaigns] if query.group_by else [{}]
        return KpiReport(
            data=[KpiGroup(group=n, kpis=kpis, by_reason={}, outside_audience=0) for n in names],
            window_days=30,
            as_of=None,
            definition_version=1,
            classifier_version=1,
            generation=1,
            cursor="x",
            known_at="x",
        )

    def counted(
        self, workspace: str, query: CountedQuery, after: str | None, limit: int
    ) -> PastRows[Counted]:
        self.asked.append(query)
        self._start(after)
        return PastRows(data=[Counted(person="p", events=[])], as_of=None, known_at="x")

    def kpi_changes(self, workspace: str, query: KpiChangesQuery) -> KpiChanges:
        self.asked.append(query)
        return KpiChanges(
            data=[], known_before=query.known_before, known_at=query.known_at or "",
            definition_version=1, classifier_before=1, classifier_version=1,
        )  # fmt: skip

    def dry_run(self, workspace: str, query: DryRunQuery) -> DryRun:
        self.asked.append(query)
        none = DryRunDifference()
        return DryRun(
            definition_id=query.definition_id,
            version=query.version,
            since=to_datetime(query.since),
            until=to_datetime(query.until),
            responses=DryRunResponses(now=3, then=3, appear=none, leave=none, change=none),
            kpis=[],
            lists=[],
            known_at=query.known_at or "x",
            definition_version=1,
            classifier_version=1,
        )

    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        self.asked.append(cursor)
        self.on_wait()
        if self.behind:
            raise Stale("The read models have not reached the position yet. Ask again.")

    def cursors(self) -> dict[str, Cursor]:
        if self.behind:
            return {"responses": Cursor()}
        return {"responses": Cursor({(topic, p): 2**40 for topic in TOPICS for p in range(64)})}

    def add(self, workspace: str, view: ResponseView, key: str) -> None:
        self.views[workspace, view.response_id] = (view, key)

    def _found(self, workspace: str, response_id: UUID) -> tuple[ResponseView, str]:
        try:
            return self.views[workspace, response_id]
        except KeyError:
            raise NotFound("There is no such response.") from None

    def _start(self, after: str | None) -> int:
        if after is None:
            return 0
        if not after.startswith("after:"):
            raise InvalidInput("The cursor cannot be read.", (Fault("", "It is another's."),))
        return int(after.removeprefix("after:"))


def a_response(response_id: UUID, campaign_id: UUID, **other: object) -> ResponseView:
    """A response as a rule makes it."""
    moment = to_datetime(MORNING)
    known: dict[str, object] = {
        "response_id": response_id,
        "campaign_id": campaign_id,
        "activity_id": None,
        "subject": "Clicked in a mail",
        "type": "click",
        "channel": "email",
        "status": "new",
        "code": None,
        "classified_by": None,
        "source": "rule",
        "source_event_ids": [],
        "rule_id": None,
        "rule_version": None,
        "customer": None,
        "visitor_id": None,
        "contact": {},
        "country": None,
        "region": None,
        "owner_id": None,
        "priority": None,
        "close_by": None,
        "routed_to": None,
        "conversions": [],
        "duplicate_of": None,
        "adopted": False,
        "retracted": False,
        "test": False,
        "reviewed": False,
        "version": 0,
        "occurred_at": moment,
        "precision": "ms",
        "recorded_at": moment,
    }
    return ResponseView.model_validate({**known, **other})


def a_contact(contact_id: UUID, email: str) -> ContactView:
    """A contact with an address."""
    moment = to_datetime(MORNING)
    return ContactView(
        contact_id=contact_id,
        first_name="<b>Ada</b>",
        last_name=None,
        email=[email],
        telephone=None,
        mobile=None,
        city=None,
        region=None,
        country=None,
        account_id=None,
        attributes={},
        created_at=moment,
        changed_at=moment,
    )


def a_batch(batch_id: UUID) -> BatchView:
    """Three contacts that came together."""
    at = to_datetime(MORNING)
    return BatchView(
        batch_id=batch_id, facts={"contact.created": 3}, producers=["import"],
        first_recorded_at=at, last_recorded_at=at,
    )  # fmt: skip
