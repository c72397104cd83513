from __future__ import annotations

import pytest

from schemas.errors import RateExceeded
from services.quotas import Quotas
from tests.support.clock import SettableClock


def test_take_refuses_what_is_beyond_a_minutes_share(clock: SettableClock) -> None:
    quotas = Quotas(clock, "api", 2, 10)
    quotas.take("a", events=6)
    quotas.take("a")
    with pytest.raises(RateExceeded) as refused:
        quotas.take("a")
    assert refused.value.retry_after == 60 - clock() % 60_000 // 1000
    with pytest.raises(RateExceeded):
        quotas.take("a", requests=0, events=5)
    quotas.take("a", requests=0, events=4)  # the refused ones took nothing
    quotas.take("b")
    clock.advance(60_000)
    quotas.take("a")


def test_take_lets_one_large_request_through(clock: SettableClock) -> None:
    quotas = Quotas(clock, "api", 0, 10)
    quotas.take("a", events=11)
    with pytest.raises(RateExceeded):
        quotas.take("a", events=1)


def test_zero_is_no_limit(clock: SettableClock) -> None:
    quotas = Quotas(clock, "api", 0, 0)
    for _ in range(1000):
        quotas.take("a", events=1000)


def test_memory_is_that_of_one_minute(clock: SettableClock) -> None:
    quotas = Quotas(clock, "api", 5, 0)
    for name in range(100):
        quotas.take(str(name))
    clock.advance(60_000)
    quotas.take("x")
    assert len(quotas._counts) == 1
