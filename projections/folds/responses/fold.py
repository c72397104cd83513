"""Campaign responses: captured by rule or by hand, and what people decided about them.

The entity is the person as addressed: interactions, verdicts on them and decisions on their
responses share one key. A response that no rule derives any more leaves, unless a person has
decided on it: then it stays, adopted (R12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from events.compose import Draft
from projections.folds.fold import Context, Fold, Known, Outcome, Row
from projections.folds.identity import ADDRESS, RECORD, VISITOR
from projections.folds.reference import ReferenceBook
from projections.folds.responses.capture import captured_by_hand, captured_by_rule
from projections.folds.responses.conclusions import conclusions
from projections.folds.responses.document import ResponseDoc
from projections.folds.responses.judging import decided
from projections.folds.responses.promotion import candidates, rule_for
from schemas.catalogue import Topic, load_all
from schemas.decisions.response import ResponseCaptured
from schemas.derived.judgement import InteractionJudged

_DECISIONS = frozenset(
    e.name for e in load_all() if e.stream == "response" and Topic.DECISIONS in e.origins
)
_FACTS = frozenset(e.name for e in load_all() if Topic.FACTS in e.origins)


class Responses(Fold):
    """One row per response."""

    name: ClassVar[str] = "responses"
    looks_up: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = ("response",)
    consumes: ClassVar[frozenset[str]] = (
        _DECISIONS | _FACTS | {"interaction.judged", "response.captured"}
    )

    def __init__(self, book: ReferenceBook, settle: int) -> None:
        self._book = book
        self._settle = settle

    def entities(self, known: Known) -> Iterable[str]:
        event = known.event
        if event.type in _DECISIONS:
            return (event.subject_id,)
        if event.type == "interaction.judged" and isinstance(known.payload, InteractionJudged):
            # The rule of the judged event may be switched off by the time of the verdict.
            read = self._book.read_by_rules(event.workspace)
            return (event.subject_id,) if known.payload.event_type in read else ()
        return (event.subject_id,) if rule_for(known, self._book) else ()

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        found, needs = candidates(facts, _verdicts(facts, context.classifier), context)
        docs: dict[UUID, ResponseDoc] = {}
        due: list[int] = []
        for candidate in found:
            settled_at = candidate.source.event.recorded_at + self._settle
            if candidate.settles and settled_at > context.logical_time:
                due.append(settled_at)
                continue
            docs[candidate.response_id] = captured_by_rule(entity, candidate, context)
        decisions = _by_response(facts)
        for known in facts:
            if isinstance(known.payload, ResponseCaptured):
                payload = known.payload
                by_hand = known.event.topic is not Topic.DERIVED
                if payload.response_id not in docs and (
                    by_hand or decisions.get(payload.response_id)
                ):
                    doc = captured_by_hand(entity, known, context, adopted=not by_hand)
                    docs[payload.response_id] = doc
        rows = tuple(
            _row(decided(doc, decisions.get(doc.response_id, []))) for doc in docs.values()
        )
        needs |= {RECORD + entity, ADDRESS + entity, VISITOR + entity, f"contact:{entity}"}
        needs |= {f"contact:{doc.cluster}" for doc in docs.values()}
        return Outcome(rows, frozenset(needs), min(due, default=None))

    def conclude(
        self, before: Sequence[bytes], after: Sequence[Row], cause: Known | None, context: Context
    ) -> list[Draft]:
        old = [ResponseDoc.model_validate_json(raw) for raw in before]
        new = [row.doc for row in after if isinstance(row.doc, ResponseDoc)]
        return conclusions(old, new, cause, context)


def _verdicts(facts: Sequence[Known], classifier: int) -> dict[UUID, str]:
    """The newest verdict on each interaction, by the version of the classifier that counts."""
    newest: dict[UUID, tuple[int, str]] = {}
    for known in facts:
        p = known.payload
        if isinstance(p, InteractionJudged) and p.classifier_version == classifier:
            said = (p.ordinal, p.verdict)
            newest[p.event_id] = max(newest.get(p.event_id, said), said)
    return {event_id: said[1] for event_id, said in newest.items()}


def _by_response(facts: Sequence[Known]) -> dict[UUID, list[Known]]:
    """The decisions on each response after its capture, in the order of their stream."""
    found: dict[UUID, list[Known]] = {}
    for known in facts:
        response = getattr(known.payload, "response_id", None)
        is_step = known.event.type in _DECISIONS and known.event.version
        if response and is_step and not isinstance(known.payload, ResponseCaptured):
            found.setdefault(response, []).append(known)
    for decisions in found.values():
        decisions.sort(key=lambda k: k.event.version or 0)
    return found


def _row(doc: ResponseDoc) -> Row:
    return Row(
        "response",
        str(doc.response_id),
        doc,
        {
            "campaign_id": str(doc.campaign_id),
            "channel": doc.channel,
            "type": doc.type,
            "status": doc.status,
            "code": doc.code,
            "owner_id": str(doc.owner_id or ""),
            "country": doc.country,
            "occurred_at": doc.occurred_at,
        },
    )
