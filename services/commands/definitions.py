"""Versioned rules and the classifier: drafted, published by one atomic step, retired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from events.gate import StreamWrite
from schemas import classifier
from schemas.catalogue import Topic
from schemas.decisions.definition import DefinitionStep
from schemas.documents import DefinitionDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused, NotFound
from schemas.fields import Model
from schemas.promotion import BUILT_IN, PromotionRule
from services.commands.commander import Change, Step
from services.commands.conditions import checked_props, checked_types
from services.commands.faults import faults_of

KINDS = ("promotion", "classifier")
LIST = "list"
"""The kind of lists' rules, which have a door of their own."""


def stream_of(definition_id: UUID) -> Stream:
    """The stream of a definition."""
    return Stream("definition", str(definition_id))


def built_in() -> list[DefinitionDocument]:
    """The rules every workspace begins with, as if they had been published there."""
    rules = [
        _in_force(rule.rule_id, "promotion", rule.version, _plain(rule.rule)) for rule in BUILT_IN
    ]
    body = _plain(classifier.BUILT_IN.classifier)
    version = classifier.BUILT_IN.version
    return [*rules, _in_force(classifier.CLASSIFIER_ID, "classifier", version, body)]


def _in_force(name: UUID, kind: str, version: int, body: dict[str, Any]) -> DefinitionDocument:
    return DefinitionDocument(
        definition_id=name,
        kind=kind,
        version=version,
        body=body,
        state="published",
        published_version=version,
        published_body=body,
    )


def known(document: DefinitionDocument | None, definition_id: UUID) -> DefinitionDocument:
    """The definition, or the built-in one of that id. Raises ``NotFound``."""
    standing = document or _built_in(definition_id)
    if standing is None:
        raise NotFound("There is no such definition in this workspace.")
    return standing


def draft(
    document: DefinitionDocument | None, definition_id: UUID, kind: str, body: dict[str, Any]
) -> Change[DefinitionDocument]:
    """A first or a further version, not in force yet."""
    standing = document or _built_in(definition_id)
    if standing is not None and standing.kind != kind:
        raise InvalidInput(
            "A definition keeps its kind.", (Fault("/kind", f"It is {standing.kind}."),)
        )
    if kind == "classifier" and definition_id != classifier.CLASSIFIER_ID:
        detail = f"Draft the next version of {classifier.CLASSIFIER_ID}."
        raise InvalidInput("There is one classifier.", (Fault("/definition_id", detail),))
    checked = _checked_body(kind, body)
    version = standing.version + 1 if standing else 1
    drafted = DefinitionDocument(
        definition_id=definition_id,
        kind=kind,
        version=version,
        body=checked,
        state="draft",
        published_version=standing.published_version if standing else None,
        published_body=standing.published_body if standing else None,
    )
    return Change(document=drafted, steps=(_step(drafted, "definition.drafted"),))


def publish(document: DefinitionDocument, version: int | None) -> Change[DefinitionDocument]:
    """Put the newest version in force; once more changes nothing."""
    if version not in (None, document.version):
        detail = f"Only the newest version, {document.version}, can be published."
        raise InvalidInput(detail, (Fault("/version", detail),))
    if document.state == "published" and document.published_version == document.version:
        return Change(document=document)
    _checked_body(document.kind, document.body)
    published = document.model_copy(
        update={
            "state": "published",
            "published_version": document.version,
            "published_body": document.body,
        }
    )
    return Change(document=published, steps=(_step(published, "definition.published"),))


def tried(document: DefinitionDocument, version: int | None) -> int:
    """The version a dry run is of: the newest if none is named.

    Raises ``InvalidInput`` for one that there is not, and for rules that are tried elsewhere.
    """
    if document.kind not in KINDS:
        detail = "A list's rule is tried at /lists/{list_id}/rule/preview."
        raise InvalidInput("This kind has no dry runs.", (Fault("/kind", detail),))
    if version is not None and version > document.version:
        detail = f"The rule has the versions 1 to {document.version}."
        raise InvalidInput(detail, (Fault("/version", detail),))
    return version or document.version


def publish_rule(
    document: DefinitionDocument | None, list_id: UUID, body: dict[str, Any], stands: StreamWrite
) -> Change[DefinitionDocument]:
    """Put the next version of a list's rule in force, while the list stays as it ``stands``."""
    drafted = DefinitionDocument(
        definition_id=list_id,
        kind=LIST,
        version=document.version + 1 if document else 1,
        body=body,
        state="published",
    )
    published = drafted.model_copy(
        update={"published_version": drafted.version, "published_body": body}
    )
    steps = (_step(drafted, "definition.drafted"), _step(published, "definition.published"))
    return Change(document=published, steps=steps, rests_on=(stands,))


def retire(document: DefinitionDocument) -> Change[DefinitionDocument]:
    """Put a definition out of force."""
    if document.published_version is None:
        raise MoveRefused("The definition is not in force, so it cannot be retired.")
    retired = document.model_copy(
        update={"state": "retired", "published_version": None, "published_body": None}
    )
    return Change(document=retired, steps=(_step(retired, "definition.retired"),))


def _built_in(definition_id: UUID) -> DefinitionDocument | None:
    return next((d for d in built_in() if d.definition_id == definition_id), None)


def _checked_body(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    if kind not in KINDS:
        detail = f"There are no definitions of kind {kind[:40]!r}; there are {', '.join(KINDS)}."
        raise InvalidInput(detail, (Fault("/kind", detail),))
    try:
        return _plain(_CHECKS[kind](body))
    except ValidationError as error:
        raise InvalidInput("The rule cannot be used.", faults_of(error, "/body")) from error


def _promotion(body: dict[str, Any]) -> PromotionRule:
    rule = PromotionRule.model_validate(body)
    checked_types(rule.events, "/body/events", (Topic.FACTS,))
    checked_props(rule.where, "/body/where")
    return rule


def _classifier(body: dict[str, Any]) -> classifier.Classifier:
    read = classifier.Classifier.model_validate(body)
    unknown = [
        Fault(f"/body/{name[:40]}", "A classifier has no such name.")
        for name in classifier.unknown_names(read)
    ]
    if unknown:
        raise InvalidInput("The classifier cannot be used.", tuple(unknown[:20]))
    return read


_CHECKS: dict[str, Callable[[dict[str, Any]], Model]] = {
    "promotion": _promotion,
    "classifier": _classifier,
}


def _plain(body: Model) -> dict[str, Any]:
    plain: dict[str, Any] = body.model_dump(mode="json", by_alias=True)
    return plain


def _step(document: DefinitionDocument, event_type: str) -> Step:
    payload = DefinitionStep(
        definition_id=document.definition_id,
        kind=document.kind,
        version=document.version,
        body=document.body,
    )
    return Step(event_type=event_type, payload=payload, key_name=str(document.definition_id))
