"""The invariants of section 7, and a naive reading of it, over random histories of messages."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.log import Record
from schemas.catalogue import Topic
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.world import World

pytestmark = pytest.mark.slow
MINUTE = 60_000
PEOPLE = 12
EXAMPLES = int(os.environ.get("ANSWERBACK_TEST_EXAMPLES", "5"))
ACTIVITIES = {"email": c.EMAIL, "sms": c.SMS, "push": h.PUSH, "call": c.PHONE}
SHORT = {"provider": "p", "content_version_id": str(c.CONTENT), "provider_message_id": "x"}
CLICK = {"link_id": c.LINKS[0], "link_kind": "content", "url": "https://example.com/"}
BOUNCE = {"code": "550", "reason": "no"}
REPLY = {"provider": "p", "thread_id": "t", "text": "Yes", "provider_message_id": "reply"}
VIA = {"via": "page", "purpose": "marketing"}
PROXY, CRAWLER = c.hit("Mozilla/5.0"), c.hit(c.CRAWLER)

HUMAN, PROOF, HARD, SOFT, NOTICE, REFUSED, LOST, TAKEN, PUSHED, OUT, NOTHING = range(11)
"""What an event says of its message, for the naive reading."""

EVENTS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("message.prepared", {}, NOTHING),
    ("recipient.excluded", {"reason": "holdout"}, OUT),
    ("recipient.excluded", {"reason": "no_outcome"}, OUT),
    ("email.sent", {**SHORT, "address": "a@example.com"}, TAKEN),
    ("email.delivered", {"provider": "p"}, NOTICE),
    ("email.deferred", {"code": "421"}, TAKEN),
    ("email.rejected", {"reason": "blocked"}, REFUSED),
    ("email.bounced", {**BOUNCE, "class": "hard", "final": True}, HARD),
    ("email.bounced", {**BOUNCE, "class": "soft", "final": True}, SOFT),
    ("email.bounced", {**BOUNCE, "class": "block", "final": False}, TAKEN),
    ("email.opened", {"hit": c.hit()}, HUMAN),
    ("email.opened", {"hit": PROXY}, PROOF),
    ("email.opened", {"hit": CRAWLER}, NOTHING),
    ("email.clicked", {**CLICK, "hit": c.hit()}, HUMAN),
    ("email.clicked", {**CLICK, "hit": CRAWLER}, NOTHING),
    ("email.clicked", {**CLICK, "link_kind": "unsubscribe", "hit": c.hit()}, HUMAN),
    ("email.clicked", {**CLICK, "link_kind": "honeypot", "hit": c.hit()}, NOTHING),
    ("email.replied", REPLY, HUMAN),
    ("email.autoresponded", {**REPLY, "kind": "out_of_office"}, PROOF),
    ("email.complained", VIA, HUMAN),
    ("email.unsubscribed", VIA, HUMAN),
    ("sms.sent", SHORT, TAKEN),
    ("sms.delivered", {}, NOTICE),
    ("sms.read", {}, NOTICE),
    ("sms.failed", {"code": "30003"}, LOST),
    ("sms.clicked", {**CLICK, "hit": c.hit()}, HUMAN),
    ("sms.received", {"provider_message_id": "i", "from": "+447700900001", "to": "+1",
                      "text": "Yes", "keyword": "none"}, HUMAN),
    ("sms.received", {"provider_message_id": "i", "from": "+447700900001", "to": "+1",
                      "text": "Stop", "keyword": "stop"}, HUMAN),
    ("push.sent", SHORT, PUSHED),
    ("push.failed", {"code": "gone"}, LOST),
    ("push.opened", {"hit": c.hit()}, HUMAN),
    ("push.clicked", {**CLICK, "hit": c.hit()}, HUMAN),
    ("call.started", {}, TAKEN),
    ("call.answered", {}, TAKEN),
    ("call.missed", {"cause": "busy"}, LOST),
    ("call.failed", {}, LOST),
    ("call.voicemail_left", {}, LOST),
    ("call.completed", {"duration_s": 60}, NOTICE),
)  # fmt: skip
CALL = {"call_id": "c", "direction": "out", "from": "+442079460000", "to": "+447700900001",
        "line": "cellular"}  # fmt: skip
Step = tuple[int, int, int]


def _state(said: set[int]) -> str:
    """Section 7 read aloud, for one message."""
    if HUMAN in said:
        return "delivered"
    for sign, state in ((HARD, "bounced_hard"), (SOFT, "bounced_soft")):
        if sign in said:
            return state
    if said & {NOTICE, PROOF}:
        return "delivered"
    for sign, state in ((REFUSED, "blocked"), (LOST, "lost"), (PUSHED, "delivered"),
                        (TAKEN, "waiting"), (OUT, "blocked")):  # fmt: skip
        if sign in said:
            return state
    return "pending"


def _record(world: World, number: int, kind: int, at: int) -> Record:
    name, data, _ = EVENTS[kind]
    # Every message is prepared in an activity: it is targeted, whatever else is known of it.
    channel = _channel(number)
    activity = ACTIVITIES[channel]
    more = {"message_id": str(c.message(number, activity)), "activity_id": str(activity)}
    topic = Topic.FACTS
    if name.startswith("call."):
        more |= CALL
    if name in ("message.prepared", "recipient.excluded"):
        topic = Topic.DECISIONS
    if name == "message.prepared":
        more |= {"campaign_id": str(c.CAMPAIGN), "address": c.address(number)}
    return world.fact(name, {**data, **more}, f"{number}-{kind}-{at}", at=at, topic=topic,
                      recipient=c.person(number))  # fmt: skip


def _channel(number: int) -> str:
    return tuple(ACTIVITIES)[number % len(ACTIVITIES)]


def _fits(number: int, kind: int) -> bool:
    word = EVENTS[kind][0].partition(".")[0]
    return word in (_channel(number), "message", "recipient")


def _counts(steps: list[Step], until: int) -> dict[str, int]:
    """How many messages are in each state, by what had happened until a minute."""
    happened: dict[int, list[tuple[int, int]]] = {}
    for number, kind, minute in steps:
        if minute <= until:
            happened.setdefault(number, []).append((kind, minute))
    counts: dict[str, int] = {}
    for events in happened.values():
        state = _state(_said(events))
        counts[state] = counts.get(state, 0) + 1
    return counts


def _said(events: list[tuple[int, int]]) -> set[int]:
    arrivals = [
        at for kind, at in events if EVENTS[kind][0] in ("email.delivered", "sms.delivered")
    ]
    # What clicks before a message has arrived is a machine.
    return {
        EVENTS[kind][2]
        for kind, at in events
        if not (EVENTS[kind][0].endswith(".clicked") and arrivals and at <= min(arrivals))
    }


def _check(kpis: dict[str, Any], counts: dict[str, int]) -> None:
    def count(name: str) -> int:
        return counts.get(name, 0)

    def parts(name: str) -> tuple[int, int]:
        return kpis[name].numerator, kpis[name].denominator

    targeted = sum(counts.values())
    sent = targeted - count("blocked") - count("pending")
    delivered = count("delivered")
    assert parts("send_rate") == (sent, targeted)
    assert parts("block_rate") == (count("blocked"), targeted)
    assert parts("delivery_rate") == (delivered, sent)
    assert parts("hard_bounce_rate") == (count("bounced_hard"), sent)
    assert parts("soft_bounce_rate") == (count("bounced_soft"), sent)
    opened, clicked = kpis["open_rate"].numerator, kpis["click_to_open_rate"]
    unmeasurable = kpis["unmeasurable_share"].numerator
    assert opened + unmeasurable <= kpis["open_rate_raw"].numerator <= delivered
    assert kpis["open_rate_adjusted"].denominator == delivered - unmeasurable
    assert clicked.numerator <= clicked.denominator <= delivered
    assert opened <= clicked.denominator <= opened + clicked.numerator
    people = kpis["response_rate"]
    assert people.numerator <= people.denominator <= delivered


def _add_up(world: World, whole: dict[str, Any], **bounds: Any) -> None:
    """Rows add up to the total, set by set."""
    for group in ("channel", "line", "activity", "day"):
        rows = [g.kpis for g in world.kpis(group, **bounds) if "send_rate" in g.kpis]
        for name in ("send_rate", "delivery_rate", "open_rate", "click_to_open_rate"):
            assert sum(row[name].numerator for row in rows) == whole[name].numerator, group
            assert sum(row[name].denominator for row in rows) == whole[name].denominator, group


def _add_up_responses(world: World) -> None:
    whole = world.kpis()[0].kpis["reviewed_share"].denominator
    for group in ("channel", "country", "region", "month"):
        rows = [g.kpis for g in world.kpis(group) if "reviewed_share" in g.kpis]
        assert sum(row["reviewed_share"].denominator for row in rows) == whole, group


STEP = st.tuples(
    st.integers(0, PEOPLE - 1), st.integers(0, len(EVENTS) - 1), st.integers(0, 200)
).filter(lambda step: _fits(step[0], step[1]))


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 5,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    steps=st.lists(STEP, min_size=20, max_size=80),
    moments=st.lists(st.integers(0, 200), min_size=2, max_size=3),
    random=st.randoms(use_true_random=False),
)
def test_sets_of_messages_hold_their_invariants_at_every_moment(steps, moments, random):
    _play(steps, moments, random)


def _play(steps: list[Step], moments: list[int], random: Random) -> None:
    with tempfile.TemporaryDirectory() as name, World(Path(name)) as world:
        start = world.clock() - 20 * 86_400_000
        records = [_record(world, n, kind, start + minute * MINUTE) for n, kind, minute in steps]
        records = list({record.event_id: record for record in records}.values())
        random.shuffle(records)
        world.append(*h.planned(world))
        world.append(*records)
        world.run()

        live = world.kpis()[0].kpis
        _check(live, _counts(steps, 200))
        _add_up(world, live)
        _add_up_responses(world)
        now = world.kpis(as_of=world.clock())[0].kpis
        assert now == {name: value for name, value in live.items() if name in now}
        for minute in moments:
            at = start + minute * MINUTE
            then = world.kpis(as_of=at)[0].kpis
            _check(then, _counts(steps, minute))
            _add_up(world, then, as_of=at)
