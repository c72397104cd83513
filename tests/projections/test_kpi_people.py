"""KPIs of people and sales by hand: webinars, codes, conversions, follow-up, money (K16 to K25)."""

from __future__ import annotations

import pytest

from schemas.ids import named_id
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


def _webinar(world, step, number, at):
    data = {"webinar_id": h.WEBINAR, "mode": "online", "registrant_id": f"g{number}",
            "address": c.address(number)}  # fmt: skip
    if step == "attended":
        data["joined_at"] = "2026-09-01T10:00:00Z"
    return world.fact(f"webinar.{step}", data, f"{step}-{number}-{at}", at=at)


def _response(number):
    return named_id("test", "response", number)


def _entered(world, number, at, *steps, channel="others"):
    """A response entered by hand, with what people decided about it, a minute apart."""
    name = str(_response(number))
    captured = {"response_id": name, "campaign_id": str(c.CAMPAIGN), "subject": "Said so",
                "type": "other", "channel": channel, "source": "manual",
                "customer": {"kind": "contact", "id": str(c.person(number))}}  # fmt: skip
    taken = [("response.captured", captured), *steps]
    return [
        world.decision(kind, {"response_id": name, **data}, f"response:{name}", i + 1,
                       c.person(number), at + i * MINUTE)
        for i, (kind, data) in enumerate(taken)
    ]  # fmt: skip


def _coded(code):
    return ("response.classified", {"code": code, "classified_by": "user"})


def _converted(number, kind, record="lead"):
    target = {"kind": record, "id": str(named_id("test", kind, number))}
    return ("response.converted",
            {"target": target, "kind": kind, "ordinal": 0, "matched": False})  # fmt: skip


def _reversed(number, kind, record="lead"):
    target = {"kind": record, "id": str(named_id("test", kind, number))}
    return ("conversion.reversed", {"target": target, "reason": "A mistake."})


_REVIEWED: tuple[str, dict[str, str]] = ("response.reviewed", {})
_ROUTED = ("response.routed", {"target": "sales"})


