"""The ids of the hot window: was this event stored before, and where?

One index over random ids would touch another page of its file with every id, and after some
millions that is what an append costs. So ids are gathered in memory and written in sorted *runs*,
each a small table filled from left to right; a day's runs are dropped whole when the window has
passed. A bitmap (a Bloom filter) over every 32 runs says for nearly every new id that no run holds
it.

Memory holds the ids since the last run; after a restart they are read again from the log itself.
Only the log's writer uses this, inside its transactions.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from events.cursor import Cursor
from events.log import CopyIds
from events.places import number_of, position_of
from schemas.envelope import Position
from schemas.instants import DAY

RUN = 32_768
"""Ids in a run: writing one takes the writer some 40 ms."""

SPAN = 262_144
"""Records between two runs at most, since a restart reads what came after the last one."""

RUNS_PER_FILTER = 32
_BITS = 24
_MASK = (1 << _BITS) - 1
_WORDS = struct.Struct("<4I")

TABLES = (
    "CREATE TABLE IF NOT EXISTS id_run (run INTEGER PRIMARY KEY, day INTEGER NOT NULL, "
    "filter INTEGER NOT NULL, covered TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS id_filter (filter INTEGER PRIMARY KEY, bits BLOB NOT NULL)",
)


class Known(NamedTuple):
    """Where an id was first seen, and what digest its content had; empty if that is to be read."""

    position: Position
    digest: bytes


def note_copy(seen: dict[bytes, Known], named: CopyIds | bytes, known: Known) -> None:
    """Take in a record that was stored, by all it is known by."""
    if isinstance(named, bytes):
        seen[named] = known
    else:
        seen[named.own] = known
        seen.setdefault(named.any, known)


class Bitmap:
    """16 bits for each of a million ids: about one id in a thousand is believed in wrongly."""

    def __init__(self, bits: bytes | None = None) -> None:
        self.bits = bytearray(bits) if bits else bytearray(1 << (_BITS - 3))

    def add(self, raw: bytes) -> None:
        """Remember an id."""
        bits = self.bits
        for place in _places(raw):
            bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, raw: bytes) -> bool:
        """False only if the id was never added."""
        bits = self.bits
        for place in _places(raw):  # noqa: SIM110 - this is asked of every new id; all() takes twice as long
            if not bits[place >> 3] >> (place & 7) & 1:
                return False
        return True

    @property
    def content(self) -> bytes:
        """All bits, to be kept."""
        return bytes(self.bits)


def _places(raw: bytes) -> tuple[int, int, int, int, int]:
    """Five places of an id, which is random already: no hashing is needed.

    The first is its first three bytes, for ``HotIds.find`` looks there by itself.
    """
    a, b, c, d = _WORDS.unpack(raw)
    return a & _MASK, b & _MASK, c & _MASK, d & _MASK, (a ^ d) >> (32 - _BITS)


@dataclass(slots=True)
class Group:
    """Up to 32 runs of one day under one bitmap."""

    number: int
    day: int
    bitmap: Bitmap = field(default_factory=Bitmap)
    runs: list[int] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether the next run needs another group."""
        return len(self.runs) >= RUNS_PER_FILTER


