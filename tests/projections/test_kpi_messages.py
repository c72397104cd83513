"""Sets of messages by hand: reasons, all channels, windows, goals (K1 to K13, K23, K30)."""

from __future__ import annotations

from datetime import datetime

import pytest

from schemas.catalogue import Topic
from schemas.ids import named_id
from schemas.instants import Precision, from_datetime
from tests.support import campaign as c
from tests.support import happenings as h

MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture
def start(world):
    world.append(*h.planned(world))
    return world.clock() - 70 * DAY


def _parts(world, *groups, **bounds):
    (only,) = world.kpis(*groups, **bounds)
    return {name: (k.numerator, k.denominator) for name, k in only.kpis.items()}


def _excluded(world, number, reason, at):
    data = {"message_id": str(c.message(number)), "activity_id": str(c.EMAIL), "reason": reason}
    return world.fact("recipient.excluded", data, f"out-{number}-{reason}", at=at,
                      topic=Topic.DECISIONS, recipient=c.person(number))  # fmt: skip


def _notice(world, kind, number, at, activity=c.EMAIL, **data):
    named = {"message_id": str(c.message(number, activity)), **data}
    return world.fact(kind, named, f"{kind}-{number}-{at}", at=at, recipient=c.person(number))


def _short_sent(world, number, at, channel, activity):
    data = {"activity_id": str(activity), "content_version_id": str(c.CONTENT), "provider": "q",
            "provider_message_id": f"{channel}{number}"}  # fmt: skip
    return _notice(world, f"{channel}.sent", number, at, activity, **data)


def test_members_that_were_not_contacted_have_the_first_reason_that_applies(world, start):
    rejected = {"reason": "blocked"}
    prepared = {"message_id": str(c.message(7)), "activity_id": str(c.EMAIL),
                "campaign_id": str(c.CAMPAIGN), "address": c.address(7)}  # fmt: skip
    world.append(
        _excluded(world, 0, "consent", start),
        _excluded(world, 1, "holdout", start),
        _excluded(world, 1, "suppressed", start + 1),
        # Refused before anything was sent: reasons before and after hand-over keep their order.
        _excluded(world, 2, "canceled", start),
        _notice(world, "email.rejected", 2, start, **rejected),
        _excluded(world, 3, "no_outcome", start),
        _notice(world, "email.rejected", 3, start, **rejected),
        # Refused after it was sent: from accepted to blocked.
        c.sent(world, 4, start)[0], _notice(world, "email.rejected", 4, start + 1, **rejected),
        # Evidence of acceptance beats an exclusion.
        _excluded(world, 5, "consent", start), *c.sent(world, 5, start),
        c.sent(world, 6, start)[0], _excluded(world, 6, "consent", start),
        _notice(world, "email.rejected", 6, start + 1, **rejected),
        world.fact("message.prepared", prepared, "prepared", at=start, topic=Topic.DECISIONS,
                   recipient=c.person(7)),
        # Whoever opened it has got it, whatever the provider says of it.
        c.sent(world, 8, start)[0], _notice(world, "email.rejected", 8, start + 1, **rejected),
        c.opened(world, 8, start + MINUTE, agent="Mozilla/5.0"),
    )  # fmt: skip
    world.run()
    (only,) = world.kpis(campaign_id=c.CAMPAIGN)
    assert only.by_reason == {"consent": 1, "suppressed": 1, "canceled": 1, "provider_rejected": 3}
    found = _parts(world, campaign_id=c.CAMPAIGN)
    # Sent: 5 and 8. Not handed over: 0 to 4 and 6. Pending: 7.
    assert found["send_rate"] == (2, 9)
    assert found["block_rate"] == (6, 9)
    assert found["delivery_rate"] == (2, 2)


