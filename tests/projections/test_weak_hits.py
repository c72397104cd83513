"""A sign of a person turns the verdict on a weak hit before it, and every table must follow."""

from __future__ import annotations

from tests.support import campaign as c
from tests.support import happenings as h

MINUTE = 60_000


def test_a_reply_to_one_message_makes_the_weak_open_of_another_count(world):
    world.append(*h.planned(world), c.contact(world, 0))
    at = world.clock() - 86_400_000
    nameless = {"message_id": str(c.message(0)), "hit": c.hit("", ip="")}
    world.append(
        *c.sent(world, 0, at),
        world.fact("email.opened", nameless, "open", at=at + MINUTE, recipient=c.person(0)),
    )
    world.run()
    assert _opens(world) == (0, 1)
    world.append(_texted(world, 0, at + 5 * MINUTE))
    world.run()
    assert _opens(world) == (1, 1)
    assert all(table.equal for table in world.rebuilt())


def test_a_visit_that_turns_out_human_counts_on_its_form(world):
    world.append(*h.planned(world), c.contact(world, 0))
    at = world.clock() - 86_400_000
    visit = {"form_id": str(c.FORM), "visitor_id": str(c.visitor(0)),
             "url": "https://example.com/form", "hit": c.hit("", ip="")}  # fmt: skip
    known = {
        "visitor_id": str(c.visitor(0)),
        "subject": {"kind": "contact", "id": str(c.person(0))},
        "evidence": "login",
        "confidence": 1.0,
    }
    world.append(
        world.fact("visitor.identified", known, "known", at=at),
        world.fact("form.visited", visit, "visit", at=at + MINUTE),
    )
    world.run()
    assert _visits(world) == 0
    world.append(_texted(world, 0, at + 5 * MINUTE))
    world.run()
    assert _visits(world) == 1
    assert all(table.equal for table in world.rebuilt())


def _texted(world, number, at):
    data = {
        "provider": "p",
        "provider_message_id": "in-1",
        "message_id": str(c.message(number, c.SMS)),
        "from": h.mobile(number),
        "to": "+1",
        "text": "Yes",
        "keyword": "none",
    }
    return world.fact("sms.received", data, "text", at=at, recipient=c.person(number))


def _opens(world):
    (only,) = world.kpis(campaign_id=c.CAMPAIGN)
    return tuple(only.kpis[name].numerator for name in ("open_rate", "open_rate_raw"))


def _visits(world):
    rows = world.columns.query("SELECT sum(visits) AS visits FROM form_row FINAL WHERE NOT deleted")
    return int(rows.to_pylist()[0]["visits"])
