"""How the messages of a pinned audience are decided on: page by page, paused, resumed, canceled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.audiences import RecipientView
from schemas.decisions.activity import BlockReason, MessagePrepared, RecipientExcluded
from schemas.documents import AudiencePart, DistributionDocument
from schemas.envelope import Stream
from schemas.errors import MoveRefused, NotFound
from schemas.ids import message_id, named_id
from services.commands.commander import Step

PAGE = 1000
"""How many members are decided on in one transaction."""

TURN = Stream("distributions", "turn")
STEPS = {
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("running", "paused"), "canceling"),
}


def stream_of(activity_id: UUID) -> Stream:
    """Where the progress of an activity's distribution is kept."""
    return Stream("distribution", str(activity_id))


def page_stream(pin_id: UUID, number: int) -> Stream:
    """Where a page of an audience is kept until it has been decided on."""
    return Stream("audience", f"{pin_id}:{number:09d}")


def audience_id(workspace: str, activity_id: UUID) -> UUID:
    """What the audience of an activity is called in the events of its messages."""
    return named_id(workspace, "audience", activity_id)


def known(document: DistributionDocument | None) -> DistributionDocument:
    """The distribution. Raises ``NotFound``."""
    if document is None:
        raise NotFound("Nothing has been distributed from lists for such an activity.")
    return document


def left_of(document: DistributionDocument) -> int:
    """How many members nothing was decided on yet."""
    return document.members - document.prepared - sum(document.excluded.values())


def check_over(document: DistributionDocument | None) -> None:
    """Whether everybody was decided on, as R23 wants of a closed one. Raises ``MoveRefused``."""
    if document is not None and document.is_open:
        raise MoveRefused(
            f"Of the audience {left_of(document):,} members are left to be decided on. Wait for"
            " them, or cancel the distribution first."
        )


def step(document: DistributionDocument, verb: str) -> DistributionDocument:
    """Pause, resume or cancel; once more changes nothing. Raises ``MoveRefused``."""
    before, after = STEPS[verb]
    if document.state == after:
        return document
    if document.state not in before:
        raise MoveRefused(f"A distribution that is {document.state} cannot {verb}.")
    return document.model_copy(update={"state": after})


