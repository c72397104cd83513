"""Who is on lists by now, and what is known of each, on the stores of both modes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from events.cursor import Cursor
from schemas.audiences import RecipientsQuery, RecipientView
from schemas.errors import Stale
from schemas.ids import named_id
from tests.support import campaign as c
from tests.support.listed import DAY, IN_GDYNIA, LIST, OTHER, publish, settle, told
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes
CHOSEN = named_id("test", "chosen")


def chosen(world: World, *members: UUID, list_id: UUID = CHOSEN, version: int = 1) -> None:
    """Put contacts on a static list."""
    for number, member in enumerate(members):
        data = {"list_id": str(list_id), "member": {"kind": "contact", "id": str(member)}}
        stream = f"list:{list_id}"
        world.append(world.decision("list.member_added", data, stream, version + number, list_id))
    settle(world)


def recipients(world: World, channel: str = "email", days: int = 0) -> list[RecipientView]:
    now = world.clock()
    found = world.reads().audience(WORKSPACE, [CHOSEN], Cursor())
    query = RecipientsQuery(
        activity_id=c.EMAIL, channel=channel, parts=found.parts, pinned_at=now, at=now,
        contacted_since=now - days * DAY,
    )  # fmt: skip
    return world.reads().recipients(WORKSPACE, query, Cursor())


def test_members_of_several_lists_stand_with_the_first(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(*(told(world, n, "a", city="Gdynia") for n in (1, 2)))
    chosen(world, c.person(2), c.person(3))
    found = world.reads().audience(WORKSPACE, [LIST, CHOSEN, OTHER], world.log.heads())
    assert [(one.list_id, one.version) for one in found.lists] == [
        (LIST, 1), (CHOSEN, 0), (OTHER, 0),
    ]  # fmt: skip
    by_list = {part.list_id: set(part.members) for part in found.parts}
    assert by_list == {LIST: {c.person(1), c.person(2)}, CHOSEN: {c.person(3)}}
    assert Cursor.decode(found.known_at).reaches(Cursor())
    assert {one.known_at for one in found.lists} == {found.known_at}


def test_nobody_is_read_before_all_is_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.reading.reader.PATIENCE", 0)
    chosen(world, c.person(1))
    world.append(told(world, 1, "a", city="Gdynia"))
    with pytest.raises(Stale):
        world.reads().audience(WORKSPACE, [CHOSEN], world.log.heads())


def test_what_is_known_of_a_recipient(world: World) -> None:
    world.append(
        told(world, 1, "a", email=[c.address(1)], mobile="+48601000001"),
        told(world, 2, "b", email=[c.address(2)], telephone="+48601000002", state=1),
        told(world, 3, "c", email=[c.address(1)]),
    )
    world.append(
        _about(world, 2, "email.complained", message_id=str(c.message(2)), via="provider",
               purpose="marketing"),
        _about(world, 3, "consent.withdrawn", address=c.address(3), channel="sms",
               purpose="marketing", source="page"),
    )  # fmt: skip
    world.append(*c.planned(world), *c.sent(world, 3, world.clock()))
    chosen(world, c.person(1), c.person(2), c.person(3))
    by_id = {one.member: one for one in recipients(world)}
    one, two, three = (by_id[c.person(n)] for n in (1, 2, 3))
    assert (one.address, two.address, one.is_inactive, two.is_inactive) == (
        c.address(1), c.address(2), False, True,
    )  # fmt: skip
    assert (one.has_complained, two.has_complained, three.has_withdrawn) == (False, True, False)
    # The message of the activity went to the third, whom its address is not known to be of.
    assert (one.written_to, three.written_to) == (None, c.message(3))
    assert (one.ledger_position, three.ledger_position != "") == ("", True)
    assert one.identity_position != ""
    texts = {one.member: one for one in recipients(world, "sms")}
    assert texts[c.person(1)].address == "+48601000001"
    assert texts[c.person(2)].address == "+48601000002"
    assert texts[c.person(3)].address_hash == ""
    assert texts[c.person(3)].has_withdrawn


def test_messages_of_other_activities_are_counted_back_in_time(world: World) -> None:
    world.append(told(world, 1, "a", email=[c.address(1)]))
    chosen(world, c.person(1))
    earlier = world.clock() - 3 * DAY
    data: dict[str, Any] = {
        "message_id": str(c.message(1, c.SMS)), "activity_id": str(c.SMS), "provider": "p",
        "provider_message_id": "x", "address": c.address(1),
        "content_version_id": str(c.CONTENT),
    }  # fmt: skip
    world.append(_about(world, 1, "sms.sent", at=earlier, **data))
    settle(world)
    assert [one.contacts for one in recipients(world, days=2)] == [0]
    assert [one.contacts for one in recipients(world, days=4)] == [1]


def _about(world: World, number: int, kind: str, at: int | None = None, **data: Any) -> Any:
    return world.fact(kind, data, f"{kind} {number}", at=at, recipient=c.person(number))