class HotIds:
    """Ids in memory and in runs. Changes of the file are made durable by the caller's commit."""

    def __init__(self, window_days: int) -> None:
        self._window = window_days
        self._recent: dict[bytes, Known] = {}
        self._day = 0
        self._since_run = 0
        self._groups: list[Group] = []
        self._next_run = 0

    def open(self, connection: sqlite3.Connection) -> Cursor:
        """Read what is kept; answers from where on the log's records are to be noted again."""
        covered = Cursor()
        rows = connection.execute("SELECT run, day, filter, covered FROM id_run ORDER BY run")
        for run, day, number, text in rows.fetchall():
            if not self._groups or self._groups[-1].number != number:
                self._groups.append(Group(number, day))
            self._groups[-1].runs.append(run)
            self._next_run = run + 1
            covered = Cursor.decode(text)
        for group in self._groups:
            group.bitmap = _bitmap(connection, group)
        return covered

    def find(self, connection: sqlite3.Connection, raw: bytes) -> Known | None:
        """Where an id was seen within the window."""
        known = self._recent.get(raw)
        if known is not None:
            return known
        # Looked at here, the first bit of each bitmap rejects most new ids without any call.
        place = int.from_bytes(raw[:3], "little")
        byte, bit = place >> 3, 1 << (place & 7)
        for group in self._groups:
            if group.bitmap.bits[byte] & bit and group.bitmap.may_hold(raw):
                for run in group.runs:
                    row = connection.execute(
                        f"SELECT place FROM ids_{run} WHERE event_id = ?", (raw,)
                    ).fetchone()
                    if row is not None:
                        return Known(position_of(row[0]), b"")
        return None

    def note(self, seen: Mapping[bytes, Known], records: int, recorded_at: int) -> None:
        """Take in the ids of a commit of so many records."""
        self._recent.update(seen)
        self._since_run += records
        self._day = recorded_at // DAY

    def is_due(self, now: int) -> bool:
        """Whether the ids in memory should become a run, or a day has passed out of the window."""
        return (
            len(self._recent) >= RUN
            or self._since_run >= SPAN
            or (bool(self._recent) and now // DAY != self._day)
            or any(self._is_over(group.day, now) for group in self._groups)
        )

    def write(self, connection: sqlite3.Connection, heads: Cursor, now: int) -> Sequence[Group]:
        """Drop what is over and write the ids in memory as a run; ``written`` makes it so here.

        Answers the groups as they are afterwards.
        """
        kept = [group for group in self._groups if not self._is_over(group.day, now)]
        for group in self._groups:
            if self._is_over(group.day, now):
                _drop(connection, group)
        if not self._since_run or self._is_over(self._day, now):
            return kept
        last = kept.pop() if kept and self._fits(kept[-1]) else None
        group = self._begun(last)
        group.runs.append(self._next_run)
        self._write_run(connection, group, heads)
        return [*kept, group]

    def _fits(self, group: Group) -> bool:
        return not group.full and group.day == self._day

    def _begun(self, last: Group | None) -> Group:
        """The group that the next run belongs to; a copy, since the commit may yet fail."""
        if last is not None:
            return Group(last.number, last.day, last.bitmap, [*last.runs])
        return Group(1 + max((group.number for group in self._groups), default=0), self._day)

    def _write_run(self, connection: sqlite3.Connection, group: Group, heads: Cursor) -> None:
        run = group.runs[-1]
        connection.execute(
            f"CREATE TABLE ids_{run} (event_id BLOB PRIMARY KEY, place INTEGER NOT NULL) "
            "WITHOUT ROWID"
        )
        rows = [
            (raw, number_of(known.position[:2], known.position.offset))
            for raw, known in sorted(self._recent.items())
        ]
        connection.executemany(f"INSERT INTO ids_{run} VALUES (?, ?)", rows)
        connection.execute(
            "INSERT INTO id_run VALUES (?, ?, ?, ?)",
            (run, group.day, group.number, heads.encode()),
        )
        for raw in self._recent:
            group.bitmap.add(raw)  # one id too many in it, should the commit fail, does no harm
        if group.full:
            bits = group.bitmap.content
            connection.execute(
                "INSERT OR REPLACE INTO id_filter VALUES (?, ?)", (group.number, bits)
            )

    def written(self, groups: Sequence[Group]) -> None:
        """The run is durable: its ids may leave memory."""
        self._groups = list(groups)
        self._recent = {}
        self._since_run = 0
        self._next_run = 1 + max((run for group in groups for run in group.runs), default=0)

    def _is_over(self, day: int, now: int) -> bool:
        return day < now // DAY - self._window


def _bitmap(connection: sqlite3.Connection, group: Group) -> Bitmap:
    row = connection.execute(
        "SELECT bits FROM id_filter WHERE filter = ?", (group.number,)
    ).fetchone()
    if row is not None:
        return Bitmap(row[0])
    bitmap = Bitmap()
    for run in group.runs:
        for (raw,) in connection.execute(f"SELECT event_id FROM ids_{run}"):
            bitmap.add(raw)
    return bitmap


def _drop(connection: sqlite3.Connection, group: Group) -> None:
    for run in group.runs:
        connection.execute(f"DROP TABLE ids_{run}")
    connection.execute("DELETE FROM id_run WHERE filter = ?", (group.number,))
    connection.execute("DELETE FROM id_filter WHERE filter = ?", (group.number,))
