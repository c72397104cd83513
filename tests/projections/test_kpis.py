"""KPIs of a history small enough to count by hand (M14 to M17, K1 to K25, K30, K31)."""

from __future__ import annotations

import pytest

from projections.kpis.definitions import PARTS
from schemas.ids import named_id
from tests.support import campaign as c

MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture
def played(world):
    """Ten people are written to; 8 mails arrive.

    0, 1, 2 open as people; 0 and 1 click; 3 only has a privacy proxy; 4 only has a crawler that
    also clicks; 0 replies; 5 complains; 6 unsubscribes; 8 bounces hard, 9 softly for good.
    0 sends the form and orders within the window; 1 only sees the form; 2 orders after 31 days.
    """
    start = world.clock() - 60 * DAY
    at = start + 10 * MINUTE
    records = c.planned(world)
    for number in range(10):
        records.append(c.contact(world, number))
        letter = c.sent(world, number, start)
        records += letter if number < 8 else letter[:1]
    for number in (0, 1, 2):
        records.append(c.opened(world, number, at))
    for number in (0, 1):
        records.append(c.clicked(world, number, at + MINUTE))
    records.append(c.opened(world, 3, at, agent="Mozilla/5.0"))
    records += [c.opened(world, 4, at, agent=c.CRAWLER), c.clicked(world, 4, at, agent=c.CRAWLER)]
    # The same person again: no KPI may move.
    records.append(c.opened(world, 0, at + 5 * MINUTE))
    named = {"message_id": str(c.message(0)), "provider": "p"}
    reply = {**named, "provider_message_id": "r1", "thread_id": "t", "text": "Yes, please."}
    records.append(world.fact("email.replied", reply, "reply", at=at, recipient=c.person(0)))
    for number, kind in ((5, "email.complained"), (6, "email.unsubscribed")):
        data = {"message_id": str(c.message(number)), "via": "page", "purpose": "marketing"}
        records.append(world.fact(kind, data, kind, at=at, recipient=c.person(number)))
    for number, kind in ((8, "hard"), (9, "soft")):
        data = {"message_id": str(c.message(number)), "class": kind, "final": True,
                "code": "550", "reason": "no"}  # fmt: skip
        records.append(
            world.fact("email.bounced", data, f"bounce-{kind}", at=at, recipient=c.person(number))
        )
    records += [c.form_seen(world, 0, at), c.form_sent(world, 0, at + 2 * MINUTE)]
    records += [c.form_seen(world, 1, at)]
    records += [c.ordered(world, 0, at + DAY), c.ordered(world, 2, start + 31 * DAY)]
    records += [c.ordered(world, 1, at, product="something else")]
    records += [c.called(world, 0, at + DAY, direction="out"), c.called(world, 7, at)]
    world.append(*records)
    world.run()
    return world


def _parts(world, *groups, **bounds):
    (only,) = world.kpis(*groups, **bounds)
    return {name: (k.numerator, k.denominator) for name, k in only.kpis.items()}


def test_email_kpis_are_exact(played):
    by_channel = {g.group["channel"]: g for g in played.kpis("channel")}
    found = {n: (k.numerator, k.denominator) for n, k in by_channel["email"].kpis.items()}
    # 5, 6 and 0 prove delivery by what they did; 3's proxy and 7's silence rest on the notice.
    expected = {
        "send_rate": (10, 10),
        "block_rate": (0, 10),
        "delivery_rate": (8, 10),
        "hard_bounce_rate": (1, 10),
        "soft_bounce_rate": (1, 10),
        "bounce_rate": (2, 10),
        "open_rate_raw": (5, 8),
        "open_rate": (3, 8),
        "open_rate_adjusted": (3, 7),
        "unmeasurable_share": (1, 8),
        "click_through_rate": (2, 8),
        "click_to_open_rate": (2, 3),
        "reply_rate": (1, 8),
        "unsubscribe_rate": (1, 8),
        "complaint_rate": (1, 8),
        "open_rate_p": (3, 8),
    }
    assert {name: found[name] for name in expected} == expected


def test_campaign_kpis_are_exact(played):
    found = _parts(played, campaign_id=c.CAMPAIGN)
    # Contacted: 8 by mail, 0 again by telephone. Responses: clicks of 0 and 1, the reply and the
    # form of 0, the call of 7.
    expected = {
        "goal_conversion_rate": (1, 8),
        "response_rate": (2, 8),
        "reviewed_share": (0, 5),
        "conversion_rate": (0, 5),
        "form_submission_rate": (1, 2),
        "form_submissions_per_visit": (1, 2),
        "call_attempts": (2, None),
        "talk_seconds": (60, None),
        "inbound_responders": (1, None),
        "cost_per_response": (100, 5),
        "budget_use": (100, 500),
    }
    assert {name: found[name] for name in expected} == expected


def test_values_are_ratios_and_null_on_zero(played):
    (only,) = played.kpis(campaign_id=c.CAMPAIGN)
    assert only.kpis["goal_conversion_rate"].value == 1 / 8
    assert only.kpis["attendance_rate"].value is None
    assert only.kpis["attendance_rate"].denominator == 0


def test_groups_add_up_to_the_whole(played):
    whole = _parts(played)
    for group in ("channel", "line", "activity", "day", "month"):
        parts = [g.kpis["open_rate"] for g in played.kpis(group) if "open_rate" in g.kpis]
        assert sum(k.numerator for k in parts) == whole["open_rate"][0], group
        assert sum(k.denominator for k in parts) == whole["open_rate"][1], group


