"""Global Privacy Control at every tracking door, by what the workspace chooses."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from events.codec import payload_of
from services.access import GpcMode
from services.collector.consent import without_cross_context
from services.collector.tokens import Purpose
from services.metrics import EVENTS_REJECTED
from services.settings import Settings
from tests.services.collector.site import FORM, MESSAGE, ORIGIN, RECIPIENT, Site
from tests.support.parts import make_parts

GPC = {"Sec-GPC": "1"}
VISITOR = "66666666-6666-4666-8666-666666666666"
TRACK: dict[str, Any] = {
    "type": "track", "event": "Played", "anonymousId": VISITOR, "userId": "ann",
    "properties": {"gclid": "x", "length": 5, "page": {"FBCLID": "y"}},
}  # fmt: skip


@pytest.fixture
def site(site: Site) -> Site:
    site.register_link(append_click_id=True)
    site.register_form()
    site.register_source()
    return site


def choose(site: Site, mode: GpcMode) -> None:
    site.parts.access.update_workspace("demo", gpc_mode=mode)


def visit(site: Site, door: str, **headers: str) -> int:
    """One request to a tracking door; answers its status."""
    match door:
        case "pixel":
            return site.ask("GET", site.pixel(), headers=headers).status_code
        case "click":
            return site.ask("GET", site.click(), headers=headers).status_code
        case _:
            return site.call(TRACK, **headers).status_code


ANSWERS = {"pixel": 200, "click": 302, "source": 204}


@pytest.mark.parametrize("door", ANSWERS)
def test_keep_marks_the_event(site: Site, door: str) -> None:
    assert visit(site, door, **GPC) == ANSWERS[door]
    assert site.event().flags == ("gpc",)


@pytest.mark.parametrize("door", ANSWERS)
def test_anonymous_names_nobody(site: Site, door: str) -> None:
    choose(site, GpcMode.ANONYMOUS)
    assert visit(site, door, **GPC) == ANSWERS[door]
    event = site.event()
    payload_of(event)
    whole = f"{event}{event.data!r}"
    for name in (RECIPIENT, MESSAGE, VISITOR, "ann"):
        assert str(name) not in whole
    assert event.flags == ("gpc",)
    visit(site, door, **GPC)
    first, second = site.events()
    assert first.subject_id != second.subject_id


@pytest.mark.parametrize("door", ANSWERS)
def test_drop_only_counts(site: Site, door: str) -> None:
    choose(site, GpcMode.DROP)
    before = EVENTS_REJECTED.labels("gpc")._value.get()
    assert visit(site, door, **GPC) == ANSWERS[door]
    assert site.events() == []
    assert EVENTS_REJECTED.labels("gpc")._value.get() == before + 1


@pytest.mark.parametrize("door", ANSWERS)
@pytest.mark.parametrize("header", [{}, {"Sec-GPC": "0"}, {"Sec-GPC": "true"}, {"DNT": "1"}])
def test_without_a_signal_the_mode_does_nothing(
    site: Site, door: str, header: dict[str, str]
) -> None:
    choose(site, GpcMode.DROP)
    visit(site, door, **header)
    assert site.event().flags == ()


def test_dnt_counts_where_the_operator_says_so() -> None:
    site = Site(make_parts(settings=Settings(dnt_as_gpc=True)))
    choose(site, GpcMode.DROP)
    site.ask("GET", site.pixel(), headers={"DNT": "1"})
    assert site.events() == []
    site.ask("GET", site.pixel(), headers={"DNT": "0"})
    assert site.event().flags == ()


def test_the_mode_of_one_workspace_is_not_anothers(site: Site) -> None:
    site.parts.access.create_workspace("other", "UTC", "EUR")
    choose(site, GpcMode.DROP)
    site.ask("GET", site.pixel(workspace="other"), headers=GPC)
    assert site.event().workspace == "other"


@pytest.mark.parametrize("mode", [GpcMode.ANONYMOUS, GpcMode.DROP])
def test_a_click_that_names_nobody_joins_nothing(site: Site, mode: GpcMode) -> None:
    assert "answerback_cid=" in site.ask("GET", site.click(), headers=GPC).headers["location"]
    choose(site, mode)
    assert "answerback_cid" not in site.ask("GET", site.click(), headers=GPC).headers["location"]


def test_ids_that_others_know_are_dropped_with_the_signal(site: Site) -> None:
    site.call(TRACK, **GPC)
    assert orjson.loads(site.event().data)["properties"] == {"length": 5, "page": {}}
    assert without_cross_context([{"IDFA": 1, "a": [{"_ga": 2}]}]) == [{"a": [{}]}]


@pytest.mark.parametrize("kind", ["identify", "group", "alias"])
def test_anonymous_calls_tell_nothing_of_who_somebody_is(site: Site, kind: str) -> None:
    choose(site, GpcMode.ANONYMOUS)
    call = {"type": kind, "userId": "ann", "groupId": "acme", "previousId": "old"}
    assert site.call(call, **GPC).status_code == 204
    assert site.call({"type": "wave", "email": "ann@example.com"}, **GPC).status_code == 204
    assert site.events() == []


@pytest.mark.parametrize("mode", [GpcMode.ANONYMOUS, GpcMode.DROP])
def test_what_a_person_does_on_purpose_is_taken(site: Site, mode: GpcMode) -> None:
    choose(site, mode)
    sent = {"email": "ann@example.com", "ab_visitor": VISITOR}
    site.ask("POST", f"/f/{FORM}", data=sent, headers={"Origin": ORIGIN, **GPC})
    site.ask("POST", f"/u/{site.token(Purpose.UNSUBSCRIBE)}", headers=GPC)
    told = {event.type: orjson.loads(event.data) for event in site.events()}
    assert set(told) == {"form.submitted", "email.unsubscribed"}
    assert "visitor_id" not in told["form.submitted"]
    assert told["form.submitted"]["address"]["hash"]


def test_the_well_known_resource_says_that_the_signal_is_honored(site: Site) -> None:
    reply = site.ask("GET", "/.well-known/gpc.json")
    assert reply.headers["content-type"] == "application/json"
    told = reply.json()
    assert (told["gpc"], told["version"]) == (True, 1)
    assert len(told["lastUpdate"]) == len("2026-11-25")
    assert site.ask("POST", "/.well-known/gpc.json").status_code == 405
