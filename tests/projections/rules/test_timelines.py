"""What a rule comes to over time is what it comes to at each moment, asked the plain way."""

from __future__ import annotations

import os

import pytest

from projections.rules.history import History, only
from projections.rules.reasons import why
from projections.rules.timelines import Timelines, member_when
from schemas.rules.parsing import parse_rule
from tests.support.random_rules import DYNAMIC, Chance
from tests.support.rule_oracle import Oracle, is_member

CASES = int(os.environ.get("ANSWERBACK_TEST_RULE_CASES", "10000"))


def test_a_timeline_is_right_at_every_moment() -> None:
    values = set()
    for seed in range(CASES):
        chance = Chance(seed)
        rule, lists = chance.rule(), {DYNAMIC: chance.rule_without_lists()}
        history = chance.history()
        members = member_when(rule, history, lists)
        truth = Timelines(rule.zone, lists).truth(rule.where, history)
        changes = [at for at in (*members.starts[1:], *truth.starts[1:]) if at < 2**60]
        moments = {chance.instant(), *changes, *(at - 1 for at in changes)}
        for at in moments:
            value = Oracle(rule.zone, lists, at).value(rule.where, history)
            assert truth.at(at) == value, (seed, at)
            assert members.at(at) == is_member(rule, history, lists, at), (seed, at)
            values.add(value)
    assert len(values) == 3


def test_the_cited_events_alone_give_the_same_verdict() -> None:
    cited_some = 0
    for seed in range(CASES):
        chance = Chance(seed)
        rule, lists = chance.rule(), {DYNAMIC: chance.rule_without_lists()}
        history, moment = chance.history(), chance.instant()
        reason = why(rule, history, lists, moment)
        events = reason.all_events()
        cited = only(history, events)
        oracle = Oracle(rule.zone, lists, moment)
        assert reason.value == oracle.value(rule.where, history), seed
        assert reason.value == oracle.value(rule.where, cited), seed
        member = is_member(rule, history, lists, moment)
        assert member == is_member(rule, cited, lists, moment), seed
        cited_some += bool(events)
    assert cited_some > CASES / 2


@pytest.mark.parametrize("event", ["", "nobody's"])
def test_without_events_nothing_is_known(event: str) -> None:
    rule = parse_rule({"v": 1, "member": "account", "tz": "UTC",
                       "where": {"field": "region", "op": "ne", "value": "PL"}})  # fmt: skip
    assert not member_when(rule, only(History("x"), [event]), {}).at(0)
