"""The gate in the log's file keeps the contract, over restarts too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.gate import Decision, Gate, StreamState
from events.sqlite import SqliteLog
from events.sqlite_gate import SqliteGate
from schemas.catalogue import Topic
from schemas.errors import LogUnavailable, VersionConflict
from tests.contracts.gate_contract import CAMPAIGN, KEY, GateContract, answering, decided, step
from tests.support.clock import SettableClock
from tests.support.records import record, stored


@pytest.fixture
def log(tmp_path: Path, clock: SettableClock) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db", clock)
    yield log
    log.close()


@pytest.fixture
def gate(log: SqliteLog, clock: SettableClock) -> Gate:
    return SqliteGate(log, clock)


class TestSqliteGate(GateContract):
    """The contract, by the fixtures above."""


def test_gate_remembers_over_a_restart(
    gate: Gate, log: SqliteLog, tmp_path: Path, clock: SettableClock
) -> None:
    gate.decide(step(1, "a")).result(10)
    gate.decide(answering(b"first")).result(10)
    log.close()
    again = SqliteLog(tmp_path / "log.db", clock)
    reopened = SqliteGate(again, clock)
    assert reopened.state_of("demo", CAMPAIGN) == StreamState(1, b"v1")
    assert reopened.reply_of("demo", KEY.principal, KEY.key, clock.now) is not None
    with pytest.raises(VersionConflict):
        reopened.decide(step(1, "b")).result(10)
    again.close()


def test_a_full_disk_decides_nothing(gate: Gate, log: SqliteLog) -> None:
    log.submit(lambda c: c.execute("PRAGMA max_page_count=1")).result(10)
    with pytest.raises(LogUnavailable):
        gate.decide(step(1, *range(2000))).result(10)
    assert gate.state_of("demo", CAMPAIGN).version == 0
    log.submit(lambda c: c.execute("PRAGMA max_page_count=100000")).result(10)
    gate.decide(step(1, *range(2000))).result(10)
    assert gate.state_of("demo", CAMPAIGN).version == 1


def test_an_answer_has_the_places_of_the_events_also_of_copies(gate: Gate, log: SqliteLog) -> None:
    first = gate.decide(Decision("demo", decided("m-1", "m-2"))).result(10)
    again = gate.decide(Decision("demo", decided("m-1", "m-2"))).result(10)
    assert {r.position for r in stored(log, Topic.DECISIONS)} == set(first.positions)
    assert again.positions == first.positions


def test_facts_and_decisions_share_one_commit_order(gate: Gate, log: SqliteLog) -> None:
    answers = [log.append([record("f1")]), gate.decide(step(1, "d1")), log.append([record("f2")])]
    assert [a.result(10).positions[0].offset for a in answers] == [0, 0, 1]