@dataclass(frozen=True, slots=True)
class Limits:
    """What an activity asks beyond the consent ledger; it may be stricter, never looser."""

    exclude_opted_out: bool = True
    skip_inactive: bool = True
    anti_spam_days: int = 0
    holdout_percent: float = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of a member: no reason, and a message goes out."""

    view: RecipientView
    reason: BlockReason | None
    detail: str = ""


def decide(activity_id: UUID, limits: Limits, views: Iterable[RecipientView]) -> list[Decided]:
    """Who of a page is written to, and why the others are not; the first reason counts (R23)."""
    page = _Page(activity_id, limits)
    return [page.decide(view) for view in views]


class _Page:
    """Remembers who of the page is written to, so that nobody is twice."""

    def __init__(self, activity_id: UUID, limits: Limits) -> None:
        self._activity_id = activity_id
        self._limits = limits
        self._taken: dict[str, UUID] = {}

    def decide(self, view: RecipientView) -> Decided:
        """What becomes of one member."""
        for reason, detail in self._reasons(view):
            return Decided(view, reason, detail)
        own = message_id(self._activity_id, view.member)
        self._taken |= {view.cluster: own, view.address_hash: own}
        return Decided(view, None)

    def _reasons(self, view: RecipientView) -> Iterator[tuple[BlockReason, str]]:
        """All reasons that hold, the first first."""
        limits = self._limits
        if view.address_hash and view.address is None:
            yield "erased", ""
        if limits.skip_inactive and view.is_inactive:
            yield "inactive", ""
        if not view.address_hash:
            yield "no_address", ""
        if view.is_bounced:
            yield "invalid_address", "A mail to this address came back for good."
        if view.has_complained:
            yield "suppressed", "The person has complained of a mail."
        if view.has_withdrawn:
            yield "consent", ""
        if limits.exclude_opted_out and view.has_withdrawn_any:
            yield "consent", "Withdrawn for another purpose."
        other = (view.written_to, *map(self._taken.get, (view.cluster, view.address_hash)))
        yield from (("duplicate", str(one)) for one in other if one is not None)
        if limits.anti_spam_days and view.contacts:
            yield "frequency_cap", f"{view.contacts} in {limits.anti_spam_days} days"
        if share_of(self._activity_id, view.cluster) < limits.holdout_percent:
            yield "holdout", ""


def share_of(activity_id: UUID, cluster: str) -> float:
    """Where a person stands in the draw of an activity, from 0 until before 100 (R22)."""
    return named_id(activity_id, "holdout", cluster).int % 1_000_000 / 10_000


def steps_of(
    workspace: str, document: DistributionDocument, content: UUID | None, limits: Limits,
    decided: Iterable[Decided],
) -> list[Step]:  # fmt: skip
    """The events that tell what was decided."""
    return [
        _prepared(workspace, document, content, limits, one)
        if one.reason is None
        else _excluded(workspace, document, one.view.member, one.view.recipient, one)
        for one in decided
    ]


def canceled_steps(
    workspace: str, document: DistributionDocument, parts: Sequence[AudiencePart]
) -> list[Step]:
    """The events that tell of members that nobody is going to decide on."""
    return [
        _excluded(workspace, document, member, member, None)
        for part in parts
        for member in part.members
    ]


def advanced(
    document: DistributionDocument, reasons: Iterable[BlockReason | None]
) -> DistributionDocument:
    """The distribution with one more page behind it."""
    counts = Counter(reasons)
    prepared = counts.pop(None, 0)
    excluded = Counter(document.excluded)
    excluded.update({str(reason): number for reason, number in counts.items()})
    following = document.next_page + 1
    state = document.state
    if following >= document.pages:
        state = "canceled" if state == "canceling" else "done"
    return document.model_copy(
        update={
            "next_page": following,
            "prepared": document.prepared + prepared,
            "excluded": dict(sorted(excluded.items())),
            "state": state,
        }
    )


def _prepared(
    workspace: str, document: DistributionDocument, content: UUID | None, limits: Limits,
    decided: Decided,
) -> Step:  # fmt: skip
    view = decided.view
    name = message_id(document.activity_id, view.member)
    versions = {one.list_id: one.version for one in document.lists}
    payload = MessagePrepared(
        message_id=name,
        activity_id=document.activity_id,
        campaign_id=document.campaign_id,
        content_version_id=content,
        address=view.address or "",
        ledger_position=view.ledger_position,
        list_id=view.list_id,
        list_clause=f"{versions.get(view.list_id, 0)}:{view.clause}",
        cap_counters={"days": limits.anti_spam_days, "messages": view.contacts}
        if limits.anti_spam_days
        else {},
        cluster_id=view.cluster,
        identity_position=view.identity_position,
    )
    return Step(
        event_type="message.prepared",
        payload=payload,
        event_id=named_id(workspace, "message.prepared", name),
        recipient=view.recipient,
        campaign_id=document.campaign_id,
        batch_id=document.audience_id,
    )


def _excluded(
    workspace: str, document: DistributionDocument, member: UUID, recipient: UUID,
    decided: Decided | None,
) -> Step:  # fmt: skip
    name = message_id(document.activity_id, member)
    payload = RecipientExcluded(
        activity_id=document.activity_id,
        message_id=name,
        reason=decided.reason if decided and decided.reason else "canceled",
        detail=decided.detail if decided else "",
    )
    return Step(
        event_type="recipient.excluded",
        payload=payload,
        event_id=named_id(workspace, "recipient.excluded", name),
        recipient=recipient,
        campaign_id=document.campaign_id,
        batch_id=document.audience_id,
    )
