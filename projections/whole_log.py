"""The log for as long as there is a journal: what retention has removed is read from there.

1. What the log still has comes from the log, and everything else byte for byte from the journal.
2. The journal is trusted up to where the sink of columns stands: beyond that ``RangeRemoved`` is
   raised, since nobody has what was removed.
3. What the journal could not take comes from the dead letters, which keep its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

import sqlalchemy as sa

from events.cursor import Cursor, Place
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice, StoredRecord
from events.sql.tables import reading
from projections.columns.journal import TOPIC_NAMES, TOPICS_BY_NAME, stored_record
from projections.columns_sink import NAME
from projections.dead_letters import buried
from projections.generations import pointed_generation
from projections.progress import cursor_of
from projections.stores.columns import Columns
from projections.stores.tables import EVER_JOURNALED
from schemas.catalogue import Topic
from schemas.errors import RangeRemoved
from schemas.instants import Instant

_RANGE = (
    f"SELECT * FROM {EVER_JOURNALED} "
    "WHERE log_topic = {topic:String} AND log_partition = {partition:UInt16} "
    "AND log_offset >= {start:UInt64} AND log_offset < {end:UInt64}"
)
_BEFORE = (
    "SELECT toString(log_topic) AS topic, log_partition, max(log_offset) + 1 AS end "
    f"FROM {EVER_JOURNALED} "
    "WHERE recorded_at <= fromUnixTimestamp64Milli({at:Int64}) GROUP BY topic, log_partition"
)


class WholeLog(EventLog):
    """A log with a retention, and its past; ``firsts`` tells where the log begins by now."""

    def __init__(
        self,
        log: EventLog,
        firsts: Callable[[list[Place]], Mapping[Place, int]],
        rows: sa.Engine,
        columns: Callable[[], Columns],
    ) -> None:
        """The columns are asked for only when something was removed: until then who reads the log
        needs none.
        """
        self.partitions = log.partitions
        self._log = log
        self._firsts = firsts
        self._rows = rows
        self._columns = columns

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self._log.append(records)

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        try:
            return self._log.read(topic, partition, start, limit, only)
        except RangeRemoved as error:
            place = (topic, partition)
            end = min(start + limit, self._firsts([place])[place])
            found = self._remembered(place, start, end, error)
        return Slice(topic, partition, start, end, tuple(r for r in found if only.takes(r)))

    def heads(self) -> Cursor:
        return self._log.heads()

    def cursor_at(self, recorded_at: int) -> Cursor:
        found = self._log.cursor_at(recorded_at)
        firsts = self._firsts(list(found))
        cut = {place: at for place, at in found.items() if at == firsts[place]}
        if not cut:
            return found
        # As far as the log can tell, all that it has is later.
        known = self._journaled_until(Instant(recorded_at))
        return found.moved({place: min(at, known[place]) for place, at in cut.items()})

    def close(self) -> None:
        self._log.close()

    def _remembered(
        self, place: Place, start: int, end: int, removed: RangeRemoved
    ) -> list[StoredRecord]:
        topic, partition = place
        with reading(self._rows).begin() as connection:
            journaled = cursor_of(connection, NAME, pointed_generation(connection))[place]
            letters = buried(connection, NAME, place, start, end)
        if journaled < end or end <= start:
            raise RangeRemoved(
                f"{topic} {partition} is asked for from offset {start} on, which retention has "
                f"removed, and the journal ends at {journaled}."
            ) from removed
        rows = self._columns().query(_RANGE, {
            "topic": TOPIC_NAMES[topic], "partition": partition, "start": start, "end": end,
        }).to_pylist()  # fmt: skip
        records = [*map(stored_record, rows), *letters]
        return sorted(records, key=lambda record: record.position.offset)

    def _journaled_until(self, recorded_at: Instant) -> Cursor:
        rows = self._columns().query(_BEFORE, {"at": int(recorded_at)}).to_pylist()
        return Cursor({
            (TOPICS_BY_NAME[row["topic"]], row["log_partition"]): row["end"] for row in rows
        })  # fmt: skip
