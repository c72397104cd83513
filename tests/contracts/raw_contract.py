"""What every store of raw bodies does. The subclass gives ``raw``, which keeps two days."""

from __future__ import annotations

from uuid import UUID

from events.raw import RawBodies, SealedBytes
from schemas.instants import DAY
from tests.support.clock import SettableClock

ONE, TWO = UUID(int=1), UUID(int=2)
FIRST, SECOND = SealedBytes("k", b"first"), SealedBytes("k", b"second")


class RawContract:
    """The contract of ``RawBodies``, as tests."""

    def test_what_is_put_is_got_by_its_own_workspace(self, raw: RawBodies) -> None:
        raw.put("demo", ONE, FIRST)
        raw.put("other", TWO, SECOND)
        assert raw.get("demo", ONE) == FIRST
        assert raw.get("other", ONE) is None
        assert raw.get("demo", TWO) is None

    def test_the_first_body_of_an_event_stays(self, raw: RawBodies, clock: SettableClock) -> None:
        raw.put("demo", ONE, FIRST)
        raw.put("demo", ONE, SECOND)
        clock.advance(DAY)
        raw.put("demo", ONE, SECOND)
        assert raw.get("demo", ONE) == FIRST

    def test_a_body_is_let_go_after_its_days(self, raw: RawBodies, clock: SettableClock) -> None:
        raw.put("demo", ONE, FIRST)
        clock.advance(DAY)
        raw.put("demo", TWO, SECOND)
        assert raw.get("demo", ONE) == FIRST
        clock.advance(DAY)
        assert raw.get("demo", ONE) is None
        assert raw.get("demo", TWO) == SECOND
        clock.advance(DAY)
        assert raw.get("demo", TWO) is None
