"""Lists made of others: frozen ones stay as they are, static ones until changed by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from schemas.audiences import members_digest
from schemas.documents import AudiencePage
from schemas.instants import format_instant
from services.api.desk import Desk
from services.commands import distributions
from services.commands.commander import Order
from services.distribution import pages
from services.distribution.filling import Fillings
from tests.services.api.caller import problem
from tests.support import campaign as c
from tests.support.listed import DAY, settle
from tests.support.merging import merged
from tests.support.office import ANN, BOB, CAT, Office, people, told

GDYNIA = {"field": "city", "op": "eq", "value": "Gdynia"}


def dynamic(office: Office, where: Any = None) -> str:
    said = {"name": "Coast", "kind": "dynamic", "member_type": "contact"}
    list_id: str = office.caller.done("/lists", said)["list_id"]
    rule(office, list_id, GDYNIA if where is None else where)
    return list_id


def rule(office: Office, list_id: str, where: Any) -> None:
    body = {"v": 1, "member": "contact", "tz": "UTC", "where": where}
    office.caller.done(f"/lists/{list_id}/rule", body)
    office.world.clock.advance(6_000)
    settle(office.world)


def frozen(office: Office, list_id: str, name: str = "Then", **said: Any) -> dict[str, Any]:
    settle(office.world)
    done: dict[str, Any] = office.caller.done(f"/lists/{list_id}/freeze", {"name": name, **said})
    filled(office)
    return done


def filled(office: Office) -> None:
    fillings = Fillings(office.parts, Desk(office.parts).commander)
    settle(office.world)
    while fillings.turn():
        settle(office.world)


def members(office: Office, list_id: str) -> set[UUID]:
    rows = office.caller.get(f"/lists/{list_id}/members").json()["data"]
    return {UUID(row["member"]) for row in rows}


def moved(office: Office, number: int, city: str) -> None:
    data = {"id": str(c.person(number)), "changes": {"city": city}}
    name = f"moved {number} {office.world.clock()}"
    office.world.append(office.world.fact("contact.changed", data, name))
    settle(office.world)


def test_a_frozen_list_never_changes(office: Office) -> None:
    """M46: whatever happens to records, to the rule, or to who is who."""
    people(office, 1, 2)
    source = dynamic(office)
    then = frozen(office, source)["list_id"]
    assert members(office, then) == {ANN, BOB}
    moved(office, 1, "Sopot")
    people(office, 3)
    office.world.append(merged(office.world, 3, 2))
    rule(office, source, {"not": GDYNIA})
    assert members(office, source) == {ANN}
    assert members(office, then) == {ANN, BOB}
    put = {"members": [str(CAT)], "member_type": "contact"}
    for step in ("members", "members/remove"):
        refused = problem(office.caller.post(f"/lists/{then}/{step}", put), 409)
        assert refused["detail"] == "A frozen list never changes."
    problem(office.caller.post(f"/lists/{then}/rule", {}), 409)


def test_what_it_is_of_is_told_and_stands_in_the_log(office: Office) -> None:
    people(office, 1, 2)
    source = dynamic(office)
    then = frozen(office, source)["list_id"]
    shown = office.caller.get(f"/lists/{then}").json()
    assert (shown["kind"], shown["filling"], shown["member_count"]) == ("frozen", None, 2)
    assert (shown["built_from"]["list_id"], shown["built_from"]["definition_version"]) == (
        source, 1,
    )  # fmt: skip
    (event,) = told(office, "list.frozen")
    assert (str(event.of), event.member_count) == (source, 2)
    assert event.digest == members_digest([BOB, ANN])
    assert shown["built_from"]["known_at"] == event.known_at


def test_static_and_dynamic_are_equal_and_then_differ_by_later_changes(office: Office) -> None:
    """M48: both kinds from one rule."""
    people(office, 1, 2)
    source = dynamic(office)
    static = frozen(office, source, kind="static")["list_id"]
    assert members(office, static) == members(office, source) == {ANN, BOB}
    moved(office, 1, "Sopot")
    people(office, 3)
    settle(office.world)
    assert members(office, source) == {BOB, CAT}
    put = {"members": [str(CAT)], "member_type": "contact"}
    office.caller.done(f"/lists/{static}/members", put)
    settle(office.world)
    assert members(office, static) == {ANN, BOB, CAT}
    assert told(office, "list.frozen") == []


def test_a_list_is_frozen_as_of_any_moment(office: Office) -> None:
    """... of data time, and as it was known at another."""
    people(office, 1)
    source = dynamic(office)
    start = office.world.clock()
    office.world.clock.advance(DAY)
    moved(office, 1, "Sopot")
    people(office, 2)
    settle(office.world)
    known = office.caller.get(f"/lists/{source}/members").json()["known_at"]
    late = {"id": str(CAT), "changes": {"city": "Gdynia"}}
    office.world.append(office.world.fact("contact.created", late, "late", at=start - 1))
    settle(office.world)
    as_of = format_instant(start)
    assert members(office, frozen(office, source, "Now")["list_id"]) == {BOB, CAT}
    assert members(office, frozen(office, source, "Day", as_of=as_of)["list_id"]) == {ANN, CAT}
    both = frozen(office, source, "Known", as_of=as_of, known_at=known)
    assert members(office, both["list_id"]) == {ANN}
    assert both["built_from"]["as_of"] == as_of


def test_a_large_list_is_filled_by_pages_and_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    people(office, 1, 2, 3, 4, 5)
    source = dynamic(office)
    settle(office.world)
    then = office.caller.done(f"/lists/{source}/freeze", {"name": "Then"})
    assert then["filling"] == {"members": 5, "put": 0}
    list_id = then["list_id"]
    fillings = Fillings(office.parts, Desk(office.parts).commander)
    assert fillings.turn()
    settle(office.world)
    shown = office.caller.get(f"/lists/{list_id}").json()
    assert (shown["filling"], shown["member_count"]) == ({"members": 5, "put": 2}, 2)
    # It is of no use before it is whole.
    campaign = office.caller.campaign()["campaign_id"]
    said = {"kind": "distribution", "channel": "email", "subject": "x", "list_ids": [list_id]}
    refused = problem(office.caller.post(f"/campaigns/{campaign}/activities", said), 422)
    assert "being filled" in refused["detail"]
    problem(office.caller.post(f"/lists/{list_id}/freeze", {"name": "Again"}), 409)
    settle(office.world)
    static = office.caller.done(f"/lists/{source}/freeze", {"name": "Now", "kind": "static"})
    put = {"members": [str(ANN)], "member_type": "contact"}
    for step in ("members", "members/remove"):  # a later page would undo it
        problem(office.caller.post(f"/lists/{static['list_id']}/{step}", put), 409)
    settle(office.world)
    filled(office)  # by another process
    shown = office.caller.get(f"/lists/{list_id}").json()
    assert (shown["filling"], shown["member_count"]) == (None, 5)
    assert len(told(office, "list.member_added")) == 5 + 5
    kept = office.parts.gate.states("demo", distributions.page_stream(ANN, 0).kind)
    assert all(not one.state for _, one in kept)


def test_a_page_that_was_lost_holds_nobody_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    people(office, 1)
    source = dynamic(office)
    settle(office.world)
    office.caller.done(f"/lists/{source}/freeze", {"name": "Then"})
    commander = Desk(office.parts).commander
    (page,) = commander.find_all("demo", distributions.page_stream(ANN, 0).kind, AudiencePage)
    commander.append(Order(workspace="demo", actor="x"), (), (page.becoming(None),))
    assert not Fillings(office.parts, commander).turn()
    assert "The page 0 of the list's members is not there." in caplog.text


def test_the_same_request_makes_one_list(office: Office) -> None:
    people(office, 1)
    source = dynamic(office)
    settle(office.world)
    one = office.caller.done(f"/lists/{source}/freeze", {"name": "Then"}, "key")
    settle(office.world)
    assert office.caller.done(f"/lists/{source}/freeze", {"name": "Then"}, "key") == one
    problem(office.caller.post(f"/lists/{source}/freeze", {"name": "Then"}), 409)
    problem(office.caller.post(f"/lists/{CAT}/freeze", {"name": "x"}), 404)
    problem(office.caller.post(f"/lists/{source}/freeze", {"name": "y", "as_of": "soon"}), 400)
    empty = dynamic_named(office, "Nobody")
    settle(office.world)
    done = office.caller.done(f"/lists/{empty}/freeze", {"name": "Still nobody"})
    assert done["filling"] is None


def dynamic_named(office: Office, name: str) -> str:
    said = {"name": name, "kind": "dynamic", "member_type": "contact"}
    list_id: str = office.caller.done("/lists", said)["list_id"]
    return list_id


def test_a_frozen_list_is_written_to(office: Office) -> None:
    people(office, 1, 2)
    then = frozen(office, dynamic(office))["list_id"]
    moved(office, 1, "Sopot")
    _, activity = office.launched(then)
    assert office.distribute(activity)["prepared"] == 2
