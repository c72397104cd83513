"""The log on Kafka: one writer thread sends what many calls bring, and waits for all of it at once.

Two things differ from a log in a file. Its clock is the brokers'. And after ``LogUnavailable``
records of the call may lie in the log all the same, or come to lie there: the writer stays at it
and takes nothing else until it knows, so that the same call sent again stores nothing twice.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError, KafkaTimeoutError

from events.codec import content_digest
from events.cursor import Cursor, Place
from events.hot_ids import Known, note_copy
from events.intake import Intake
from events.kafka.broker import Broker
from events.kafka.known_ids import KnownIds
from events.kafka.pages import Pages
from events.kafka.producing import producer
from events.kafka.records import Headers, headers_of, size_of
from events.kafka.topics import LARGEST_RECORD, Layout, check
from events.keys import partition_of
from events.log import EVERYTHING, Appended, CopyIds, Filter, OwnedLog, Record, Slice, copy_ids
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position
from schemas.errors import AnswerbackError, LogUnavailable, TooLarge

_ACK_SECONDS = 3.0  # then callers are told that the log is away
_LOOK_SECONDS = 0.05  # for what is still under way from before
_READ_AT_ONCE = 5_000


@dataclass(slots=True)
class _Waiting:
    """Records to append, or ids to look for."""

    answer: Future[Any]
    records: Sequence[Record]
    asked: Sequence[bytes] | None = None


@dataclass(slots=True)
class _First:
    """The first copy of a record: known from before, or on its way, or both."""

    digest: bytes
    position: Position | None = None
    sending: Any = None


@dataclass(slots=True)
class _Call:
    """What became of each record of a call."""

    item: _Waiting
    firsts: list[_First] = field(default_factory=list)
    is_told: bool = False  # that it failed: then any of its records may come again
    duplicates: set[int] = field(default_factory=set)
    conflicts: set[int] = field(default_factory=set)


class KafkaLog(OwnedLog):
    """The distributed log. Any number of processes append; each needs a file for ids of its own.

    Raises ``SettingsInvalid`` if the topics are not as ``layout`` says, ``LogUnavailable`` if no
    broker answers.
    """

    def __init__(self, broker: Broker, layout: Layout, ids: Path, clock: Clock) -> None:
        check(broker, layout)
        self.partitions = layout.partitions
        self._broker = broker
        self._layout = layout
        self._clock = clock
        self._pages = Pages(broker, layout)
        self._ids = KnownIds(ids, self.heads())
        self._producer: Any = None
        self._under_way: list[_Call] = []  # sent, and not known to be stored
        self._firsts: dict[bytes, _First] = {}  # among them, by id
        self._is_sure = False  # whether all else that this writer has stored is known
        self._intake: Intake[_Waiting] = Intake()
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    # The port

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self._intake.put(_Waiting(Future(), records))

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        return self._pages.read(topic, partition, start, limit, only)

    def heads(self) -> Cursor:
        return self._pages.heads()

    def cursor_at(self, recorded_at: int) -> Cursor:
        return self._pages.cursor_at(recorded_at)

    def find(self, copies: Sequence[bytes]) -> list[Position | None]:
        found: list[Position | None] = self._intake.put(_Waiting(Future(), (), copies)).result()
        return found

    def close(self) -> None:
        if self._intake.close():
            self._writer.join()
            self._pages.close()

    # The writer

    def _write(self) -> None:
        going = True
        while going:
            waiting, going = self._intake.gather()
            if waiting:
                self._serve(waiting)
        if self._producer is not None:
            self._producer.close(timeout=_ACK_SECONDS)
        self._ids.close()

    def _serve(self, waiting: list[_Waiting]) -> None:
        """Send all, wait for all, then answer."""
        try:
            with self._broker.reached():
                if not self._is_sure:
                    self._begin_anew()
                self._settle(_LOOK_SECONDS)
                for item in waiting:
                    self._send(item)
                calls = self._under_way
                self._settle(_ACK_SECONDS)
            self._ids.keep(self._clock())
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
            failure = error if isinstance(error, AnswerbackError) else _unexpected(error)
            for item in waiting:
                if not item.answer.done():
                    item.answer.set_exception(failure)
            return
        for call in calls:
            _answer(call)

    def _send(self, item: _Waiting) -> None:
        if item.asked is not None:
            firsts = self._firsts
            found = [firsts.get(raw) or self._known(raw) or _First(b"") for raw in item.asked]
            self._under_way.append(_Call(item, found))
            return
        try:
            described = [_headers(record) for record in item.records]
        except Exception as error:  # noqa: BLE001 - the fault of this call, which alone is told
            item.answer.set_exception(error)
            return
        call = _Call(item)
        self._under_way.append(call)
        for record, headers in zip(item.records, described, strict=True):
            self._take(call, record, headers)

    def _take(self, call: _Call, record: Record, headers: Headers) -> None:
        """Send a record, unless a copy of it is known or under way."""
        if record.fresh:
            call.firsts.append(_First(b"", sending=self._sent(record, headers)))
            return
        named = copy_ids(record.event_id, record.head)
        raw = named if isinstance(named, bytes) else named.own
        first = known = self._firsts.get(raw) or self._known(raw)
        if first is None:
            first = self._firsts[raw] = _First(record.digest, sending=self._sent(record, headers))
            if not isinstance(named, bytes):
                known = self._other_copy(named)
                self._firsts.setdefault(named.any, first)
        if known is not None:
            index = len(call.firsts)
            call.duplicates.add(index)
            if self._digest(known) != record.digest:
                call.conflicts.add(index)
        call.firsts.append(first)

    def _other_copy(self, named: CopyIds) -> _First | None:
        """A copy that came with another batch, or with none."""
        found = (self._firsts.get(raw) or self._known(raw) for raw in (named.plain, named.any))
        return next((first for first in found if first is not None), None)

    def _sent(self, record: Record, headers: Headers) -> Any:
        return self._producer.send(
            self._layout.name(record.topic),
            value=record.data,
            key=record.key.encode(),
            headers=headers,
            partition=partition_of(record.key, self.partitions),
        )

    def _settle(self, seconds: float) -> None:
        """Wait until the brokers have everything that is under way, and note where it lies.

        If they do not take it in time it stays under way: the producer goes on trying with the same
        sequence numbers, by which brokers know a second copy. A new producer would be a stranger.
        """
        if not self._under_way:
            return
        try:
            self._producer.flush(timeout=seconds)
        except KafkaTimeoutError as error:
            for call in self._under_way:
                call.is_told = True
            raise LogUnavailable(
                f"Kafka at {self._broker.addresses} has not acknowledged events within "
                f"{seconds:g} s. They are sent on; sending them again stores nothing twice."
            ) from error
        calls, self._under_way, self._firsts = self._under_way, [], {}
        try:
            self._note(calls)
        except KafkaError:
            self._is_sure = False  # it was refused, or the producer has given up: begin anew
            raise

    def _note(self, calls: list[_Call]) -> None:
        seen: dict[bytes, Known] = {}
        positions = []
        for call in calls:
            for record, first in zip(call.item.records, call.firsts, strict=False):
                if first.sending is None:
                    continue
                if first.position is None:
                    first.position = _position(record.topic, first.sending.get(timeout=0))
                    positions.append(first.position)
                if not record.fresh or call.is_told:
                    named = copy_ids(record.event_id, record.head)
                    note_copy(seen, named, Known(first.position, first.digest))
        if positions:
            self._ids.note(seen, Cursor.after(positions), len(positions), self._clock())

    def _known(self, raw: bytes) -> _First | None:
        known = self._ids.find(raw)
        return None if known is None else _First(known.digest, known.position)

    def _digest(self, first: _First) -> bytes:
        """The digest of a first copy; if it is not remembered, that of what lies in the log."""
        if not first.digest and first.position is not None:
            topic, partition, offset = first.position
            (record,) = self._pages.range((topic, partition), offset, offset + 1)
            first.digest = content_digest(record.type.rpartition(".v")[0], record.data)
        return first.digest

    def _begin_anew(self) -> None:
        """A new producer, when all is known that an earlier one, or another process, has stored."""
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None
        self._under_way, self._firsts = [], {}
        heads = self.heads()
        for place, head in heads.items():
            self._note_range(place, self._ids.covered[place], head)
        self._producer = producer(self._broker)
        self._is_sure = True

    def _note_range(self, place: Place, start: int, head: int) -> None:
        start = max(start, self._pages.start(place)) if start < head else head
        while start < head:
            end = min(start + _READ_AT_ONCE, head)
            records = self._pages.range(place, start, end)
            seen: dict[bytes, Known] = {}
            for record in records:
                named = copy_ids(record.event_id, record.head)
                note_copy(seen, named, Known(record.position, b""))
            at = records[-1].recorded_at
            self._ids.note(seen, Cursor({place: end}), len(records), at)
            start = end


def _answer(call: _Call) -> None:
    if call.item.asked is not None:
        call.item.answer.set_result([first.position for first in call.firsts])
        return
    positions = tuple(first.position for first in call.firsts if first.position is not None)
    call.item.answer.set_result(
        Appended(positions, frozenset(call.duplicates), frozenset(call.conflicts))
    )


def _headers(record: Record) -> Headers:
    """A record's headers. Raises ``TooLarge``."""
    headers = headers_of(record)
    if (size := size_of(record, headers)) > LARGEST_RECORD:
        raise TooLarge(f"Event {record.event_id} takes {size} bytes; at most {LARGEST_RECORD} do.")
    return headers


def _position(topic: Topic, told: Any) -> Position:
    return Position(topic, told.partition, told.offset)


def _unexpected(error: Exception) -> LogUnavailable:
    failure = LogUnavailable(f"The log cannot write: {error or type(error).__name__}")
    failure.__cause__ = error
    return failure
