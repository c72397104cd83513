"""Rules are read whole, or refused with every fault at its place."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import InvalidInput
from schemas.rules.explaining import explain
from schemas.rules.parsing import DEEPEST, MOST_CLAUSES, parse_rule
from tests.support.example_rules import EXAMPLES, LISTS


def rule(where: Any, member: str = "contact", zone: str = "UTC") -> dict[str, Any]:
    return {"v": 1, "member": member, "tz": zone, "where": where}


def faults(body: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as told:
        parse_rule(body, LISTS.get)
    return {fault.pointer: fault.detail for fault in told.value.faults}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_specifications_examples_are_rules(name: str) -> None:
    read = parse_rule(EXAMPLES[name], LISTS.get, lambda score: score == "engagement")
    assert read.member == EXAMPLES[name]["member"]
    assert len(explain(read)) > 3


def test_a_rule_is_said_in_words() -> None:
    read = parse_rule(EXAMPLES["growing"])
    assert explain(read) == [
        "Every account for which, by the time of Europe/Warsaw:",
        "  all of these:",
        "    at least 1 orders for which",
        "      all of these:",
        "        category is 'implementation'",
        "        status is 'fulfilled'",
        "    no contracts for which",
        "      kind is 'service'",
        "    one of these:",
        "      employees rose by 10 percent or more over P12M",
        "      annual_revenue rose by 10 percent or more over P12M",
    ]


def test_what_a_rule_reads_is_known() -> None:
    read = parse_rule(EXAMPLES["regions"], LISTS.get, lambda _score: True)
    assert read.reads == {
        "field:lead.region", f"list:{LISTS['trade-show-2026']}", f"list:{LISTS['customers']}",
        "score:engagement",
    }  # fmt: skip
    assert read.lists == set(LISTS.values())


WRONG: list[tuple[Any, str, str]] = [
    ([], "", "Give an object"),
    ({"v": 1}, "", "member, tz, where must be given"),
    (rule({"field": "city", "op": "eq", "value": 1}) | {"v": 2}, "/v", "version 1"),
    (rule({"field": "city", "op": "eq", "value": 1}, "robot"), "/member", "account, contact"),
    (rule({"field": "city", "op": "eq", "value": 1}, zone="Mars/One"), "/tz", "no time zone"),
    (rule("x"), "/where", "An expression is an object"),
    (rule({}), "/where", "one of all, any, not"),
    (rule({"all": []}), "/where/all", "at least one"),
    (rule({"all": [{"not": 5}]}), "/where/all/0/not", "An expression is an object"),
    (rule({"field": "shoe", "op": "eq", "value": 1}), "/where/field", "no field 'shoe', but city"),
    (rule({"field": "first_name", "op": "eq", "value": "A"}), "/where/field", "sealed"),
    (rule({"field": "city", "op": "like", "value": "A"}), "/where/op", "one of eq, ne"),
    (rule({"field": "city", "op": "eq"}), "/where/value", "is_null"),
    (rule({"field": "city", "op": "eq", "value": None}), "/where/value", "is_null"),
    (rule({"field": "city", "op": "is_null", "value": 1}), "/where/value", "no value"),
    (rule({"field": "city", "op": "in", "value": []}), "/where/value", "1 to 1000"),
    (rule({"field": "city", "op": "in", "value": [[1]]}), "/where/value/0", "a text, a number"),
    (rule({"field": "city", "op": "between", "value": [1]}), "/where/value", "two values"),
    (rule({"field": "city", "op": "older_than", "value": "P1D"}), "/where/op", "date or time"),
    (rule({"field": "created_at", "op": "older_than", "value": "1d"}), "/where/value", "P30D"),
    (rule({"field": "created_at", "op": "older_than", "value": "P0D"}), "/where/value", "nothing"),
    (rule({"field": "state", "op": "contains", "value": "1"}), "/where/op", "takes a text"),
    (rule({"did": "mail.read"}), "/where/did", "no event type"),
    (rule({"did": "interaction.judged"}), "/where/did", "no event type"),
    (rule({"did": "email.clicked", "verdict": "machine"}), "/where/verdict", "human, any"),
    (rule({"did": "email.clicked", "where": [{"prop": "x", "op": "eq", "value": 1}]}),
     "/where/where/0/prop", "has no 'x', but"),
    (rule({"did": "email.replied", "where": [{"prop": "text", "op": "eq", "value": "a"}]}),
     "/where/where/0/prop", "sealed"),
    (rule({"did": "email.clicked", "count": {"op": "ge", "n": -1}}), "/where/count/n", "zero or"),
    (rule({"did": "email.clicked", "count": {"op": "ne", "n": 1}}), "/where/count/op", "eq, lt"),
    (rule({"did": "email.clicked", "within": {"last": "P200Y"}}), "/where/within/last", "100"),
    (rule({"did": "email.clicked", "within": {"from": "x"}}), "/where/within/from", "RFC 3339"),
    (rule({"did": "email.clicked", "within": {"from": "2026-01-02", "to": "2026-01-02"}}),
     "/where/within/to", "ends after"),
    (rule({"has": "contacts"}), "/where/has", "account, cases"),
    (rule({"has": "orders", "where": {"did": "email.clicked"}}), "/where/where/did", "not of a"),
    (rule({"has": "orders", "where": {"has": "orders"}}), "/where/where/has", "no related"),
    (rule({"trend": "city", "over": "P1Y", "op": "rising", "by": 1, "unit": "percent"}),
     "/where/trend", "of a number"),
    (rule({"trend": "state", "over": "P1Y", "op": "rising", "by": -1, "unit": "percent"}),
     "/where/by", "zero or more"),
    (rule({"trend": "state", "over": "P1Y", "op": "up", "by": 1, "unit": "percent"}),
     "/where/op", "rising"),
    (rule({"in_list": "nobody"}), "/where/in_list", "no list 'nobody'"),
    (rule({"consent": "pigeon", "purpose": "m", "is": "granted"}), "/where/consent", "email"),
    (rule({"score": "love", "op": "ge", "value": 4}), "/where/score", "no score 'love'"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "place", "says"), WRONG)
def test_a_fault_is_told_at_its_place(body: Any, place: str, says: str) -> None:
    assert says in faults(body)[place]


def test_all_faults_are_told_at_once() -> None:
    wrong = rule({"all": [{"field": "shoe", "op": "eq", "value": 1}, {"did": "mail.read"},
                          {"field": "city", "op": "eq", "value": 1, "extra": 2}]})  # fmt: skip
    assert list(faults(wrong)) == ["/where/all/0/field", "/where/all/1/did", "/where/all/2/extra"]


def test_a_rule_is_bounded() -> None:
    deep: Any = {"field": "city", "op": "not_null"}
    for _ in range(DEEPEST + 1):
        deep = {"not": deep}
    assert any("deep at most" in detail for detail in faults(rule(deep)).values())
    wide = {"all": [{"field": "city", "op": "not_null"}] * (MOST_CLAUSES + 1)}
    assert any("expressions at most" in detail for detail in faults(rule(wide)).values())
