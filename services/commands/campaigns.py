"""Campaigns: planned, changed, moved from status to status, copied, paid for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from events.gate import Claim, StreamWrite
from schemas.catalogue import Topic
from schemas.decisions.campaign import (
    CampaignChanged,
    CampaignCopied,
    CampaignCostRecorded,
    CampaignCreated,
    CampaignFields,
    CampaignItem,
    CampaignMoved,
)
from schemas.documents import ActivityDocument, CampaignDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused, NotFound
from schemas.fields import Money, Ref
from schemas.instants import to_datetime
from schemas.lifecycles import CAMPAIGN_MOVES, ActivityStatus, CampaignStatus
from schemas.payload import Payload
from services.commands.commander import Change, Found, Step
from services.commands.conditions import checked_props, checked_types

GOAL_WINDOW = "P30D"
DEEPEST = 20
SCHEDULED = (
    ActivityStatus.PENDING,
    ActivityStatus.IN_PROGRESS,
    ActivityStatus.COMPLETED,
    ActivityStatus.CLOSED,
)
MOVES = {
    "approve": "campaign.approved",
    "launch": "campaign.launched",
    "suspend": "campaign.suspended",
    "resume": "campaign.resumed",
    "complete": "campaign.completed",
    "cancel": "campaign.canceled",
    "deactivate": "campaign.deactivated",
    "reactivate": "campaign.reactivated",
}

FindCampaign = Callable[[UUID], Found[CampaignDocument]]


def stream_of(campaign_id: UUID) -> Stream:
    """The stream of a campaign."""
    return Stream("campaign", str(campaign_id))


def known(document: CampaignDocument | None) -> CampaignDocument:
    """The campaign. Raises ``NotFound``."""
    if document is None:
        raise NotFound("There is no such campaign in this workspace.")
    return document


def evolve(
    document: CampaignDocument, event_type: str, payload: Payload, now: int
) -> CampaignDocument:
    """The campaign after one more event."""
    match payload:
        case CampaignChanged():
            return _changed(document, payload.changes)
        case CampaignCopied():
            return document.model_copy(update={"copied_from": payload.source})
        case CampaignCostRecorded():
            return document.model_copy(update={"misc_costs": (*document.misc_costs, payload.cost)})
        case CampaignItem():
            others = tuple(item for item in document.items if item != payload.item)
            linked = (payload.item,) if event_type == "campaign.item_linked" else ()
            return document.model_copy(update={"items": (*others, *linked)})
        case CampaignMoved():
            return _moved(document, event_type, payload, now)
        case _:
            return document


def create(
    campaign_id: UUID,
    *,
    name: str,
    kind: str,
    currency: str,
    fields: CampaignFields,
    find: FindCampaign,
    source: dict[str, Any] | None = None,
) -> Change[CampaignDocument]:
    """A new campaign, proposed; its code is generated where none was given."""
    code = fields.code or campaign_id.hex[:10].upper()
    window = fields.goal_window or GOAL_WINDOW
    fields = fields.model_copy(update={"name": None, "code": code, "goal_window": window})
    _checked_goal(fields)
    rests_on = _ancestry(campaign_id, fields.parent_id, find)
    created = CampaignCreated.model_validate(
        {"name": name, "kind": kind, "currency": currency, "fields": _said(fields)}
    )
    document = CampaignDocument(
        campaign_id=campaign_id,
        name=name,
        code=code,
        kind=kind,
        currency=currency,
        fields=created.fields,
    )
    steps = [_step(campaign_id, "campaign.created", created)]
    if source is not None:
        copied = CampaignCopied.model_validate({"from": source})
        steps.append(_step(campaign_id, "campaign.copied", copied))
        document = evolve(document, "campaign.copied", copied, 0)
    claims = (Claim("campaign_code", code, str(campaign_id)),)
    return Change(document=document, steps=tuple(steps), claims=claims, rests_on=rests_on)


def change(
    document: CampaignDocument, changes: CampaignFields, find: FindCampaign
) -> Change[CampaignDocument]:
    """Some fields set anew; what already has the value asked for is no news."""
    _open(document, "changed")
    if changes.code not in (None, document.code):
        detail = "A campaign's code never changes, since links and mails carry it."
        raise InvalidInput(detail, (Fault("/code", detail),))
    _checked_goal(changes)
    rests_on = _ancestry(document.campaign_id, changes.parent_id, find)
    after = _changed(document, changes)
    if after == document:
        return Change(document=document)
    step = _step(document.campaign_id, "campaign.changed", CampaignChanged(changes=changes))
    return Change(document=after, steps=(step,), rests_on=rests_on)


def move(
    document: CampaignDocument, event_type: str, reason: str | None, now: int
) -> Change[CampaignDocument]:
    """A step from one status to another. Raises ``MoveRefused``."""
    target = _target(document, event_type)
    if target is None:
        word = event_type.partition(".")[2]
        raise MoveRefused(f"A campaign that is {_word(document.status)} cannot be {word}.")
    payload = CampaignMoved(
        from_status=int(document.status), to_status=int(target), reason=reason or None
    )
    step = _step(document.campaign_id, event_type, payload)
    return Change(document=evolve(document, event_type, payload, now), steps=(step,))


def launch(
    document: CampaignDocument,
    activities: Sequence[Found[ActivityDocument]],
    reason: str | None,
    now: int,
) -> Change[CampaignDocument]:
    """M42: a launch needs a goal, an audience and a scheduled activity; says which are missing."""
    moved = move(document, "campaign.launched", reason, now)
    missing = missing_for_launch(document, [a.document for a in activities if a.document])
    if missing:
        raise MoveRefused(f"The campaign cannot be launched yet. Missing: {'; '.join(missing)}.")
    return Change(
        document=moved.document,
        steps=moved.steps,
        rests_on=tuple(activity.unchanged for activity in activities),
    )


def missing_for_launch(
    document: CampaignDocument, activities: Iterable[ActivityDocument]
) -> list[str]:
    """What a campaign lacks before it may be launched."""
    standing = [a for a in activities if a.status is not ActivityStatus.CANCELED]
    missing = []
    if document.fields.goal is None:
        missing.append("a goal (set the field goal)")
    if not any(activity.audience or activity.fields.list_ids for activity in standing):
        missing.append("an audience (name the lists of an activity, or pin one)")
    if not any(activity.status in SCHEDULED for activity in standing):
        missing.append("a scheduled activity (schedule one)")
    return missing


def record_cost(document: CampaignDocument, cost: Money) -> Change[CampaignDocument]:
    """Money spent on the campaign beside its activities."""
    payload = CampaignCostRecorded(cost=cost)
    step = _step(document.campaign_id, "campaign.cost_recorded", payload)
    return Change(document=evolve(document, step.event_type, payload, 0), steps=(step,))


def link_item(document: CampaignDocument, item: Ref, *, linked: bool) -> Change[CampaignDocument]:
    """Tie a product, document, list or campaign to the campaign, or untie it."""
    if (item in document.items) is linked:
        return Change(document=document)
    event_type = "campaign.item_linked" if linked else "campaign.item_unlinked"
    payload = CampaignItem(item=item)
    step = _step(document.campaign_id, event_type, payload)
    return Change(document=evolve(document, event_type, payload, 0), steps=(step,))


def copied_fields(origin: CampaignDocument, changes: CampaignFields) -> CampaignFields:
    """The fields of a copy: the origin's, without what names the origin, and what was said."""
    kept = _said(origin.fields)
    for name in ("code", "name", "is_template"):
        kept.pop(name, None)
    return CampaignFields.model_validate({**kept, **_said(changes)})