def test_a_bounce_beats_a_notice_but_not_a_human(world, start):
    bounce = {"class": "hard", "final": True, "code": "550", "reason": "no"}
    passing = {"class": "soft", "final": False, "code": "450", "reason": "busy"}
    world.append(
        *(record for number in range(5) for record in c.sent(world, number, start)),
        _notice(world, "email.bounced", 0, start + DAY, **bounce),
        c.opened(world, 1, start + MINUTE),
        _notice(world, "email.bounced", 1, start + DAY, **bounce),
        c.opened(world, 2, start + MINUTE, agent="Mozilla/5.0"),
        _notice(world, "email.bounced", 2, start + DAY, **bounce),
        c.opened(world, 3, start + MINUTE, agent=c.CRAWLER),
        _notice(world, "email.bounced", 3, start + DAY, **bounce),
        _notice(world, "email.bounced", 4, start + DAY, **passing),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert (found["delivery_rate"], found["hard_bounce_rate"]) == ((2, 5), (3, 5))
    before = _parts(world, campaign_id=c.CAMPAIGN, as_of=start + DAY - 1)
    assert (before["delivery_rate"], before["hard_bounce_rate"]) == ((5, 5), (0, 5))


def test_text_messages_are_counted_by_what_became_of_them(world, start):
    reply = {"provider_message_id": "i", "from": h.mobile(2), "to": "+1", "text": "Yes",
             "message_id": str(c.message(2, c.SMS))}  # fmt: skip
    world.append(
        *(_short_sent(world, number, start, "sms", c.SMS) for number in range(5)),
        _notice(world, "sms.delivered", 0, start + 1, c.SMS),
        _notice(world, "sms.failed", 1, start + 1, c.SMS, code="30003"),
        world.fact("sms.received", {**reply, "keyword": "none"}, "yes", at=start + MINUTE),
        world.fact(
            "sms.received",
            {**reply, "from": h.mobile(3), "message_id": str(c.message(3, c.SMS)),
             "provider_message_id": "i3", "keyword": "stop"},
            "stop", at=start + MINUTE,
        ),
    )  # fmt: skip
    world.run()
    found = {g.group["channel"]: g for g in world.kpis("channel")}["sms"].kpis
    values = {name: (k.numerator, k.denominator) for name, k in found.items()}
    # 2 and 3 answered, so they have it; 4 waits.
    assert values["send_rate"] == (5, 5)
    assert values["delivery_rate"] == (3, 5)
    assert values["reply_rate"] == (1, 3)
    assert values["unsubscribe_rate"] == (1, 3)


@pytest.mark.parametrize("failed_first", [True, False])
def test_a_push_message_is_delivered_unless_it_failed(world, start, failed_first):
    failed = _notice(world, "push.failed", 1, start + 1, h.PUSH, code="gone")
    sent = [_short_sent(world, number, start, "push", h.PUSH) for number in range(3)]
    opened = _notice(world, "push.opened", 2, start + MINUTE, h.PUSH, hit=c.hit())
    world.append(*([failed, *sent, opened] if failed_first else [*sent, opened, failed]))
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["delivery_rate"] == (2, 3)
    assert found["open_rate_raw"][1] == 2


def test_calls_count_when_they_are_completed(world, start):
    world.append(
        c.called(world, 0, start, direction="out"),
        c.called(world, 1, start, direction="out", kind="call.started"),
        world.fact(
            "call.missed",
            {"call_id": "c-2", "direction": "out", "from": "+442079460000", "to": h.mobile(2),
             "message_id": str(c.message(2, c.PHONE)), "activity_id": str(c.PHONE),
             "cause": "busy", "line": "landline"},
            "missed", at=start, recipient=c.person(2),
        ),
        # The second try went through.
        c.called(world, 3, start, direction="out", kind="call.voicemail_left"),
        c.called(world, 3, start + DAY, direction="out"),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["send_rate"] == (4, 4)
    assert found["delivery_rate"] == (2, 4)
    assert found["call_attempts"] == (4, None)
    assert found["talk_seconds"] == (120, None)
    lines = {g.group["line"]: g.kpis["call_attempts"].value for g in world.kpis("line")
             if "call_attempts" in g.kpis}  # fmt: skip
    assert lines == {"cellular": 4, "landline": 0}


def test_tests_are_in_no_kpi(world, start):
    click = {"link_id": c.LINKS[0], "link_kind": "content", "url": "https://example.com/",
             "hit": c.hit(), "message_id": str(c.message(0))}  # fmt: skip
    world.append(
        *c.sent(world, 0, start),
        world.fact("email.clicked", click, "trial", at=start + DAY, recipient=c.person(0),
                   test=True),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["click_through_rate"] == (0, 1)
    assert found["response_rate"] == (0, 1)


def test_reactions_count_before_the_thirtieth_day_ends_and_not_after(world, start):
    edge = start + 30 * DAY
    world.append(
        *(record for number in range(4) for record in c.sent(world, number, start)),
        c.opened(world, 0, edge - 1), c.opened(world, 1, edge),
        c.clicked(world, 2, edge - 1), c.clicked(world, 3, edge),
        c.clicked(world, 3, edge + 1, link=c.LINKS[1]),
        c.clicked(world, 0, edge - 1, link=c.LINKS[1]),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["open_rate"] == (1, 4)
    assert found["open_rate_raw"] == (1, 4)
    assert found["click_through_rate"] == (2, 4)
    links = {g.group["link"]: g.kpis["link_click_through_rate"].numerator
             for g in world.kpis("link")}  # fmt: skip
    assert links == {c.LINKS[0]: 1, c.LINKS[1]: 1, **dict.fromkeys(c.LINKS[2:5], 0)}


def _goal(world, window):
    goal = {"type": "order.placed", "where": []}
    world.append(
        world.decision(
            "campaign.changed", {"changes": {"goal_event": goal, "goal_window": window}},
            f"campaign:{c.CAMPAIGN}", 2, c.CAMPAIGN,
        )
    )  # fmt: skip


def _moment(text):
    return from_datetime(datetime.fromisoformat(text + "+00:00"))


_CASES = {
    "P30D": [
        ("2026-06-01T12:00", "2026-06-01T12:00", "ms", True),
        ("2026-06-01T12:00", "2026-06-01T11:59", "ms", False),
        ("2026-06-01T12:00", "2026-07-01T11:59", "ms", True),
        ("2026-06-01T12:00", "2026-07-01T12:00", "ms", False),
        # With day precision dates are compared: the same date counts, the last one does not.
        ("2026-06-01T12:00", "2026-06-01T00:00", "day", True),
        ("2026-06-01T12:00", "2026-05-31T00:00", "day", False),
        ("2026-06-01T12:00", "2026-06-30T00:00", "day", True),
        ("2026-06-01T12:00", "2026-07-01T00:00", "day", False),
    ],
    "PT6H": [
        ("2026-06-01T12:00", "2026-06-01T00:00", "day", True),
        ("2026-06-01T12:00", "2026-06-02T00:00", "day", False),
        ("2026-06-01T12:00", "2026-06-01T17:59", "ms", True),
        ("2026-06-01T12:00", "2026-06-01T18:00", "ms", False),
    ],
    # A month is cut to the last day of the one it leads to.
    "P1M": [
        ("2026-01-31T12:00", "2026-02-28T11:59", "ms", True),
        ("2026-01-31T12:00", "2026-02-28T12:00", "ms", False),
        ("2026-01-31T12:00", "2026-02-28T00:00", "day", False),
        ("2026-01-31T12:00", "2026-02-27T00:00", "day", True),
        ("2026-02-28T12:00", "2026-03-28T12:00", "ms", False),
    ],
}


@pytest.mark.parametrize("window", _CASES)
def test_the_goal_counts_within_its_window(world, start, window):
    world.clock.now = _moment("2026-09-01T00:00")
    _goal(world, window)
    bought = {"order_id": "o", "product_id": "x", "category": "goods",
              "total": {"amount": "10", "currency": "EUR"}}  # fmt: skip
    for number, (touch, order, precision, _) in enumerate(_CASES[window]):
        world.append(
            *c.sent(world, number, _moment(touch)),
            world.fact("order.placed", bought, f"order-{number}", at=_moment(order),
                       recipient=c.person(number), precision=Precision(precision)),
        )  # fmt: skip
    world.run()
    rows = world.columns.query("SELECT cluster FROM reach_row FINAL WHERE NOT deleted").to_pylist()
    expected = {str(c.person(i)) for i, case in enumerate(_CASES[window]) if case[3]}
    assert {row["cluster"] for row in rows} == expected
    reached = (len(expected), len(_CASES[window]))
    assert _parts(world, campaign_id=c.CAMPAIGN)["goal_conversion_rate"] == reached


def test_two_messages_under_one_providers_id_do_not_share_its_notices(world, start):
    first, second = sorted((c.message(0), c.message(0, named_id("test", "email", "second"))))
    sent = {"activity_id": str(c.EMAIL), "content_version_id": str(c.CONTENT), "provider": "p",
            "provider_message_id": "m", "address": c.address(0)}  # fmt: skip
    named = {"provider": "p", "provider_message_id": "m", "address": c.address(0)}
    world.append(
        world.fact("email.sent", {**sent, "message_id": str(second)}, "second", at=start),
        world.fact("email.delivered", named, "delivered", at=start + 1),
    )
    world.run()
    world.append(world.fact("email.sent", {**sent, "message_id": str(first)}, "first", at=start))
    world.run()
    assert _parts(world, campaign_id=c.CAMPAIGN)["delivery_rate"] == (1, 2)
    assert all(table.equal for table in world.rebuilt())
