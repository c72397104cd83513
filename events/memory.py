"""The log and the gate in memory: for tests, and to say the contract in the fewest words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock

from events.cursor import TOPICS, Cursor, Place
from events.gate import REPLY_LIFETIME, Decision, Gate, StoredReply, StreamState
from events.hot_ids import Known, note_copy
from events.keys import partition_of
from events.log import (
    EVERYTHING,
    Appended,
    Filter,
    OwnedLog,
    Record,
    Slice,
    StoredRecord,
    copy_ids,
)
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position, Stream
from schemas.errors import KeyReused, LogUnavailable, NotUnique, VersionConflict

Placed = tuple[Position, Record]


class MemoryLog(OwnedLog):
    """A log of Python lists. Its hot window never ends."""

    def __init__(self, clock: Clock, partitions: int = 4) -> None:
        self.partitions = partitions
        self._clock = clock
        self._lock = Lock()
        self._last = 0
        self._closed = False
        self._seen: dict[bytes, Known] = {}
        self._lists: dict[Place, list[StoredRecord]] = {
            (topic, partition): [] for topic in TOPICS for partition in range(partitions)
        }

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        answer: Future[Appended] = Future()
        with self._lock:
            try:
                appended, rows = self.plan(records)
                self.store(rows)
                answer.set_result(appended)
            except LogUnavailable as error:
                answer.set_exception(error)
        return answer

    def plan(self, records: Sequence[Record]) -> tuple[Appended, list[Placed]]:
        """Give places while the caller holds ``lock``; nothing is stored yet."""
        if self._closed:
            raise LogUnavailable("The log is closed.")
        self._last = max(self._last, self._clock())
        lengths = {place: len(stored) for place, stored in self._lists.items()}
        known: dict[bytes, Known] = {}
        rows: list[Placed] = []
        positions: list[Position] = []
        duplicates: set[int] = set()
        conflicts: set[int] = set()
        for index, record in enumerate(records):
            named = copy_ids(record.event_id, record.head)
            own = named if isinstance(named, bytes) else named.own
            others = () if isinstance(named, bytes) else (named.plain, named.any)
            first = known.get(own) or self._seen.get(own)
            copies = (known.get(name) or self._seen.get(name) for name in others)
            other = first or next((copy for copy in copies if copy), None)
            if other is not None and not record.fresh:
                duplicates.add(index)
                if other.digest != record.digest:
                    conflicts.add(index)
            if first is not None and not record.fresh:
                positions.append(first.position)
                continue
            place = (record.topic, partition_of(record.key, self.partitions))
            position = Position(*place, lengths[place])
            lengths[place] += 1
            positions.append(position)
            rows.append((position, record))
            if not record.fresh:
                note_copy(known, named, Known(position, record.digest))
        return Appended(tuple(positions), frozenset(duplicates), frozenset(conflicts)), rows

    def store(self, rows: Sequence[Placed]) -> None:
        """Store what ``plan`` has placed, while the caller still holds ``lock``."""
        for position, record in rows:
            self._lists[position.topic, position.partition].append(
                StoredRecord(
                    position=position,
                    recorded_at=self._last,
                    key=record.key,
                    event_id=record.event_id,
                    type=record.type,
                    head=record.head,
                    data=record.data,
                )
            )
            if not record.fresh:
                named = copy_ids(record.event_id, record.head)
                note_copy(self._seen, named, Known(position, record.digest))

    @property
    def lock(self) -> Lock:
        """The one append lock, shared with the gate."""
        return self._lock

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        found = self._lists[topic, partition][start : start + limit]
        return Slice(
            topic, partition, start, start + len(found), tuple(r for r in found if only.takes(r))
        )

    def heads(self) -> Cursor:
        return Cursor({place: len(records) for place, records in self._lists.items()})

    def cursor_at(self, recorded_at: int) -> Cursor:
        return Cursor(
            {
                place: bisect_right(records, recorded_at, key=lambda r: r.recorded_at)
                for place, records in self._lists.items()
            }
        )

    def find(self, copies: Sequence[bytes]) -> list[Position | None]:
        known = (self._seen.get(name) for name in copies)
        return [found.position if found else None for found in known]

    def close(self) -> None:
        with self._lock:
            self._closed = True


class MemoryGate(Gate):
    """A gate of Python dicts over a ``MemoryLog``."""

    def __init__(self, log: MemoryLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._streams: dict[tuple[str, Stream], StreamState] = {}
        self._claims: dict[tuple[str, str, str], str] = {}
        self._replies: dict[tuple[str, str, str], tuple[StoredReply, int]] = {}

    def state_of(self, workspace: str, stream: Stream) -> StreamState:
        return self._streams.get((workspace, stream), StreamState(0))

    def states(self, workspace: str, kind: str) -> list[tuple[str, StreamState]]:
        return sorted(
            (stream.id, state)
            for (owner, stream), state in list(self._streams.items())
            if owner == workspace and stream.kind == kind
        )

    def reply_of(self, workspace: str, principal: str, key: str, now: int) -> StoredReply | None:
        stored, expires = self._replies.get((workspace, principal, key), (None, 0))
        return stored if expires > now else None

    def decide(self, decision: Decision) -> Future[Appended]:
        answer: Future[Appended] = Future()
        with self._log.lock:
            try:
                self._check(decision)
                answer.set_result(self._accept(decision))
            except Exception as error:  # noqa: BLE001 - it is handed to the caller it belongs to
                answer.set_exception(error)
        return answer

    def _check(self, decision: Decision) -> None:
        for write in decision.writes:
            actual = self.state_of(decision.workspace, write.stream).version
            if actual != write.expected:
                raise VersionConflict(str(write.stream), write.expected, actual)
        for claim in decision.claims:
            holder = self._claims.get((decision.workspace, claim.kind, claim.value))
            if holder not in (None, claim.owner):
                raise NotUnique(f"The {claim.kind} {claim.value!r} is taken.")
        key = decision.reply_key
        if key and self.reply_of(decision.workspace, key.principal, key.key, self._clock()):
            raise KeyReused("This idempotency key has been used.")

    def _accept(self, decision: Decision) -> Appended:
        appended, rows = self._log.plan(decision.records)
        key = decision.reply_key
        reply = decision.reply(appended) if key and decision.reply else None
        # Nothing below fails, so that a decision is never half accepted.
        self._log.store(rows)
        for write in decision.writes:
            self._streams[decision.workspace, write.stream] = StreamState(
                write.version, write.state
            )
        for claim in decision.claims:
            self._claims[decision.workspace, claim.kind, claim.value] = claim.owner
        if key and reply:
            stored = StoredReply(key.fingerprint, *reply)
            expires = self._clock() + REPLY_LIFETIME
            self._replies[decision.workspace, key.principal, key.key] = (stored, expires)
        return appended
