"""Rules of a workspace's own: from when to when they hold, and what they wait for (M2, R9, R38)."""

from __future__ import annotations

import pytest

from schemas.ids import named_id
from tests.support import campaign as c
from tests.support import happenings as h

DAY = 86_400_000


@pytest.fixture
def ruled(world):
    """Opens and orders are responses, too."""
    world.append(*h.prepared_world(world))
    world.clock.advance(10_000)
    return world


def test_an_open_is_a_response_though_its_rule_ends_before_the_verdict(ruled):
    start = ruled.clock() - DAY
    ruled.append(*h.planned(ruled), *c.sent(ruled, 0, start), c.opened(ruled, 0, start + DAY // 2))
    rule = named_id("test", "rule", "opens")
    body = {"events": ["email.opened"], "response_type": "visit", "channel": "email"}
    step = {"definition_id": str(rule), "kind": "promotion", "version": 2, "body": body}
    ruled.append(ruled.decision("definition.retired", step, f"definition:{rule}", 2, rule))
    ruled.clock.advance(10_000)
    ruled.run()
    assert [doc.type for doc in ruled.responses()] == ["visit"]


def test_an_order_finds_its_campaign_when_the_activity_becomes_known(ruled):
    start = ruled.clock() - DAY
    ruled.append(c.contact(ruled, 0), *c.sent(ruled, 0, start), c.ordered(ruled, 0, start + 1))
    while ruled.turn():
        pass
    assert ruled.responses() == []
    ruled.append(*h.planned(ruled))
    ruled.run()
    assert [doc.campaign_id for doc in ruled.responses()] == [c.CAMPAIGN]


def test_an_order_finds_its_campaign_by_a_message_to_a_number_of_the_same_person(ruled):
    start = ruled.clock() - DAY
    ruled.append(*h.planned(ruled), *h.contact_with_mobile(ruled, 0, start))
    ruled.append(c.ordered(ruled, 0, start + 1))
    while ruled.turn():
        pass
    assert ruled.responses() == []
    ruled.append(*h.texted(ruled, 0, start))
    ruled.run()
    assert [doc.campaign_id for doc in ruled.responses()] == [c.CAMPAIGN]
