from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path

import pytest

from events.sqlite import SqliteLog
from schemas.errors import LogUnavailable
from services.collector.append import Appender
from tests.services.collector.broken_log import BreakableLog
from tests.support.clock import SettableClock
from tests.support.records import record, stored


@pytest.fixture
def log() -> BreakableLog:
    return BreakableLog()


def test_append_answers_when_the_log_has_them(log: BreakableLog) -> None:
    appended = asyncio.run(Appender(log, 5).append([record(1), record(2)]))
    assert len(appended.positions) == 2
    assert len(list(stored(log))) == 2


def test_add_gathers_the_hits_of_a_moment_in_one_call(log: BreakableLog) -> None:
    async def many() -> None:
        appender = Appender(log, 5)
        await asyncio.gather(*(appender.add(record(n, fresh=True)) for n in range(50)))

    asyncio.run(many())
    assert log.calls == [50]
    assert len(list(stored(log))) == 50


def test_hits_leave_nothing_for_the_garbage_collector(tmp_path: Path) -> None:
    class Caller:
        def __init__(self) -> None:
            self.told = asyncio.Event()

        def take(self, _: BaseException | None) -> None:
            self.told.set()

    async def one() -> weakref.ref[Caller]:
        caller = Caller()
        Appender(slow, 5).then(record(1, fresh=True), caller.take)
        await caller.told.wait()
        return weakref.ref(caller)

    # A log that answers later, by a thread of its own, as the real one does.
    slow = SqliteLog(tmp_path / "log.db", SettableClock())
    gc.disable()
    try:
        caller = asyncio.run(one())
        slow.append([record(2)]).result()  # the log remembers its last commit until the next
        assert caller() is None
    finally:
        gc.enable()
        slow.close()


def test_a_caller_that_fails_keeps_the_answer_from_nobody(
    log: BreakableLog, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: BaseException | None) -> None:
        raise ValueError("Gone.")

    async def both() -> None:
        appender = Appender(log, 5)
        appender.then(record(1, fresh=True), fail)
        await appender.add(record(2, fresh=True))

    asyncio.run(both())
    assert "answer could not be given" in caplog.text
    assert len(list(stored(log))) == 2


def test_add_tells_every_caller_that_the_log_fails(log: BreakableLog) -> None:
    log.fails = True

    async def many() -> list[object]:
        appender = Appender(log, 5)
        adding = (appender.add(record(n, fresh=True)) for n in range(3))
        return await asyncio.gather(*adding, return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(many())] == [LogUnavailable] * 3


@pytest.mark.parametrize("grouped", [True, False])
def test_a_log_without_an_answer_is_given_up(log: BreakableLog, grouped: bool) -> None:
    log.hangs = True
    appender = Appender(log, 0.02)
    one = record(1, fresh=True)

    async def wait() -> None:
        await (appender.add(one) if grouped else appender.append([one]))

    with pytest.raises(LogUnavailable):
        asyncio.run(wait())


def test_a_caller_that_has_gone_does_not_disturb_the_others(log: BreakableLog) -> None:
    async def some() -> None:
        appender = Appender(log, 5)
        gone = asyncio.ensure_future(appender.add(record("gone", fresh=True)))
        stays = asyncio.ensure_future(appender.add(record("stays", fresh=True)))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(some())
    assert len(list(stored(log))) == 2


def test_after_a_failure_the_next_group_is_stored(log: BreakableLog) -> None:
    async def both() -> None:
        appender = Appender(log, 5)
        log.fails = True
        with pytest.raises(LogUnavailable):
            await appender.add(record(1, fresh=True))
        log.fails = False
        await appender.add(record(2, fresh=True))

    asyncio.run(both())
    assert len(list(stored(log))) == 1
