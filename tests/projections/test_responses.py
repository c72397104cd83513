"""Responses: promotion, settling, manual capture, statuses, adoption (M1, M2, M11, R7 to R12)."""

from __future__ import annotations

from uuid import UUID

import pytest

from projections.folds.responses.document import ResponseDoc
from schemas.ids import named_id
from schemas.promotion import rule_id
from tests.support import campaign as c

pytestmark = pytest.mark.both_modes

MINUTE = 60_000
DAY = 86_400_000


def _turn(world):
    while world.turn():
        pass


def _started(world):
    start = world.clock() - DAY
    world.append(*c.planned(world), c.contact(world, 0), *c.sent(world, 0, start))
    return start


def _by_type(world) -> dict[str, ResponseDoc]:
    return {doc.type: doc for doc in world.responses()}


def test_each_source_makes_one_response(world):
    start = _started(world)
    at = start + 10 * MINUTE
    reply = {"message_id": str(c.message(0)), "provider": "p", "provider_message_id": "r",
             "thread_id": "t", "text": "Hello"}  # fmt: skip
    sms = {"provider_message_id": "s1", "from": "+447700900001", "to": "+1", "text": "Yes",
           "keyword": "none", "message_id": str(c.message(0))}  # fmt: skip
    world.append(
        c.clicked(world, 0, at),
        c.form_sent(world, 0, at),
        c.called(world, 0, at),
        world.fact("email.replied", reply, "reply", at=at, recipient=c.person(0)),
        world.fact("sms.received", sms, "sms", at=at),
    )
    world.run()
    found = _by_type(world)
    assert set(found) == {"click", "form", "call", "reply", "sms"}
    assert len(world.responses()) == 5
    assert {doc.campaign_id for doc in found.values()} == {c.CAMPAIGN}
    assert {doc.channel for doc in found.values()} == {"email", "web_form", "phone", "sms"}
    assert all(doc.occurred_at == at for doc in found.values())
    assert found["form"].cluster == str(c.person(0))
    assert found["click"].country == "PL"


def test_a_click_is_captured_when_it_has_settled(world):
    start = _started(world)
    world.append(c.clicked(world, 0, start + 10 * MINUTE))
    _turn(world)
    assert world.responses() == []
    world.clock.advance(14_999)
    world.rows_sink.tick(world.clock())
    assert world.responses() == []
    world.clock.advance(1)
    world.rows_sink.tick(world.clock())
    assert [doc.type for doc in world.responses()] == ["click"]


def test_a_machine_makes_no_response(world):
    start = _started(world)
    world.append(c.clicked(world, 0, start + 10 * MINUTE, agent=c.CRAWLER))
    world.run()
    assert world.responses() == []


def test_two_clicks_in_one_mail_are_one_response(world):
    start = _started(world)
    first, second = start + 10 * MINUTE, start + 20 * MINUTE
    world.append(c.clicked(world, 0, second, link=c.LINKS[1]), c.clicked(world, 0, first))
    world.run()
    (only,) = world.responses()
    assert only.occurred_at == first


def test_a_burst_retracts_a_response(world):
    start = _started(world)
    at = start + 10 * MINUTE
    world.append(c.clicked(world, 0, at))
    world.run()
    assert len(world.responses()) == 1
    world.append(*(c.clicked(world, 0, at + 1000 + n, link=c.LINKS[n]) for n in range(1, 5)))
    world.run()
    assert world.responses() == []
    journal = world.columns.query("SELECT type, count() AS n FROM journal GROUP BY type")
    counts = dict(zip(*(journal.column(i).to_pylist() for i in (0, 1)), strict=True))
    assert (counts["response.captured"], counts["response.retracted"]) == (1, 1)


def test_a_response_that_was_decided_on_is_adopted(world):
    start = _started(world)
    at = start + 10 * MINUTE
    world.append(c.clicked(world, 0, at))
    world.run()
    (only,) = world.responses()
    reviewed = {"response_id": str(only.response_id)}
    stream = f"response:{only.response_id}"
    world.append(world.decision("response.reviewed", reviewed, stream, 1, only.entity))
    world.append(*(c.clicked(world, 0, at + 1000 + n, link=c.LINKS[n]) for n in range(1, 5)))
    world.run()
    (still,) = world.responses()
    assert (still.adopted, still.status) == (True, "reviewed")
    assert all(table.equal for table in world.rebuilt())


