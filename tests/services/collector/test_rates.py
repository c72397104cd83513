from __future__ import annotations

import pytest

from schemas.errors import RateExceeded
from services.collector import rates
from services.collector.rates import Rates
from tests.support.clock import SettableClock


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.1", "203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.2", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_one_sender_is_one_address_or_one_customers_network(
    clock: SettableClock, one: str, other: str, same: bool
) -> None:
    counted = Rates(clock)
    counted.count(one, "form")
    assert counted.count(other, "form") == (2 if same else 1)
    assert counted.count(one, "another form") == 1


def test_check_refuses_beyond_the_limit_and_zero_is_none(clock: SettableClock) -> None:
    counted = Rates(clock)
    counted.check("a", "login", 1, "login")
    with pytest.raises(RateExceeded) as refused:
        counted.check("a", "login", 1, "login")
    assert refused.value.retry_after == counted.seconds_left() > 0
    for _ in range(100):
        counted.check("b", "login", 0, "login")


def test_a_flood_from_everywhere_does_not_fill_the_memory(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_MOST_SENDERS", 10)
    counted = Rates(clock)
    for number in range(50):
        counted.count(f"203.0.113.{number}", "form")
    assert counted.count("203.0.113.1", "form") == 2
    assert counted.count("203.0.113.200", "form") == 41
    assert len(counted._counts) == 11
