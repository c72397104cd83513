"""The small registries: links and forms under names of their own, the others beside them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from schemas.documents import RegistryDocument
from schemas.errors import Fault, InvalidInput
from schemas.views import Rows
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Deed, Desk, show
from services.api.paging import listed, page_of
from services.api.parameters import Page
from services.commands import registries
from services.commands.commander import Change
from services.sending.courier import is_allowed

router = APIRouter(tags=["registries"])
Entry = Annotated[dict[str, Any], Body()]


def _deed(desk: Desk, call: Call) -> Deed[RegistryDocument]:
    return Deed(desk, call, RegistryDocument, answers.entry)


def _register(desk: Desk, call: Call, registry: str, entry: dict[str, Any]) -> Response:
    call.required_key()
    registries.known_registry(registry)
    _check_place(call, registry, entry)
    named = registries.named(registry, entry, call.parts.random)
    entry_id, _ = registries.checked(registry, named)

    def decide(document: RegistryDocument | None) -> Change[RegistryDocument]:
        return registries.register(document, registry, named, lambda s: desk.exists(call, s))

    stream = registries.stream_of(registry, entry_id)
    done = _deed(desk, call).do(stream, decide, status=201)
    call.parts.reference.refresh()
    return done


def _change(
    desk: Desk, call: Call, registry: str, entry_id: str, changes: dict[str, Any]
) -> Response:
    registries.known_registry(registry)
    _check_place(call, registry, changes)
    said = dict(changes)
    expected = _version(said.pop("expected_version", None))

    def decide(document: RegistryDocument | None) -> Change[RegistryDocument]:
        standing = registries.known(document)
        return registries.change(standing, said, lambda s: desk.exists(call, s))

    stream = registries.stream_of(registry, entry_id)
    done = _deed(desk, call).do(stream, decide, expected=expected)
    call.parts.reference.refresh()
    return done


def _check_place(call: Call, registry: str, said: dict[str, Any]) -> None:
    """Messages are pushed to no place that the operator has not named. Raises ``InvalidInput``."""
    url = said.get("url")
    if registry != "sender" or not isinstance(url, str):
        return
    if not is_allowed(url, call.parts.settings.sender_origins):
        detail = "The operator has not allowed this place: see ANSWERBACK_SENDER_ORIGINS."
        raise InvalidInput(detail, (Fault("/url", detail),))


def _version(said: object) -> int | None:
    if said is None or (isinstance(said, int) and not isinstance(said, bool) and said >= 0):
        return said
    detail = "A version is a whole number that is not negative."
    raise InvalidInput(detail, (Fault("/expected_version", detail),))


def _list(desk: Desk, call: Call, registry: str, request: Request, page: Page) -> Response:
    registries.known_registry(registry)
    found = desk.commander.find_all(call.workspace, "registry", RegistryDocument)
    own = [f for f in found if f.document and f.document.registry == registry]
    chosen, further = page_of(own, lambda f: f.stream.id, page.cursor, page.limit)
    shown = [answers.entry(f.document, f.version) for f in chosen if f.document]
    return listed(request, shown, further)


def _read(desk: Desk, call: Call, registry: str, entry_id: str) -> Response:
    registries.known_registry(registry)
    stream = registries.stream_of(registry, entry_id)
    found = desk.find(call, stream, RegistryDocument)
    return show(answers.entry(registries.known(found.document), found.version))


def _routes(path: str, registry: str) -> None:
    """The four routes of a registry that has a name of its own."""

    def register_entry(entry: Entry, call: Writing, desk: AtDesk) -> Response:
        return _register(desk, call, registry, entry)

    def list_entries(request: Request, page: Page, call: Reading, desk: AtDesk) -> Response:
        return _list(desk, call, registry, request, page)

    def read_entry(entry_id: str, call: Reading, desk: AtDesk) -> Response:
        return _read(desk, call, registry, entry_id)

    def change_entry(entry_id: str, changes: Entry, call: Writing, desk: AtDesk) -> Response:
        return _change(desk, call, registry, entry_id, changes)

    one, all_ = answers.EntryAnswer, Rows[answers.EntryAnswer]
    add = router.add_api_route
    add(path, register_entry, methods=["POST"], status_code=201, response_model=one,
        name=f"register_{registry}", summary=f"Register a {registry}")  # fmt: skip
    add(path, list_entries, methods=["GET"], response_model=all_,
        name=f"list_{registry}s", summary=f"List the {registry}s")  # fmt: skip
    add(path + "/{entry_id}", read_entry, methods=["GET"], response_model=one,
        name=f"read_{registry}", summary=f"Read a {registry}")  # fmt: skip
    add(path + "/{entry_id}", change_entry, methods=["PATCH"], response_model=one,
        name=f"change_{registry}", summary=f"Change a {registry}")  # fmt: skip


_routes("/links", "link")
_routes("/forms", "form")
_routes("/sources", "source")
_routes("/senders", "sender")


@router.post("/registries/{registry}", status_code=201, response_model=answers.EntryAnswer)
def register_entry(registry: str, entry: Entry, call: Writing, desk: AtDesk) -> Response:
    """Register an entry; ids are drawn where they are absent and can be."""
    return _register(desk, call, registry, entry)


@router.get("/registries/{registry}", response_model=Rows[answers.EntryAnswer])
def list_entries(
    registry: str, request: Request, page: Page, call: Reading, desk: AtDesk
) -> Response:
    """The entries of a registry, in the order of their ids."""
    return _list(desk, call, registry, request, page)


@router.get("/registries/{registry}/{entry_id}", response_model=answers.EntryAnswer)
def read_entry(registry: str, entry_id: str, call: Reading, desk: AtDesk) -> Response:
    """One entry."""
    return _read(desk, call, registry, entry_id)


@router.patch("/registries/{registry}/{entry_id}", response_model=answers.EntryAnswer)
def change_entry(
    registry: str, entry_id: str, changes: Entry, call: Writing, desk: AtDesk
) -> Response:
    """Set some of an entry's fields anew."""
    return _change(desk, call, registry, entry_id, changes)