def test_statuses_follow_the_decisions_in_their_order(world):
    start = _started(world)
    world.append(c.form_sent(world, 0, start))
    world.run()
    (only,) = world.responses()
    name = str(only.response_id)
    stream = f"response:{name}"
    lead = {"kind": "lead", "id": str(named_id("lead"))}
    steps = [
        ("response.reviewed", {"response_id": name}),
        ("response.classified", {"response_id": name, "code": "interested", "classified_by": "u"}),
        ("response.converted", {"response_id": name, "target": lead, "kind": "lead",
                                "ordinal": 0, "matched": False}),
        ("response.closed", {"response_id": name, "reason": "done"}),
        # Not allowed any more: ignored.
        ("response.canceled", {"response_id": name}),
    ]  # fmt: skip
    records = [
        world.decision(kind, data, stream, version, only.entity)
        for version, (kind, data) in enumerate(steps, 1)
    ]
    world.append(*reversed(records))
    world.run()
    (now,) = world.responses()
    assert (now.status, now.code, now.version) == ("closed", "interested", 5)
    assert now.lead_at > 0
    assert now.reviewed_at > 0
    kpis = world.kpis(campaign_id=c.CAMPAIGN)[0].kpis
    assert (kpis["lead_conversion_rate"].numerator, kpis["conversion_rate"].denominator) == (1, 1)


def test_a_decision_waits_for_its_response(world):
    start = _started(world)
    form = c.form_sent(world, 0, start)
    world.append(form)
    world.run()
    (known,) = world.responses()
    # The same in a world where the decision comes first.
    stream = f"response:{known.response_id}"
    decision = world.decision(
        "response.reviewed", {"response_id": str(known.response_id)}, stream, 1, known.entity
    )
    world.append(decision)
    world.run()
    assert world.responses()[0].status == "reviewed"
    assert all(table.equal for table in world.rebuilt())


def test_a_response_entered_by_hand_is_counted(world):
    _started(world)
    name = named_id("by-hand")
    captured = {
        "response_id": str(name), "campaign_id": str(c.CAMPAIGN), "subject": "Met at the fair",
        "type": "other", "channel": "others", "source": "manual", "first_name": "Ada",
        "email": "ada@example.com", "received_at": "2026-10-01T00:00:00Z", "precision": "day",
    }  # fmt: skip
    world.append(world.decision("response.captured", captured, f"response:{name}", 1, None))
    world.run()
    (only,) = world.responses()
    assert (only.source, only.precision, only.response_id) == ("manual", "day", name)
    assert "Ada" not in only.model_dump_json()


def test_switching_a_rule_off_stops_the_next_and_keeps_the_earlier(world):
    start = _started(world)
    world.append(c.form_sent(world, 0, start))
    world.run()
    body = {"enabled": False, "events": ["form.submitted"], "response_type": "form",
            "channel": "web_form", "anchor": "submission", "order": 40}  # fmt: skip
    identity = rule_id("form")
    published = {"definition_id": str(identity), "kind": "promotion", "version": 2, "body": body}
    world.append(
        world.decision("definition.published", published, f"definition:{identity}", 1, identity)
    )
    world.clock.advance(4_999)
    world.append(c.form_sent(world, 0, start + MINUTE))  # before it takes effect
    world.clock.advance(1)
    world.append(c.form_sent(world, 0, start + 2 * MINUTE))
    world.run()
    assert sorted(doc.occurred_at for doc in world.responses()) == [start, start + MINUTE]


def test_a_late_rule_takes_in_the_facts_since_it_took_effect(world):
    start = _started(world)
    identity = named_id("own-rule")
    body = {"events": ["event.tracked"], "response_type": "other", "channel": "others",
            "where": [{"prop": "name", "op": "eq", "value": "Asked for a quote"}]}  # fmt: skip
    published = {"definition_id": str(identity), "kind": "promotion", "version": 1, "body": body}
    rule = world.decision("definition.published", published, f"definition:{identity}", 1, identity)
    asked = {"name": "Asked for a quote", "properties": {}, "campaign_id": str(c.CAMPAIGN)}
    world.clock.advance(10_000)
    world.append(world.fact("event.tracked", asked, "asked", at=start, recipient=c.person(0)))
    _turn(world)
    assert world.responses() == []
    world.append(rule)
    world.run()
    (only,) = world.responses()
    assert only.rule_id == identity


def test_the_campaign_of_an_sms_is_the_only_one_that_touched_the_person(world):
    start = _started(world)
    sms = {"provider_message_id": "s1", "from": "+447700900001", "to": "+1", "text": "Yes",
           "keyword": "none"}  # fmt: skip
    told = {"id": str(c.person(0)), "changes": {"mobile": "+447700900001"}}
    world.append(
        world.fact("sms.received", sms, "sms", at=start + MINUTE),
        world.fact("contact.changed", told, "mobile", at=start),
    )
    world.run()
    (only,) = world.responses()
    assert (only.campaign_id, only.cluster) == (c.CAMPAIGN, str(c.person(0)))
    assert isinstance(only.response_id, UUID)
