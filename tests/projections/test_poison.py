"""What a door accepts, every projection digests: one strange event must not stop the others."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from events.sql.tables import reading
from projections.columns.journal import journal_row
from projections.digests import journal_digest, log_digest
from projections.entities import refresh
from projections.folds.contacts import Contacts
from projections.judgements.judge import Clicks
from projections.past.building import Stores
from projections.reading.journey import journey_rows
from projections.stores.rows import CONTACT, DEAD_LETTER
from schemas.ids import named_id
from schemas.instants import Instant
from services.access import Principal, Scope
from services.collector.batch import Batches
from services.collector.intake import Intake
from services.collector.privacy import Privacy
from services.collector.strictjson import parse_items
from services.collector.undone import UndoneBatches
from services.reference import Reference
from tests.support import campaign as c
from tests.support.world import WORKSPACE, World

HIT = {"ip": "192.0.2.7", "user_agent": c.BROWSER}
MESSAGE = str(c.message(0))
PRINCIPAL = Principal(WORKSPACE, "key", "sender", frozenset((Scope.WRITE,)))
FORM_SENT = {
    "form_id": str(c.FORM), "url": "https://shop.example/", "hit": HIT, "submission_id": "s",
    "fields": {"email": "a@b.example"}, "address": "a@b.example",
}  # fmt: skip
CALLED = {
    "call_id": "c", "direction": "in", "from": "+447700900001", "to": "+1",
    "tracking_number": "+1", "duration_s": 60,
}  # fmt: skip
REPLIED = {
    "message_id": MESSAGE, "provider": "p", "provider_message_id": "r", "thread_id": "t",
    "text": "Hello",
}  # fmt: skip
CLICKED = {
    "message_id": MESSAGE, "hit": HIT, "link_id": c.LINKS[0], "link_kind": "content",
    "url": "https://shop.example/",
}  # fmt: skip
SAMPLES = {
    "form.submitted": FORM_SENT, "call.completed": CALLED, "email.replied": REPLIED,
    "email.clicked": CLICKED, "push.opened": {"message_id": MESSAGE},
    "event.tracked": {"name": "seen"},
    "page.viewed": {"visitor_id": MESSAGE, "url": "https://shop.example/", "hit": HIT},
}  # fmt: skip
UNKNOWN = (
    "campaign_id", "activity_id", "visitor_id", "message_id", "content_version_id", "utm", "code",
    "webinar_id", "share_id", "country", "provider", "form_id", "hit", "link_id", "line", "reason",
    "final", "duration_s", "attempts", "tracking_number", "campaign_keyword", "response_id",
    "links", "money", "address", "sender", "test", "__class__", "model_config",
)  # fmt: skip
STRANGE: tuple[Any, ...] = ("no id", {"amount": "1e400"}, [1, 2], True, -1, 2**64 - 1)
TEXTS = (
    "\0", "a\0b", "'; DROP TABLE journal; --", "\\'", "{x:String}", "$given", "Python(given)",
    "\U0001f600" * 50, "\uffff", "\u202e", "%s %d", "\n\r\t", "NaN", "{}", "x" * 199,
)  # fmt: skip
TIMES = (
    "0001-01-01T00:00:00Z", "1900-01-01", "1970-01-01", "1999-12-31T23:59:59.999Z", "2000-01-01",
    "2016-11-24T00:00:00Z", "2036-11-24T00:00:00Z", "2149-06-07", "2299-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999Z",
)  # fmt: skip


@pytest.fixture
def world(world: World) -> World:
    """With a campaign under way, so that events lead to responses."""
    world.append(*c.planned(world), c.contact(world, 0), *c.sent(world, 0, world.clock() - 86_400))
    return world


def _send(world: World, *events: dict[str, Any]) -> int:
    """Send events through the real intake, project them, and tell how many were taken."""
    names = count()
    told = [{"specversion": "1.0", "id": f"e{next(names)}", "source": "s", **e} for e in events]
    batches = Batches(
        Intake(Reference(world.log), Privacy([]), 65_536), world.composer,
        UndoneBatches(lambda *_: False),
    )  # fmt: skip
    items = parse_items(orjson.dumps(told))
    batch = batches.make(PRINCIPAL, items, Instant(world.clock()))
    world.append(*batch.records)
    world.run()
    with world.rows.connect() as connection:
        buried = connection.execute(sa.select(DEAD_LETTER.c.error)).scalars().all()
    assert buried == []
    assert journal_digest(world.columns) == log_digest(world.log, world.log.heads())
    return len(batch.kinds)


@pytest.mark.parametrize("kind", SAMPLES)
def test_unknown_fields_never_stop_a_projection(world, kind):
    data = SAMPLES[kind]
    unknown = [name for name in UNKNOWN if name not in data]
    events = [
        {"type": kind, "data": {**data, name: strange}} for name in unknown for strange in STRANGE
    ]
    assert _send(world, *events) >= len(unknown)


@pytest.mark.both_modes
def test_strange_texts_reach_every_table(world):
    events: list[dict[str, Any]] = []
    for index, text in enumerate(TEXTS):
        events += _with_text(index, text)
    assert _send(world, *events) == len(events)


def _with_text(index: int, text: str) -> list[dict[str, Any]]:
    """An event of every kind that people put texts into."""
    utm = {text: text, "utm_campaign": text}
    strange_hit = {"ip": text, "country": text, "ip_lists": [text], "user_agent": text}
    ref = {"provider": text, "provider_message_id": text}
    ids = {"activity_id": str(c.EMAIL), "content_version_id": str(c.CONTENT)}
    sent = {"message_id": str(named_id(text)), **ids, "address": f"{text}@b.example", **ref}
    contact = {"email": [text], "city": text, "attributes": {text: [text]}}
    told = {
        "page.viewed": {"visitor_id": MESSAGE, "url": text, "utm": utm, "hit": strange_hit},
        "form.submitted": {**FORM_SENT, "utm": utm, "submission_id": text, "fields": {text: text}},
        "call.completed": {**CALLED, "call_id": text, "from": text, "tracking_number": text},
        "contact.changed": {"id": str(c.person(0)), "changes": contact},
        "email.sent": sent,
        "email.bounced": {"class": "hard", "final": True, "code": text, "reason": text, **ref},
    }
    events = [{"id": f"{index} {kind}", "type": kind, "data": told[kind]} for kind in told]
    return [*events, {"id": f"{index} {text}", "type": text, "data": {text: text}, "time": text}]


def test_times_at_the_edges_of_the_calendar_are_kept(world):
    captured = {
        "response_id": str(c.FORM), "campaign_id": str(c.CAMPAIGN), "subject": "s", "type": "form",
        "channel": "email", "source": "api",
    }  # fmt: skip
    events: list[dict[str, Any]] = []
    for index, time in enumerate(TIMES):
        for kind, data in SAMPLES.items():
            events.append({"type": kind, "data": data, "time": time})
            events.append({"type": kind, "data": data, "time": time, "precision": "day"})
        signed = {"contract_id": "c", "kind": "k", "signed_at": time, "valid_to": time}
        events.append({"type": "contract.signed", "data": signed})
        own = {**captured, "response_id": str(named_id(index)), "received_at": time}
        events.append({"type": "response.captured", "data": own})
    assert _send(world, *events) == len(events)
    assert world.kpis("month", "campaign")


@pytest.mark.parametrize(
    ("money", "taken"),
    [
        pytest.param({"amount": "99999999999999.9999"}, 2, id="the largest"),
        pytest.param({"amount": "99999999999999", "rate": "9999999999"}, 0, id="too large in base"),
        pytest.param({"amount": "99999999999999", "rate": "0.0000000001"}, 2, id="hardly any"),
        pytest.param({"amount": "-99999999999999"}, 2, id="negative"),
    ],
)
def test_amounts_fit_their_columns_or_are_rejected(world, money, taken):
    value = {"currency": "EUR", **money}
    won = {
        "opportunity_id": str(c.FORM), "actual_value": value,
        "customer": {"kind": "contact", "id": str(c.person(0))},
    }  # fmt: skip
    order = {"order_id": "o", "product_id": "p", "category": "c", "total": value}
    events = [{"type": "opportunity.won", "data": won}, {"type": "order.placed", "data": order}]
    assert _send(world, *events) == taken


def test_costs_beyond_the_largest_amount_are_held(world):
    cost = {"cost": {"amount": "99999999999999", "currency": "EUR"}}
    stream = f"campaign:{c.CAMPAIGN}"
    world.append(
        *(world.decision("campaign.cost_recorded", cost, stream, 10 + n, c.CAMPAIGN)
          for n in range(3))
    )  # fmt: skip
    world.run()
    found = world.columns.query("SELECT max(misc_cost) AS cost FROM campaign_copy").to_pylist()
    assert str(found[0]["cost"]) == "99999999999999.9999"


def test_links_of_an_entry_that_has_none_are_passed_over(world):
    changes = {"number": c.LINKS[0], "url": "https://shop.example/", "links": 5}
    entry = {"registry": "link", "entry_id": c.LINKS[0], "changes": changes}
    stream = f"registry:link:{c.LINKS[0]}"
    world.append(world.decision("registry.changed", entry, stream, 50, None))
    world.run()
    assert world.rows_sink.cursor() == world.log.heads()


def test_a_journey_shows_events_with_strange_names(world):
    strange = {"name": "n", "message_id": "no id", "campaign_id": "'", "activity_id": {"a": 1}}
    about = f"contact:{c.person(0)}"
    assert _send(world, {"type": "event.tracked", "data": strange, "subject": about}) == 1
    at = Stores(world.rows, world.columns, 1, world.log.heads())
    steps = journey_rows(at, WORKSPACE, str(c.person(0)), None, None, 100)
    tracked = [step.item for step in steps if step.item.type == "event.tracked"]
    assert [item.message_id for item in tracked] == [None]


def test_what_a_sender_leaves_empty_is_absent_in_log_and_journal(world):
    nothing = str(UUID(int=0))
    empty = dict.fromkeys(("batchid", "visitorid", "correlationid", "causationid"), nothing)
    assert _send(world, {"type": "event.tracked", "data": {"name": "n"}, "time": "", **empty}) == 1
    assert _send(world, {"type": "x.y", "id": "n", "sourceseq": -1}) == 0


def test_hundreds_of_goals_are_counted(world, monkeypatch):
    monkeypatch.setattr(refresh, "_GOALS_AT_ONCE", 2)
    listed = {"prop": "category", "op": "in", "value": [f"{n:0500}" for n in range(1000)]}
    goal = {"type": "order.placed", "where": [listed]}
    for number in range(5):
        identity = named_id("goal", number)
        made = {"name": "G", "kind": "standard", "currency": "EUR", "fields": {"goal_event": goal}}
        stream = f"campaign:{identity}"
        world.append(world.decision("campaign.created", made, stream, 1, identity))
    order = {"order_id": "o", "product_id": "p", "category": "c",
             "total": {"amount": "1", "currency": "EUR"}, "address": "a@b.example"}  # fmt: skip
    assert _send(world, {"type": "order.placed", "data": order}) == 1
    assert world.columns_sink.cursor() == world.log.heads()


def test_hundreds_of_clicks_on_one_message_are_all_judged(world):
    clicks = [
        {"type": "email.clicked", "data": {**CLICKED, "link_id": c.LINKS[n % 6]}}
        for n in range(400)
    ]
    assert _send(world, *clicks) == 400
    judged = world.columns.query(
        "SELECT count() AS n FROM judgement FINAL WHERE verdict = 'machine'"
    ).to_pylist()
    assert judged[0]["n"] == 400


def test_few_of_many_clicks_decide_about_a_burst():
    many = Clicks(((at, link) for at in range(5000) for link in c.LINKS), 5)
    assert len(many.around(2500)) <= 10


def test_an_entity_that_cannot_be_folded_becomes_a_dead_letter(world, monkeypatch):
    fold = Contacts.fold

    def failing(self, entity, facts, context):
        if entity == str(c.person(1)):
            raise ZeroDivisionError("as it were")
        return fold(self, entity, facts, context)

    monkeypatch.setattr(Contacts, "fold", failing)
    world.append(c.contact(world, 0), c.contact(world, 1), c.contact(world, 2))
    world.run()
    letters = _dead_letters(world)
    assert [(letter.sink, letter.type) for letter in letters] == [("rows", "contact.created.v1")]
    assert "ZeroDivisionError" in letters[0].error
    with reading(world.rows).begin() as connection:
        kept = connection.execute(sa.select(CONTACT.c.id).order_by(CONTACT.c.id)).scalars().all()
    assert kept == sorted(str(c.person(n)) for n in (0, 2))


def test_an_event_that_does_not_fit_the_journal_becomes_a_dead_letter(world, monkeypatch):
    def misfit(event):
        row = journal_row(event)
        return {**row, "attempts": -1} if event.subject_id == str(c.person(1)) else row

    monkeypatch.setattr("projections.columns.journaling.journal_row", misfit)
    world.append(c.contact(world, 0), c.contact(world, 1), c.contact(world, 2))
    world.run()
    assert [letter.sink for letter in _dead_letters(world)] == ["columns"]
    found = world.columns.query("SELECT person FROM journal WHERE type = 'contact.created'")
    assert sorted(found.column(0).to_pylist()) == sorted(str(c.person(n)) for n in (0, 2))


def _dead_letters(world):
    with reading(world.rows).begin() as connection:
        return connection.execute(sa.select(DEAD_LETTER)).all()
