"""From interactions to candidate responses: which rule, which campaign, which id (R7, R9, R10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from projections.folds.fold import Context, Known
from projections.folds.reference import ReferenceBook
from projections.folds.responses.attribution import Place, place_of
from projections.folds.submissions import SUBMISSION, SubmissionDoc, submission_of
from projections.predicates import all_hold
from schemas.facts.form import FormSubmitted
from schemas.ids import response_id
from schemas.promotion import VersionedRule
from schemas.registries import FormEntry


@dataclass(frozen=True, slots=True)
class Source:
    """The event that an anchor and the time are taken from."""

    event_id: UUID
    occurred_at: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A response in the making: by which rule, from which event, in which campaign."""

    response_id: UUID
    rule: VersionedRule
    source: Known
    place: Place
    occurred_at: int
    settles: bool


def rule_for(known: Known, book: ReferenceBook) -> VersionedRule | None:
    """The first rule in force at the event's recording that takes it."""
    event = known.event
    rules = [
        r for r in book.rules(event.workspace, event.recorded_at) if event.type in r.rule.events
    ]
    if not rules:
        return None
    data = orjson.loads(event.data)
    return next((r for r in rules if all_hold(r.rule.where, data)), None)


def is_judged(known: Known) -> bool:
    """Whether an event waits for a verdict before it may become a response."""
    return getattr(known.payload, "hit", None) is not None


def candidates(
    facts: Sequence[Known], verdicts: Mapping[UUID, str], context: Context
) -> tuple[list[Candidate], set[str]]:
    """The candidates among an entity's interactions, and the names they were looked up under.

    Of several events with one anchor the earliest stands. An event goes to the first rule that
    takes it in a campaign the rule is for.
    """
    found: dict[UUID, Candidate] = {}
    needs: set[str] = set()
    for known in facts:
        if is_judged(known) and verdicts.get(known.event.event_id) != "human":
            continue
        rule = rule_for(known, context.reference)
        if rule is None:
            continue
        place = place_of(known, context)
        needs |= place.needs
        if place.campaign_id is None or not _is_for(rule, place.campaign_id):
            continue
        source, need = _opted_in(known, context)
        needs |= need
        if source is None:
            continue
        candidate = _candidate(known, source, rule, place, context)
        found.setdefault(candidate.response_id, candidate)
    return list(found.values()), needs


def _candidate(
    known: Known, source: Source, rule: VersionedRule, place: Place, context: Context
) -> Candidate:
    anchor = tuple(_anchor(rule.rule.anchor, known, source))
    identity = response_id(context.workspace, _campaign(place), rule.rule_id, *anchor)
    settles = rule.rule.anchor == "message"
    return Candidate(identity, rule, known, place, source.occurred_at, settles)


def _campaign(place: Place) -> UUID:
    if place.campaign_id is None:
        raise ValueError("A candidate has a campaign.")
    return place.campaign_id


def _is_for(rule: VersionedRule, campaign: UUID) -> bool:
    return rule.rule.campaigns is None or campaign in rule.rule.campaigns


def _anchor(anchor: str, known: Known, source: Source) -> Iterator[Any]:
    payload = known.payload
    match anchor:
        case "message" if getattr(payload, "message_id", None):
            yield getattr(payload, "message_id", None)
        case "call":
            yield getattr(payload, "call_id", known.event.event_id)
        case "webinar":
            yield getattr(payload, "webinar_id", "")
            yield getattr(payload, "registrant_id", "")
            yield known.event.type
        case "share_visitor":
            yield getattr(payload, "share_id", "")
            yield getattr(payload, "visitor_id", None) or known.event.subject_id
        case _:
            yield source.event_id


def _opted_in(known: Known, context: Context) -> tuple[Source | None, set[str]]:
    """The event whose time and id count, with double opt-in the confirmation's; and what was
    looked up for it.
    """
    own = Source(known.event.event_id, known.event.occurred_at)
    if not isinstance(known.payload, FormSubmitted):
        return own, set()
    form = context.reference.entry(
        context.workspace, "form", str(known.payload.form_id), known.event.recorded_at, FormEntry
    )
    if form is None or not form.double_opt_in:
        return own, set()
    name = str(submission_of(known))
    raw = context.document("submission", name)
    doc = SubmissionDoc.model_validate_json(raw) if raw is not None else None
    confirmed = Source(doc.confirmed_by, doc.confirmed_at) if doc and doc.confirmed_by else None
    return confirmed, {SUBMISSION + name}
