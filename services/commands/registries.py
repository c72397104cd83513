"""The small registries: links, forms, contents and the like, each entry a stream of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from schemas.clock import RandomBytes, random_id
from schemas.decisions.definition import RegistryChanged
from schemas.documents import RegistryDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, NotFound, NotUnique
from schemas.fields import Model
from schemas.ids import LINK_NONE, link_text
from schemas.registries import ENTRIES, ENTRY_ID, ContentVersionEntry
from services.commands.commander import Change, Step
from services.commands.faults import faults_of

Exists = Callable[[Stream], bool]


def stream_of(registry: str, entry_id: str) -> Stream:
    """The stream of an entry."""
    return Stream("registry", f"{registry}:{entry_id}")


def known_registry(registry: str) -> type[Model]:
    """The model of a registry's entries. Raises ``NotFound``."""
    try:
        return ENTRIES[registry]
    except KeyError:
        names = ", ".join(sorted(ENTRIES))
        raise NotFound(f"There is no registry {registry[:40]!r}; there are {names}.") from None


def known(document: RegistryDocument | None) -> RegistryDocument:
    """The entry. Raises ``NotFound``."""
    if document is None:
        raise NotFound("There is no such entry in this workspace.")
    return document


def named(registry: str, entry: dict[str, Any], random: RandomBytes) -> dict[str, Any]:
    """The entry with its id: a link's number and every UUID are drawn where they are absent."""
    field = ENTRY_ID[registry]
    if entry.get(field) is not None:
        return entry
    if registry == "link":
        return {**entry, field: link_text(int.from_bytes(random(8), "big"))}
    if known_registry(registry).model_fields[field].annotation is UUID:
        return {**entry, field: str(random_id(random))}
    return entry


def checked(registry: str, entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The entry's id and its canonical content. Raises ``InvalidInput``."""
    try:
        model = known_registry(registry).model_validate(entry)
    except ValidationError as error:
        raise InvalidInput("The entry breaks a rule.", faults_of(error)) from error
    entry_id = str(getattr(model, ENTRY_ID[registry]))
    if not entry_id.strip() or entry_id == LINK_NONE:
        detail = "An entry needs a name; sixteen zeros name no link."
        raise InvalidInput(detail, (Fault(f"/{ENTRY_ID[registry]}", detail),))
    return entry_id, model.model_dump(mode="json", by_alias=True)


def register(
    document: RegistryDocument | None, registry: str, entry: dict[str, Any], exists: Exists
) -> Change[RegistryDocument]:
    """A new entry. Raises ``NotUnique`` if there is one of that name."""
    entry_id, content = checked(registry, entry)
    if document is not None:
        raise NotUnique(f"The {registry} {entry_id} is registered already; change it with PATCH.")
    return _entered(registry, entry_id, content, exists)


def change(
    document: RegistryDocument, changes: dict[str, Any], exists: Exists
) -> Change[RegistryDocument]:
    """An entry with some fields set anew; its name stays."""
    entry_id, content = checked(document.registry, {**document.entry, **changes})
    if entry_id != document.entry_id:
        detail = "An entry keeps its name; register another one instead."
        raise InvalidInput(detail, (Fault(f"/{ENTRY_ID[document.registry]}", detail),))
    if content == document.entry:
        return Change(document=document)
    return _entered(document.registry, entry_id, content, exists)


def _entered(
    registry: str, entry_id: str, content: dict[str, Any], exists: Exists
) -> Change[RegistryDocument]:
    _checked_references(registry, content, exists)
    document = RegistryDocument(registry=registry, entry_id=entry_id, entry=content)
    payload = RegistryChanged.model_validate(
        {"registry": registry, "entry_id": entry_id, "changes": content}
    )
    return Change(document=document, steps=(Step(event_type="registry.changed", payload=payload),))


def _checked_references(registry: str, content: dict[str, Any], exists: Exists) -> None:
    """What an entry names must exist in the same workspace."""
    faults = [
        Fault(f"/{kind}_id", f"There is no such {kind} in this workspace.")
        for kind in ("campaign", "activity")
        if (name := content.get(f"{kind}_id")) and not exists(Stream(kind, str(name)))
    ]
    if known_registry(registry) is ContentVersionEntry:
        faults += [
            Fault(f"/links/{index}", "There is no such link in this workspace.")
            for index, number in enumerate(content["links"])
            if not exists(stream_of("link", number))
        ]
    if faults:
        raise InvalidInput("The entry names what does not exist.", tuple(faults))
