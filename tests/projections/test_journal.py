"""The journal is the log's long memory: from a row comes the record, byte for byte."""

from __future__ import annotations

import pytest

from events.codec import CLOCK_REJECTED, decode, to_stored
from events.log import StoredRecord
from projections.columns.arrow import to_table
from projections.columns.journal import journal_row, stored_record
from projections.stores.tables import JOURNAL_COLUMNS
from schemas.envelope import Position
from tests.support import campaign as c
from tests.support.columns import new_columns
from tests.support.golden import FOLDER, Golden


@pytest.fixture(scope="module")
def columns():
    made = new_columns()
    yield made
    made.run(f"DROP DATABASE {made.database} SYNC")
    made.close()


def _golden() -> list[StoredRecord]:
    return [Golden.read(path).stored() for path in sorted(FOLDER.glob("*.json"))]


def test_every_golden_record_comes_back(columns):
    records = [
        record._replace(position=Position(record.position.topic, 0, number))
        for number, record in enumerate(_golden())
    ]
    rows = [journal_row(decode(record)) for record in records]
    columns.insert("journal", to_table(JOURNAL_COLUMNS, rows), "golden")
    stored = columns.query("SELECT * FROM journal").to_pylist()
    found = {row["log_offset"]: stored_record(row) for row in stored}
    assert [found[number] for number in range(len(records))] == records


def test_a_rejected_clock_is_told_and_not_stored(world):
    seen = {"visitor_id": str(c.visitor(1)), "url": "https://e.com/", "hit": c.hit()}
    fact = world.fact("page.viewed", seen, "far", at=world.clock() + 10**9)
    world.append(fact)
    world.run()
    (row,) = world.columns.query("SELECT * FROM journal WHERE type = 'page.viewed'").to_pylist()
    assert row["flags"] == [CLOCK_REJECTED]
    assert row["occurred_at"] == row["recorded_at"]
    place = (fact.topic, row["log_partition"], row["log_offset"])
    record = world.log.read(*place, 1).records[0]
    assert stored_record(row) == record == to_stored(decode(record))


def test_a_second_copy_never_reaches_the_journal(world):
    fact = c.contact(world, 1)
    world.append(fact, fact._replace(fresh=True))
    world.run()
    other = c.contact(world, 2)
    world.append(other._replace(event_id=fact.event_id, fresh=True))
    world.run()
    counts = world.columns.query("SELECT type, count() AS n FROM journal GROUP BY type ORDER BY 1")
    assert counts.to_pylist() == [
        {"type": "contact.created", "n": 1}, {"type": "fact.conflicted", "n": 1},
    ]  # fmt: skip
