"""Marketing lists: made, changed, locked; members of static ones, rules of dynamic ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from events.gate import Claim
from schemas.audiences import members_digest
from schemas.decisions.lists import (
    ListChanged,
    ListCreated,
    ListFields,
    ListFrozen,
    ListMemberStep,
    ListStep,
)
from schemas.documents import AudiencePage, Filling, ListDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused, NotFound
from schemas.fields import Ref
from schemas.payload import Payload
from schemas.rules.language import Rule
from schemas.rules.parsing import parse_rule
from services.commands.commander import Change, Found, Step

MOST_MEMBERS = 1000

Bodies = Callable[[UUID], Mapping[str, Any] | None]
"""The rule that a dynamic list has by now."""


def stream_of(list_id: UUID) -> Stream:
    """The stream of a list."""
    return Stream("list", str(list_id))


def known(document: ListDocument | None) -> ListDocument:
    """The list. Raises ``NotFound``."""
    if document is None:
        raise NotFound("There is no such list in this workspace.")
    return document


def create(document: ListDocument) -> Change[ListDocument]:
    """Make a list; its name is taken from now on."""
    made = ListCreated(
        list_id=document.list_id,
        name=document.name,
        kind=document.kind,
        member_type=document.member_type,
        fields=document.fields,
        built_from=document.built_from,
    )
    return Change(
        document=document,
        steps=(_step(document, "list.created", made),),
        claims=(_name_of(document.name, document.list_id),),
    )


def freeze(document: ListDocument, members: Sequence[UUID]) -> Change[ListDocument]:
    """Make a list that is to be given the members another one had, some at a time.

    A frozen one never changes afterwards, a static one may. Raises ``NotUnique`` at the gate.
    """
    made = create(document)
    source = document.built_from
    if document.kind != "frozen" or source is None:
        return made
    frozen = ListFrozen(
        list_id=document.list_id,
        of=source.list_id,
        as_of=source.as_of,
        known_at=source.known_at,
        member_count=len(members),
        digest=members_digest(members),
    )
    return replace(made, steps=(*made.steps, _step(document, "list.frozen", frozen)))


def fill(
    document: ListDocument, filling: Filling, page: Found[AudiencePage]
) -> Change[ListDocument]:
    """Put the members of the next page on a list; nothing where that was done meanwhile.

    Raises ``NotFound`` for a page that was lost: the list would be looked at for ever.
    """
    if document.filling != filling:
        return Change(document=document)
    if page.document is None:
        raise NotFound(f"The page {filling.next_page} of the list's members is not there.")
    members = [member for part in page.document.parts for member in part.members]
    following = filling.next_page + 1
    further = filling.model_copy(update={"next_page": following, "put": filling.put + len(members)})
    left = further if following < filling.pages else None
    return Change(
        document=document.model_copy(update={"filling": left}),
        steps=tuple(_put(document, member, "", on=True) for member in members),
        beside=(page.becoming(None),),
    )


def change(document: ListDocument, changes: ListFields) -> Change[ListDocument]:
    """Change something about a list; what is as it was is no change."""
    said = {name: getattr(changes, name) for name in changes.model_fields_set}
    name = said.pop("name", None) or document.name
    fields = document.fields.model_copy(update=said)
    changed = document.model_copy(update={"name": name, "fields": fields})
    if changed == document:
        return Change(document=document)
    step = _step(document, "list.changed", ListChanged(list_id=document.list_id, changes=changes))
    claims = (_name_of(name, document.list_id),) if name != document.name else ()
    return Change(document=changed, steps=(step,), claims=claims)


def turn(document: ListDocument, event_type: str) -> Change[ListDocument]:
    """Lock or unlock a list, take it out of use or back; once more changes nothing."""
    name, value = _TURNS[event_type]
    if getattr(document, name) == value:
        return Change(document=document)
    step = _step(document, event_type, ListStep(list_id=document.list_id))
    return Change(document=document.model_copy(update={name: value}), steps=(step,))


_TURNS = {
    "list.locked": ("locked", True),
    "list.unlocked": ("locked", False),
    "list.deactivated": ("active", False),
    "list.reactivated": ("active", True),
}


def put(
    document: ListDocument, members: Sequence[UUID], kind: str, reason: str, *, on: bool
) -> Change[ListDocument]:
    """Put records on a static list, or take them off. Raises ``MoveRefused``, ``InvalidInput``."""
    if document.kind == "frozen":
        raise MoveRefused("A frozen list never changes.")
    if document.kind != "static":
        raise MoveRefused("Only a static list takes members by hand; a dynamic one has a rule.")
    if document.filling is not None:
        raise MoveRefused("The list is still being filled. Ask again when it is.")
    _check_unlocked(document)
    if kind != document.member_type:
        detail = f"The list takes records of type {document.member_type} alone."
        raise InvalidInput(detail, (Fault("/member_type", detail),))
    steps = tuple(_put(document, member, reason, on=on) for member in dict.fromkeys(members))
    return Change(document=document, steps=steps)


def checked_rule(
    document: ListDocument, body: Any, lists: Callable[[str], UUID | None], bodies: Bodies
) -> dict[str, Any]:
    """A rule as it is stored, the lists in it named by their ids.

    Raises ``InvalidInput`` with every fault, ``MoveRefused`` for a list that takes no rule.
    """
    if document.kind != "dynamic":
        raise MoveRefused("Only a dynamic list has a rule; records are put on a static one.")
    _check_unlocked(document)
    rule = parse_rule(body, lists)
    if rule.member != document.member_type:
        detail = f"The list is of records of type {document.member_type}."
        raise InvalidInput("The rule is of other records.", (Fault("/member", detail),))
    _check_no_circle(document, rule, bodies)
    resolved: dict[str, Any] = _resolved(body, lists)
    return resolved


def _check_unlocked(document: ListDocument) -> None:
    if document.locked:
        raise MoveRefused("The list is locked. Unlock it first.")


def _check_no_circle(document: ListDocument, rule: Rule, bodies: Bodies) -> None:
    """Raise ``InvalidInput`` if a list would, through whatever others, read itself."""
    seen: set[UUID] = set()
    rest = list(rule.lists)
    while rest:
        list_id = rest.pop()
        if list_id == document.list_id:
            detail = "The rule reads this very list, itself or through others."
            raise InvalidInput("Lists that read each other have no members.",
                               (Fault("/where", detail),))  # fmt: skip
        body = bodies(list_id) if list_id not in seen else None
        seen.add(list_id)
        if body is not None:
            rest += parse_rule(body, UUID).lists


def _resolved(body: Any, lists: Callable[[str], UUID | None]) -> Any:
    if isinstance(body, dict):
        resolved = {name: _resolved(value, lists) for name, value in body.items()}
        if isinstance(body.get("in_list"), str):
            resolved["in_list"] = str(lists(body["in_list"]))
        return resolved
    if isinstance(body, list):
        return [_resolved(item, lists) for item in body]
    return body


def _put(document: ListDocument, member: UUID, reason: str, *, on: bool) -> Step:
    event_type = "list.member_added" if on else "list.member_removed"
    ref = Ref(kind=document.member_type, id=member)
    payload = ListMemberStep(list_id=document.list_id, member=ref, reason=reason)
    return _step(document, event_type, payload)


def _name_of(name: str, list_id: UUID) -> Claim:
    return Claim("list_name", name, str(list_id))


def _step(document: ListDocument, event_type: str, payload: Payload) -> Step:
    return Step(event_type=event_type, payload=payload, key_name=str(document.list_id))