def test_attendance_is_counted_over_who_stayed_registered(world, start):
    world.append(
        _webinar(world, "registered", 0, start), _webinar(world, "attended", 0, start + DAY),
        _webinar(world, "registered", 1, start),
        _webinar(world, "registered", 2, start), _webinar(world, "canceled", 2, start + 1),
        # Canceled, and registered again: the later word decides.
        _webinar(world, "registered", 3, start), _webinar(world, "canceled", 3, start + 1),
        _webinar(world, "registered", 3, start + 2), _webinar(world, "attended", 3, start + DAY),
        # Came without being registered, or after canceling: apart.
        _webinar(world, "attended", 4, start + DAY), _webinar(world, "attended", 2, start + DAY),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["attendance_rate"] == (2, 3)
    assert found["no_show_rate"] == (1, 3)
    early = _parts(world, campaign_id=c.CAMPAIGN, as_of=start + 1)
    assert early["attendance_rate"] == (0, 2)


def test_codes_and_conversions_are_counted_by_what_stands(world, start):
    world.append(
        *(record for number in range(4) for record in c.sent(world, number, start)),
        *_entered(world, 0, start + DAY, _coded("interested"), _REVIEWED, _converted(0, "lead")),
        *_entered(world, 1, start + DAY, _coded("interested"), _REVIEWED,
                  _converted(1, "opportunity", "opportunity")),
        *_entered(world, 2, start + DAY, _REVIEWED, _converted(2, "lead"),
                  _reversed(2, "lead")),
        *_entered(world, 3, start + DAY, _coded("auto_reply")),
        # Nobody wrote to these: they came by themselves.
        *_entered(world, 4, start + DAY, _REVIEWED, _converted(4, "order", "order")),
        *_entered(world, 5, start + DAY, _converted(5, "case", "case")),
        *_entered(world, 6, start + DAY, ("response.canceled", {"reason": "Twice."})),
    )  # fmt: skip
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    # Countable: 0, 1, 2, 4 and 5. A case is no sale, and needs no review.
    assert found["response_rate"] == (3, 4)
    assert found["positive_response_rate"] == (2, 4)
    assert found["inbound_responders"] == (2, None)
    assert found["reviewed_share"] == (4, 5)
    assert found["conversion_rate"] == (3, 5)
    assert found["lead_conversion_rate"] == (1, 5)
    assert found["opportunity_conversion_rate"] == (1, 5)
    by_day = _parts(world, campaign_id=c.CAMPAIGN, since=start + DAY, until=start + 2 * DAY)
    assert by_day["inbound_responders"] == (2, None)


def test_the_first_follow_up_is_whatever_came_first(world, start):
    at = start + DAY
    lead = {"lead_id": str(named_id("test", "lead", 1)), "status": 1,
            "response_id": str(_response(1))}  # fmt: skip
    follow_up = ("followup.recorded", {"medium": "email"})
    world.append(
        *_entered(world, 0, at, _ROUTED, follow_up),
        *_entered(world, 1, at, _ROUTED),
        world.fact("lead.created", lead, "lead", at=at + MINUTE),
        world.fact("lead.contacted", {**lead, "status": 2}, "contacted", at=at + 10 * MINUTE),
        *_entered(world, 2, at, _ROUTED),
        # Calls before the response, to others, or on trial are no follow-up.
        c.called(world, 2, at - MINUTE, direction="out"),
        c.called(world, 2, at + 30 * MINUTE, direction="out"),
        c.called(world, 2, at + 90 * MINUTE, direction="out"),
        *_entered(world, 3, at, ("response.routed", {"target": "people"}), follow_up),
        *_entered(world, 4, at, ("response.routed", {"target": "service"})),
        c.called(world, 4, at + 5 * MINUTE, direction="in"),
        *_entered(world, 5, at, follow_up),
    )
    world.run()
    kpis = world.kpis(campaign_id=c.CAMPAIGN)[0].kpis
    # Minutes: 2, 10, 30; the routed response of 4 has none yet.
    assert (kpis["first_follow_up_minutes"].value, kpis["first_follow_up_minutes"].n) == (10, 4)
    assert kpis["first_follow_up_minutes_p90"].value == 30
    early = world.kpis(campaign_id=c.CAMPAIGN, as_of=at + 9 * MINUTE)[0].kpis
    assert (early["first_follow_up_minutes"].value, early["first_follow_up_minutes"].n) == (2, 4)
    before = world.kpis(campaign_id=c.CAMPAIGN, as_of=at + MINUTE)[0].kpis
    assert (before["first_follow_up_minutes"].value, before["first_follow_up_minutes"].n) == (
        None,
        4,
    )


def test_costs_and_revenue_belong_to_the_campaign_they_come_from(world, start):
    customer = {"kind": "contact", "id": str(c.person(0))}
    cost = {"activity_id": str(c.EMAIL), "campaign_id": str(c.CAMPAIGN),
            "cost": {"amount": "50", "currency": "USD", "rate": "0.8"}}  # fmt: skip
    plan = {"changes": {"expected_revenue": {"amount": "2000", "currency": "EUR"}}}
    records = [
        world.decision("campaign.changed", plan, f"campaign:{c.CAMPAIGN}", 2, c.CAMPAIGN),
        world.decision("activity.cost_recorded", cost, f"activity:{c.EMAIL}", 2, c.CAMPAIGN),
        *_entered(world, 0, start), *_entered(world, 1, start),
    ]  # fmt: skip
    leads = [{"response_id": str(_response(0))}, {"campaign_id": str(c.CAMPAIGN)}, {}]
    for number, origin in enumerate(leads):
        data = {"lead_id": str(named_id("test", "lead", number)), "status": 1, **origin}
        records.append(world.fact("lead.created", data, f"lead-{number}", at=start))
    sales = [
        ("won", {"campaign_id": str(c.CAMPAIGN)}, "100"),
        ("won", {"response_id": str(_response(1))}, "250.5"),
        ("won", {"lead_id": str(named_id("test", "lead", 0))}, "25"),
        ("lost", {"campaign_id": str(c.CAMPAIGN)}, None),
        ("won", {}, "999"),
    ]
    for number, (end, origin, amount) in enumerate(sales):
        sale = {"opportunity_id": str(named_id("test", "sale", number)), "customer": customer,
                **origin}  # fmt: skip
        value = (
            {"actual_value": {"amount": amount, "currency": "USD", "rate": "2"}} if amount else {}
        )
        records += [
            world.fact("opportunity.created", sale, f"sale-{number}", at=start),
            world.fact(f"opportunity.{end}", {**sale, **value}, f"{end}-{number}", at=start + DAY),
        ]
    world.append(*records)
    world.run()
    found = _parts(world, campaign_id=c.CAMPAIGN)
    assert found["cost_per_response"] == (140, 2)
    assert found["cost_per_lead"] == (140, 2)
    assert found["cost_per_won"] == (140, 3)
    assert found["budget_use"] == (140, 500)
    assert found["revenue_vs_plan"] == (751, 2000)


def test_a_browser_of_two_people_counts_for_each_in_their_time(world, start):
    def identified(number, at, browser):
        data = {"visitor_id": str(c.visitor(browser)), "evidence": "login", "confidence": "1",
                "subject": {"kind": "contact", "id": str(c.person(number))}}  # fmt: skip
        return world.fact("visitor.identified", data, f"who-{number}-{browser}", at=at)

    world.append(
        identified(0, start, 0), identified(1, start + DAY, 0), identified(0, start, 2),
        identified(1, start, 3),
        c.form_seen(world, 0, start + 1), c.form_seen(world, 2, start + 2),
    )  # fmt: skip
    world.run()
    # This touches person 1, who has a browser that was person 0's before; person 0 has another.
    world.append(c.form_seen(world, 3, start + 2 * DAY))
    world.run()
    assert _parts(world, campaign_id=c.CAMPAIGN)["form_submissions_per_visit"] == (0, 3)
    assert all(table.equal for table in world.rebuilt())
