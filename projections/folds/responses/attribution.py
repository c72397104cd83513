"""Which campaign an interaction belongs to (R9): the first way that leads to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson

from projections.folds.fold import Context, Known
from projections.folds.messages import provider_name
from schemas.facts.email import EmailReplied
from schemas.fields import Model
from schemas.instants import DAY
from schemas.registries import (
    FormEntry,
    KeywordEntry,
    PromotionCodeEntry,
    ShareEntry,
    TrackingNumberEntry,
    WebinarEntry,
)

_RECENT = 30 * DAY


@dataclass(frozen=True, slots=True)
class Place:
    """The campaign of an interaction, its activity where that is known, and what was looked up."""

    campaign_id: UUID | None
    activity_id: str
    needs: frozenset[str]


def place_of(known: Known, context: Context) -> Place:
    """Where an interaction belongs; a place without campaign is one to wait for."""
    needs: set[str] = set()
    for way in (_by_message, _by_code, _by_form, _by_utm, _by_keyword, _by_touch):
        for campaign, activity, need in way(known, context):
            if need:
                needs.add(need)
            if campaign is not None:
                return Place(campaign, activity, frozenset(needs))
    return Place(None, "", frozenset(needs))


Step = tuple[UUID | None, str, str]


def _by_message(known: Known, context: Context) -> Iterator[Step]:
    payload = known.payload
    direct = getattr(payload, "activity_id", None)
    if direct:
        yield _of_activity(str(direct), context)
    for name in _message_names(known):
        raw = context.document("message", name)
        yield None, "", f"message:{name}"
        if raw is not None:
            yield _of_activity(orjson.loads(raw)["activity_id"], context)


def _message_names(known: Known) -> Iterator[str]:
    payload = known.payload
    message = getattr(payload, "message_id", None)
    if message:
        yield str(message)
    elif isinstance(payload, EmailReplied):
        yield from filter(None, [provider_name(payload.provider, payload.in_reply_to)])
    else:
        provider = getattr(payload, "provider", None)
        yield from filter(
            None, [provider_name(provider, getattr(payload, "provider_message_id", None))]
        )


def _of_activity(activity: str, context: Context) -> Step:
    campaign = context.reference.campaign_of_activity(context.workspace, activity)
    return campaign, activity, f"activity:{activity}"


def _by_code(known: Known, context: Context) -> Iterator[Step]:
    payload = known.payload
    stated = getattr(payload, "campaign_id", None)
    if stated:
        yield stated, "", ""
    yield _entry(known, context, "share", "share_id", ShareEntry)
    yield _entry(known, context, "promotion_code", "code", PromotionCodeEntry)
    yield _entry(known, context, "tracking_number", "tracking_number", TrackingNumberEntry)


def _by_form(known: Known, context: Context) -> Iterator[Step]:
    form_id = getattr(known.payload, "form_id", None)
    if form_id:
        form = context.reference.entry(
            context.workspace, "form", str(form_id), known.event.recorded_at, FormEntry
        )
        activity = str(form.activity_id or "") if form else ""
        yield form.campaign_id if form else None, activity, f"form:{form_id}"
    yield _entry(known, context, "webinar", "webinar_id", WebinarEntry)


def _by_utm(known: Known, context: Context) -> Iterator[Step]:
    if known.event.campaign_id:
        yield known.event.campaign_id, "", ""
    code = (getattr(known.payload, "utm", None) or {}).get("utm_campaign", "")
    if code:
        at = known.event.recorded_at
        yield (
            context.reference.campaign_by_code(context.workspace, code, at),
            "",
            (f"campaign_code:{code}"),
        )


def _by_keyword(known: Known, context: Context) -> Iterator[Step]:
    yield _entry(known, context, "keyword", "campaign_keyword", KeywordEntry, str.lower)


def _by_touch(known: Known, context: Context) -> Iterator[Step]:
    """The only campaign that touched the person in the 30 days before."""
    at = known.event.occurred_at
    cluster = context.cluster_of(known.event.subject_id, at)
    campaigns: dict[UUID, str] = {}
    for activity in sorted(context.touched_by(cluster, at - _RECENT, at)):
        campaign, _, need = _of_activity(activity, context)
        yield None, "", need
        if campaign is not None:
            campaigns.setdefault(campaign, activity)
    only = next(iter(campaigns.items())) if len(campaigns) == 1 else (None, "")
    for name in sorted({cluster, *context.members_of(cluster)}):
        yield None, "", f"touch:{name}"
    yield None, "", f"contact:{cluster}"
    yield only[0], only[1], ""


def _entry(
    known: Known,
    context: Context,
    registry: str,
    field: str,
    kind: type[Model],
    spell: Callable[[str], str] = str,
) -> Step:
    name = getattr(known.payload, field, None)
    if not name:
        return None, "", ""
    name = spell(str(name))
    entry = context.reference.entry(
        context.workspace, registry, name, known.event.recorded_at, kind
    )
    return getattr(entry, "campaign_id", None), "", f"{registry}:{name}"
