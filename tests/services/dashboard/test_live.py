"""The stream of changes: what it says first, when it says more, when it ends, and its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from events.cursor import TOPICS, Cursor
from schemas.errors import RateExceeded
from services.dashboard import live
from services.dashboard.live import Feed, decode_marks, encode_marks
from tests.services.api.fake_reads import FakeReads


class Moving(FakeReads):
    """A read side whose cursor a test moves, and which counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = 0
        self.looks = 0
        self.broken = False

    def cursors(self) -> dict[str, Cursor]:
        self.looks += 1
        if self.broken:
            raise ValueError("Not an error that the port has.")
        return {"rows": Cursor({(topic, 0): self.offset for topic in TOPICS})}


async def valid() -> bool:
    return True


async def ended() -> bool:
    return False


async def event_of(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), 3)


def marks_of(event: bytes) -> str:
    return event.decode().split("\n")[0].removeprefix("id: ")


def test_stream_says_that_something_moved() -> None:
    async def listen() -> None:
        reads = Moving()
        feed = Feed(reads, 0.001)
        stream = feed.stream("key", None, valid)
        assert await event_of(stream) == b"retry: 2000\n\n"
        first = await event_of(stream)
        assert b"event: moved" in first
        reads.offset = 7
        second = await event_of(stream)
        assert marks_of(second) != marks_of(first)
        assert decode_marks(marks_of(second)) == reads.cursors()
        feed.end()
        with pytest.raises(StopAsyncIteration):
            await event_of(stream)

    asyncio.run(listen())


@pytest.mark.parametrize(
    ("last", "said"),
    [(5, None), (3, b"moved"), (9, b"reset"), ("rubbish", b"reset"), ("other~", b"reset")],
)
def test_stream_goes_on_where_the_page_has_been(last: int | str, said: bytes | None) -> None:
    async def listen() -> None:
        reads = Moving()
        reads.offset = last if isinstance(last, int) else 0
        seen = encode_marks(reads.cursors()) if isinstance(last, int) else last
        reads.offset = 5
        stream = Feed(reads, 0.001).stream("key", seen, valid, 0.05)
        await event_of(stream)
        event = await event_of(stream)
        while event.startswith(b":") and said is not None:
            event = await event_of(stream)
        assert event.startswith(b":") if said is None else b"event: " + said in event
        await stream.aclose()

    asyncio.run(listen())


def test_stream_ends_with_its_session() -> None:
    async def listen() -> None:
        stream = Feed(Moving(), 0.001).stream("key", None, ended, 0.01)
        said = [event async for event in stream]
        assert len(said) <= 3

    asyncio.run(asyncio.wait_for(listen(), 10))


def test_nobody_is_asked_while_nobody_listens() -> None:
    async def listen() -> None:
        reads = Moving()
        feed = Feed(reads, 0.001)
        await asyncio.sleep(0.02)
        assert reads.looks == 0
        streams = [feed.stream("key", None, valid) for _ in range(3)]
        for stream in streams:
            await event_of(stream)
            await event_of(stream)
        for stream in streams:
            await stream.aclose()
        await asyncio.sleep(0.02)
        before = reads.looks
        await asyncio.sleep(0.02)
        assert reads.looks == before

    asyncio.run(listen())


def test_stream_goes_on_after_the_read_side_was_broken() -> None:
    async def listen() -> None:
        reads = Moving()
        reads.broken = True
        stream = Feed(reads, 0.001).stream("key", None, valid, 0.05)
        await event_of(stream)
        assert (await event_of(stream)).startswith(b":")
        reads.broken = False
        event = b":"
        while event.startswith(b":"):
            event = await event_of(stream)
        assert b"event: moved" in event
        await stream.aclose()

    asyncio.run(listen())


def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def listen() -> None:
        feed = Feed(Moving(), 0.001)
        streams = [feed.stream("key", None, valid) for _ in range(2)]
        for stream in streams:
            await event_of(stream)
        with pytest.raises(RateExceeded):
            feed.check_room("key")
        feed.check_room("another")
        await streams[0].aclose()
        feed.check_room("key")
        await streams[1].aclose()

    monkeypatch.setattr(live, "MOST_STREAMS_OF_A_KEY", 2)
    asyncio.run(listen())
