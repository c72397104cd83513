"""What rules can read of events: the index from what has come to the lists that it can change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from projections.folds.fold import Known
from projections.folds.identity import claims, identifies
from projections.folds.kin import IDENTITY
from projections.folds.members.histories import consents_in, fields_in
from projections.folds.members.sales import relation_of
from schemas.decisions.lists import ListMemberStep
from schemas.derived.judgement import InteractionJudged
from schemas.facts.contact import ContactTold


def names_of(
    entity: str, kind: str, facts: Sequence[Known], fresh: Sequence[Known]
) -> frozenset[str] | None:
    """What of a record the fresh ones of its facts can change; ``None`` is anything at all.

    That is so when they say from when on it exists, or who else is known to be the same person.
    """
    first = facts[0].id
    for known in fresh:
        begins = known.id == first or known.event.type.endswith(".created")
        if begins or known.event.type in IDENTITY or claims(known) or identifies(known):
            return None
    return frozenset(name for known in fresh for name in _names(entity, kind, known))


def _names(entity: str, kind: str, known: Known) -> Iterator[str]:
    yield f"event:{known.event.type}"
    for path in fields_in(entity, kind, known):
        yield f"field:{kind}.{path}"
        if path == "account_id":
            yield "relation:account"
    relation = relation_of(known)
    if relation is not None:
        yield f"relation:{relation}"
    if consents_in(known):
        yield "consent"
    match known.payload:
        case InteractionJudged(event_type=event_type):
            yield f"event:{event_type}"
        case ListMemberStep(list_id=list_id):
            yield f"list:{list_id}"
        case ContactTold() if kind == "account":
            yield "relation:contacts"