@pytest.mark.parametrize(
    "only",
    [("open_rate",), ("open_rate_p", "cost_per_lead"), ("first_follow_up_minutes_p90",),
     ("goal_conversion_rate", "talk_seconds", "attendance_rate")],
)  # fmt: skip
def test_kpis_asked_for_by_name_are_those_of_all(played, only):
    (all_of_them,) = played.kpis(campaign_id=c.CAMPAIGN)
    (some,) = played.kpis(campaign_id=c.CAMPAIGN, only=only)
    assert some.kpis == {name: all_of_them.kpis[name] for name in only}


def test_every_kpi_can_be_asked_for_by_name(played):
    (shown,) = played.kpis()
    links = played.kpis("link")
    named = set(shown.kpis) | {name for group in links for name in group.kpis}
    assert named == PARTS.keys()


def test_links_are_counted_by_content(played):
    links = {g.group["link"]: g.kpis["link_click_through_rate"] for g in played.kpis("link")}
    assert {link: (k.numerator, k.denominator) for link, k in links.items()} == {
        link: (2 if link == c.LINKS[0] else 0, 8) for link in c.LINKS[:5]
    }


def test_as_of_counts_only_what_had_happened(played):
    start = played.clock() - 60 * DAY - 3_600_000  # run() let an hour pass
    before = _parts(played, campaign_id=c.CAMPAIGN, as_of=start + 10 * MINUTE - 1)
    assert before["open_rate"] == (0, 8)
    assert before["goal_conversion_rate"] == (0, 8)
    at_open = _parts(played, campaign_id=c.CAMPAIGN, as_of=start + 10 * MINUTE)
    assert at_open["open_rate"] == (3, 8)
    assert at_open["click_through_rate"] == (0, 8)
    now = _parts(played, campaign_id=c.CAMPAIGN, as_of=played.clock())
    live = _parts(played, campaign_id=c.CAMPAIGN)
    assert now == {name: value for name, value in live.items() if name in now}


def test_another_workspace_sees_nothing(played):
    from projections.kpis.report import kpi_groups
    from schemas.kpis import KpiQuery

    (only,) = kpi_groups(played.columns, "other", 1, KpiQuery())
    assert only.kpis["open_rate"].denominator == 0


def test_outside_audience_is_counted_apart(world):
    batch = named_id("test", "batch")
    start = world.clock() - DAY
    pinned = {"activity_id": str(c.EMAIL), "campaign_id": str(c.CAMPAIGN), "source": "import",
              "batch_id": str(batch), "member_count": 1, "digest": "d", "known_at": ""}  # fmt: skip
    inside = c.message(0)
    data = {"message_id": str(inside), "provider": "p", "activity_id": str(c.EMAIL),
            "content_version_id": str(c.CONTENT), "provider_message_id": "m0",
            "address": c.address(0)}  # fmt: skip
    world.append(
        *c.planned(world),
        world.decision("audience.pinned", pinned, f"activity:{c.EMAIL}", 2, c.CAMPAIGN),
        world.fact("email.sent", data, "inside", at=start, recipient=c.person(0), batch_id=batch),
        *c.sent(world, 1, start),
    )
    world.run()
    (only,) = world.kpis(campaign_id=c.CAMPAIGN)
    assert (only.kpis["send_rate"].numerator, only.outside_audience) == (1, 1)


def test_first_follow_up_is_measured_in_minutes(world):
    start = world.clock() - DAY
    world.append(*c.planned(world), c.contact(world, 0), *c.sent(world, 0, start))
    world.append(c.clicked(world, 0, start + 10 * MINUTE))
    world.run()
    (response,) = world.responses()
    name = str(response.response_id)
    stream = f"response:{name}"
    routed = {"response_id": name, "target": "sales"}
    world.append(
        world.decision("response.routed", routed, stream, 1, response.entity),
        c.called(world, 0, start + 40 * MINUTE, direction="out"),
    )
    world.run()
    (only,) = world.kpis(campaign_id=c.CAMPAIGN)
    assert only.kpis["first_follow_up_minutes"].model_dump() == {
        "numerator": None, "denominator": None, "value": 30.0, "n": 1,
    }  # fmt: skip


def test_a_changed_goal_counts_the_past_anew(world):
    start = world.clock() - DAY
    world.append(*c.planned(world), *c.sent(world, 0, start), c.ordered(world, 0, start + MINUTE))
    world.append(c.ordered(world, 0, start + 2 * MINUTE, product="other"))
    world.run()
    assert _parts(world, campaign_id=c.CAMPAIGN)["goal_conversion_rate"] == (1, 1)
    for version, product, reached in ((2, "nothing", 0), (3, "other", 1)):
        where = [{"prop": "product_id", "op": "eq", "value": product}]
        goal = {"changes": {"goal_event": {"type": "order.placed", "where": where}}}
        stream = f"campaign:{c.CAMPAIGN}"
        world.append(world.decision("campaign.changed", goal, stream, version, c.CAMPAIGN))
        world.run()
        assert _parts(world, campaign_id=c.CAMPAIGN)["goal_conversion_rate"] == (reached, 1)
    assert all(table.equal for table in world.rebuilt())
