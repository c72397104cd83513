"""A log before which a spool lies: where the log is away, events are kept on this machine's disk.

1. While the log takes events, the spool is not touched.
2. What the log does not take is synced to the spool before it is answered; the answer has no
   positions but the entry's id (``pending``). ``cursor_of`` tells its cursor once it has one.
3. While anything waits, what comes is put behind it, and a thread carries it over in that order.
4. Records of an entry may lie in the log already, since a log that was away may yet have taken
   them; they are carried over under their ids, which the log knows copies by.
5. The spool is bounded: what no longer fits is refused with ``LogUnavailable``.
6. An entry that the log will never take is kept with the reason, and holds up no other.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID

from events.codec import content_digest
from events.cursor import Cursor
from events.intake import Intake
from events.log import EVERYTHING, Appended, Filter, OwnedLog, Record, Slice
from events.spool_file import Entry, SpoolFile, Waiting, size_of
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position
from schemas.errors import InputError, LogUnavailable

_ENTRIES_AT_ONCE = 100
_PAUSE_SECONDS = 0.5

logger = logging.getLogger("answerback.spool")

Answer = Future[Appended]


@dataclass(slots=True)
class _Call:
    """Records for the spool."""

    answer: Answer
    records: Sequence[Record]


class SpooledLog(OwnedLog):
    """A log with a spool before it.

    ``opening`` opens the log; it is called until it succeeds, so that a process can start, and take
    events, while the log is away. ``most`` is the spool's bound in bytes.
    """

    def __init__(
        self,
        opening: Callable[[], OwnedLog],
        partitions: int,
        spool: SpoolFile,
        most: int,
        clock: Clock,
        draw_id: Callable[[], UUID],
    ) -> None:
        self.partitions = partitions
        self._opening = opening
        self._spool = spool
        self._most = most
        self._clock = clock
        self._draw_id = draw_id
        self._log: OwnedLog | None = None
        self._lock = threading.Lock()  # over the spool and what is known of it
        self._waiting = spool.waiting()
        self._intake: Intake[_Call] = Intake()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for name, target in (("spool-writer", self._write), ("spool-carrier", self._carry))
        ]
        for thread in self._threads:
            thread.start()

    # The port

    def append(self, records: Sequence[Record]) -> Answer:
        log, answer = self._log, Answer()
        if log is None or self._waiting.entries or self._closing.is_set():
            return self._intake.put(_Call(answer, records))
        log.append(records).add_done_callback(lambda done: self._settle(done, records, answer))
        return answer

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        return self._opened.read(topic, partition, start, limit, only)

    def heads(self) -> Cursor:
        return self._opened.heads()

    def cursor_at(self, recorded_at: int) -> Cursor:
        return self._opened.cursor_at(recorded_at)

    def find(self, copies: Sequence[bytes]) -> list[Position | None]:
        return self._opened.find(copies)

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        if self._log is not None:
            self._log.close()
        self._intake.close()
        for thread in self._threads:
            thread.join()
        self._spool.close()

    # The spool

    def waiting(self) -> Waiting:
        """What waits, for those who watch over it."""
        return self._waiting

    def cursor_of(self, pending: UUID) -> Cursor | None:
        """The cursor behind a pending answer's records, once they are in the log."""
        with self._lock:
            return self._spool.cursor_of(pending)

    @property
    def _opened(self) -> OwnedLog:
        if self._log is None:
            raise LogUnavailable("The log cannot be reached yet. Events are kept meanwhile.")
        return self._log

    def _settle(self, done: Answer, records: Sequence[Record], answer: Answer) -> None:
        """The log has answered: so be it, or into the spool."""
        error = done.exception()
        if isinstance(error, LogUnavailable):
            self._intake.put(_Call(answer, records))
        elif answer.set_running_or_notify_cancel():
            if error is None:
                answer.set_result(done.result())
            else:
                answer.set_exception(error)

    # The thread that writes the spool

    def _write(self) -> None:
        going = True
        while going:
            calls, going = self._intake.gather()
            fitting = self._fitting(calls)
            if fitting:
                self._keep(fitting)

    def _fitting(self, calls: list[_Call]) -> list[_Call]:
        """The calls for which there is room; the others are refused."""
        room = self._most - self._waiting.size
        fitting = []
        for call in calls:
            size = size_of(call.records)
            if size <= room:
                room -= size
                fitting.append(call)
            else:
                words = f"The log is away, and its spool of {self._most} bytes is full."
                call.answer.set_exception(LogUnavailable(f"{words} Send this again later."))
        return fitting

    def _keep(self, calls: list[_Call]) -> None:
        """Sync calls to the disk as one, and answer."""
        kept = [(self._draw_id(), [_named(record) for record in call.records]) for call in calls]
        try:
            with self._lock:
                self._spool.add(kept, self._clock())
                self._waiting = self._spool.waiting()
        except sqlite3.Error as error:
            words = f"The log is away, and its spool cannot be written: {error}."
            for call in calls:
                call.answer.set_exception(LogUnavailable(words))
            return
        for (identity, _records), call in zip(kept, calls, strict=True):
            call.answer.set_result(Appended((), pending=identity))
        self._wake.set()

    # The thread that carries over

    def _carry(self) -> None:
        while not self._closing.is_set():
            try:
                idle = not self._carried()
            except (LogUnavailable, sqlite3.Error) as error:
                logger.warning("The spool waits for the log: %s", error)
                self._closing.wait(_PAUSE_SECONDS)
                continue
            if idle:
                self._wake.wait()
                self._wake.clear()

    def _carried(self) -> bool:
        """Carry over the oldest entries; answers whether there were any."""
        if self._log is None:
            self._log = self._opening()
        with self._lock:
            entries = self._spool.oldest(_ENTRIES_AT_ONCE)
        answers = [(entry, self._log.append(entry.records)) for entry in entries]
        done: list[tuple[Entry, Cursor]] = []
        try:
            for entry, answer in answers:
                try:
                    done.append((entry, answer.result().cursor))
                except InputError as error:
                    self._refuse(entry, error)
        finally:  # what the log has is noted, also when it went away in the middle
            with self._lock:
                self._spool.stored(done, self._clock())
                self._waiting = self._spool.waiting()
        return bool(entries)

    def _refuse(self, entry: Entry, error: InputError) -> None:
        logger.error(
            "The log refuses entry %d of the spool, which is kept: %s", entry.number, error
        )
        with self._lock:
            self._spool.refused(entry, str(error))
            self._waiting = self._spool.waiting()


def _named(record: Record) -> Record:
    """A record as one that may have copies: with the digest that fresh ones need none of."""
    if not record.fresh:
        return record
    return record._replace(
        fresh=False, digest=content_digest(record.type.rpartition(".v")[0], record.data)
    )
