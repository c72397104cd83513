"""The specification's example rules, on lives that they were written for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from projections.rules.history import Allowed, Done, History, Listed, Related, Said, Tie
from projections.rules.reasons import WORDS, Reason, why
from projections.rules.timelines import member_when
from schemas.instants import format_instant, parse_instant
from schemas.rules.language import Rule
from schemas.rules.parsing import parse_rule
from tests.support.example_rules import CUSTOMERS, EXAMPLES, LISTS, TRADE_SHOW


def at(text: str) -> int:
    return parse_instant(text)


def read(name: str) -> Rule:
    return parse_rule(EXAMPLES[name], LISTS.get, lambda _score: True)


def said(*values: tuple[str, Any]) -> tuple[Said, ...]:
    return tuple(Said(at(when), value, f"{value}@{when}") for when, value in values)


def related(since: str, **fields: Any) -> Related:
    record = History("r", {name: said((since, value)) for name, value in fields.items()})
    return Related(record, (Tie(at(since), True, f"tie@{since}"),))


def done(*whens: str, **props: Any) -> tuple[Done, ...]:
    return tuple(Done(at(when), f"done@{when}", props) for when in whens)


def spans(rule: Rule, history: History) -> list[str]:
    """When it joined and left, as dates and times."""
    changes = member_when(rule, history, {}).starts[1:]
    return [format_instant(change) for change in changes if change < 2**60]


def leaf(reason: Reason, clause: str) -> Reason:
    found = [reason]
    while found:
        one = found.pop()
        if one.clause == clause:
            return one
        found += one.parts
    raise AssertionError(clause)


def test_bought_an_implementation_no_service_contract_and_growing() -> None:
    order = related("2025-03-01T10:00:00Z", category="implementation", status="fulfilled")
    contract = related("2026-02-01T00:00:00Z", kind="service")
    company = History(
        "a",
        {"employees": said(("2024-06-01T00:00:00Z", 100), ("2025-09-01T00:00:00Z", 110))},
        related={"orders": (order,), "contracts": (contract,)},
    )
    # Growth is over twelve months: from the day they were 110 until a year on, when it is over.
    assert spans(read("growing"), company) == [
        "2025-09-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z",
    ]  # fmt: skip
    reason = why(read("growing"), company, {}, at("2026-03-01T00:00:00Z"))
    assert WORDS[reason.value] == "false"
    assert leaf(reason, "/where/all/1").found == 1
    growth = leaf(reason, "/where/all/2/any/0")
    assert (WORDS[growth.value], growth.found) == ("true", [100, 110])
    assert WORDS[leaf(reason, "/where/all/2/any/1").value] == "unknown"


def test_growth_a_year_ago_is_none() -> None:
    company = History(
        "a",
        {"employees": said(("2024-06-01T00:00:00Z", 100), ("2025-09-01T00:00:00Z", 110))},
        related={"orders": (related("2025-03-01T10:00:00Z", category="implementation",
                                    status="fulfilled"),)},
    )  # fmt: skip
    assert spans(read("growing"), company) == [
        "2025-09-01T00:00:00.000Z", "2026-09-01T00:00:00.000Z",
    ]  # fmt: skip


def test_two_clicks_on_prices_in_a_week_and_no_form_in_a_month() -> None:
    person = History("p", done={
        "email.clicked": done("2026-05-01T10:00:00Z", "2026-05-03T10:00:00Z",
                              "2026-06-20T10:00:00Z", "2026-06-27T10:00:00Z",
                              link_group="pricing"),
        "form.submitted": done("2026-05-05T12:00:00Z"),
    })  # fmt: skip
    # The clicks of June are exactly a week apart: when the second comes the first has left.
    assert spans(read("pricing"), person) == [
        "2026-05-03T10:00:00.000Z", "2026-05-05T12:00:00.000Z",
    ]  # fmt: skip


def test_registered_and_did_not_attend() -> None:
    absent = History("l", done={"webinar.registered": done("2026-05-01T10:00:00Z",
                                                           webinar_id="w-42")})  # fmt: skip
    came = History("l", done={
        **absent.done, "webinar.attended": done("2026-05-02T10:00:00Z", webinar_id="w-42"),
    })  # fmt: skip
    assert spans(read("absent"), absent) == ["2026-05-01T10:00:00.000Z"]
    assert spans(read("absent"), came) == ["2026-05-01T10:00:00.000Z", "2026-05-02T10:00:00.000Z"]


def test_former_buyers() -> None:
    won = related("2025-01-31T09:00:00Z", state=1, actual_close="2025-01-31")
    allowed = Allowed(at("2025-02-01T00:00:00Z"), "c", "email", "marketing", True)
    case = History("k", {"state": said(("2026-03-01T00:00:00Z", 0), ("2026-03-05T00:00:00Z", 1))})
    person = History(
        "p",
        related={"opportunities": (won,),
                 "cases": (Related(case, (Tie(at("2026-03-01T00:00:00Z"), True, "t"),)),)},
        allowed=(allowed,),
    )  # fmt: skip
    assert spans(read("former"), person) == [
        "2026-01-31T00:00:00.000Z", "2026-03-01T00:00:00.000Z", "2026-03-05T00:00:00.000Z",
    ]  # fmt: skip


def test_two_regions_on_one_list_not_on_another_at_new_year() -> None:
    def listed(name: UUID, when: str) -> dict[str, tuple[Listed, ...]]:
        return {str(name): (Listed(at(when), True, f"{name}"),)}

    lead = History(
        "l", {"region": said(("2026-01-01T00:00:00Z", "PL-14"))},
        listed={**listed(TRADE_SHOW, "2026-02-01T00:00:00Z"),
                **listed(CUSTOMERS, "2026-01-01T00:00:00.001Z")},
        scored={"engagement": said(("2026-03-01T00:00:00Z", 40), ("2026-04-01T00:00:00Z", 39))},
    )  # fmt: skip
    assert spans(read("regions"), lead) == [
        "2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z",
    ]  # fmt: skip


def test_silent_companies() -> None:
    mails = [f"2026-05-0{day}T08:00:00Z" for day in (1, 2, 3)]

    def contact(number: int, *responded: str) -> Related:
        responses = tuple(related(when, occurred_at=when) for when in responded)
        history = History(f"c{number}", done={"email.delivered": done(*mails)},
                          related={"responses": responses})  # fmt: skip
        return Related(history, (Tie(at("2026-01-01T00:00:00Z"), True, f"tie{number}"),))

    company = History("a", related={"contacts": (
        contact(1), contact(2), contact(3, "2026-05-10T08:00:00Z"),
    )})  # fmt: skip
    # Sixty days after the first mail only two are left.
    assert spans(read("silent"), company) == [
        "2026-05-03T08:00:00.000Z", "2026-05-10T08:00:00.000Z",
    ]  # fmt: skip
    two = History("a", related={"contacts": (contact(1), contact(2))})
    assert spans(read("silent"), two) == []


def test_where_only_the_day_is_known_a_withdrawal_counts() -> None:
    rule = parse_rule({"v": 1, "member": "contact", "tz": "UTC",
                       "where": {"consent": "email", "purpose": "m", "is": "granted"}})  # fmt: skip

    def entry(when: str, granted: bool, *, is_day: bool = False) -> Allowed:
        return Allowed(at(when), f"{when} {granted}", "email", "m", granted, "r", is_day)

    withdrawn = entry("2026-05-01T00:00:00Z", False, is_day=True)
    again = entry("2026-05-01T12:00:00Z", True)
    later = entry("2026-05-02T00:00:00Z", True)
    person = History("p", allowed=(withdrawn, again, later))
    assert spans(rule, person) == ["2026-05-02T00:00:00.000Z"]
    exact = entry("2026-05-01T09:00:00Z", False)
    assert spans(rule, History("p", allowed=(exact, again))) == ["2026-05-01T12:00:00.000Z"]
    same = entry("2026-05-01T12:00:00Z", False)
    assert spans(rule, History("p", allowed=(again, same))) == []