def _said(fields: CampaignFields) -> dict[str, Any]:
    said: dict[str, Any] = fields.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def _changed(document: CampaignDocument, changes: CampaignFields) -> CampaignDocument:
    said = _said(changes)
    name = said.pop("name", document.name)
    fields = CampaignFields.model_validate({**_said(document.fields), **said})
    return document.model_copy(update={"name": name, "fields": fields})


def _moved(
    document: CampaignDocument, event_type: str, payload: CampaignMoved, now: int
) -> CampaignDocument:
    update: dict[str, Any] = {"status": CampaignStatus(payload.to_status), "status_before": None}
    if event_type == "campaign.approved":
        update["baseline"] = document.fields
    elif event_type == "campaign.launched":
        update["actual_start"] = to_datetime(now)
    elif event_type == "campaign.completed":
        update["actual_end"] = to_datetime(now)
    elif event_type == "campaign.deactivated":
        update["status_before"] = document.status
    return document.model_copy(update=update)


def _target(document: CampaignDocument, event_type: str) -> CampaignStatus | None:
    if event_type == "campaign.reactivated":
        return document.status_before if document.status is CampaignStatus.INACTIVE else None
    return CAMPAIGN_MOVES[event_type].get(document.status)


def _open(document: CampaignDocument, word: str) -> None:
    if document.status in (CampaignStatus.CANCELED, CampaignStatus.INACTIVE):
        raise MoveRefused(f"A campaign that is {_word(document.status)} cannot be {word}.")


def _word(status: CampaignStatus) -> str:
    return status.name.lower().replace("_", " ")


def _checked_goal(fields: CampaignFields) -> None:
    goal = fields.goal_event
    if goal is not None:
        checked_types((goal.type,), "/goal_event/type", (Topic.FACTS, Topic.DECISIONS))
        checked_props(goal.where, "/goal_event/where")


def _ancestry(
    campaign_id: UUID, parent_id: UUID | None, find: FindCampaign
) -> tuple[StreamWrite, ...]:
    """The campaigns above, which must stay as they are until the decision is taken: no cycles."""
    above: list[StreamWrite] = []
    while parent_id is not None:
        if parent_id == campaign_id or len(above) >= DEEPEST:
            detail = "A campaign must not stand above itself, nor more than 20 levels deep."
            raise InvalidInput(detail, (Fault("/parent_id", detail),))
        parent = find(parent_id)
        if parent.document is None:
            detail = "There is no such campaign to stand above this one."
            raise InvalidInput(detail, (Fault("/parent_id", detail),))
        above.append(parent.unchanged)
        parent_id = parent.document.fields.parent_id
    return tuple(above)


def _step(campaign_id: UUID, event_type: str, payload: Payload) -> Step:
    return Step(
        event_type=event_type,
        payload=payload,
        key_name=str(campaign_id),
        campaign_id=campaign_id,
    )
