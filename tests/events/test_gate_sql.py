"""The gate in the SQL store keeps the contract once its outbox is relayed, on a real PostgreSQL."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from events.gate import Decision, Gate, StoredReply, StreamState, StreamWrite
from events.log import Appended
from events.memory import MemoryLog
from events.sql.gate import SqlGate
from events.sql.outbox import Relay, cursor_of
from events.sql.tables import OUTBOX
from projections.stores.rows import open_rows
from schemas.catalogue import Topic
from schemas.envelope import Stream
from schemas.errors import LogUnavailable
from tests.contracts.gate_contract import CAMPAIGN, GateContract, decided, step
from tests.support.clock import SettableClock
from tests.support.records import identity, record, stored

WRITERS, STEPS, STREAMS = 8, 40, 5


@dataclass
class RelayedGate(Gate):
    """A gate whose outbox is relayed before it answers, so that the log shows what it did."""

    gate: SqlGate
    relay: Relay

    def state_of(self, workspace: str, stream: Stream) -> StreamState:
        return self.gate.state_of(workspace, stream)

    def states(self, workspace: str, kind: str) -> list[tuple[str, StreamState]]:
        return self.gate.states(workspace, kind)

    def reply_of(self, workspace: str, principal: str, key: str, now: int) -> StoredReply | None:
        return self.gate.reply_of(workspace, principal, key, now)

    def decide(self, decision: Decision) -> Future[Appended]:
        answer = self.gate.decide(decision)
        answer.exception(10)
        self.relay.send()
        return answer


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = open_rows(new_database())
    yield engine
    engine.dispose()


@pytest.fixture
def log(clock: SettableClock) -> MemoryLog:
    return MemoryLog(clock)


@pytest.fixture
def relay(store: sa.Engine, log: MemoryLog, clock: SettableClock) -> Relay:
    return Relay(store, log, clock)


@pytest.fixture
def bare(store: sa.Engine, clock: SettableClock) -> Iterator[SqlGate]:
    gate = SqlGate(store, clock, uuid4)
    yield gate
    gate.close()


@pytest.fixture
def gate(bare: SqlGate, relay: Relay) -> Gate:
    return RelayedGate(bare, relay)


class TestSqlGate(GateContract):
    """The contract, by the fixtures above."""


def test_an_answer_waits_under_an_id_until_it_is_relayed(
    bare: SqlGate, relay: Relay, store: sa.Engine, log: MemoryLog
) -> None:
    answer = bare.decide(step(1, "a", "b")).result(10)
    assert answer.position == f"pending:{answer.pending}"
    assert _cursor(store, answer.pending) is None
    assert log.heads().total == 0
    assert relay.send() == 2
    places = [r.position for r in stored(log, Topic.DECISIONS)]
    cursor = _cursor(store, answer.pending)
    assert cursor is not None
    assert all(cursor[p.topic, p.partition] > p.offset for p in places)


def test_a_mark_is_passed_when_all_that_was_accepted_before_is_in_the_log(
    bare: SqlGate, relay: Relay
) -> None:
    assert bare.has_logged(bare.mark())
    bare.decide(step(1, "a", "b")).result(10)
    mark = bare.mark()
    assert not bare.has_logged(mark)
    relay.send()
    bare.decide(step(2, "c")).result(10)
    assert bare.has_logged(mark)
    assert not bare.has_logged(bare.mark())


def test_a_copy_is_told_the_id_of_the_first_and_then_its_place(
    bare: SqlGate, relay: Relay, log: MemoryLog
) -> None:
    first = bare.decide(Decision("demo", decided("m-1"))).result(10)
    again = bare.decide(Decision("demo", decided("m-1"))).result(10)
    assert (again.pending, again.duplicates, again.conflicts) == (first.pending, {0}, frozenset())
    relay.send()
    later = bare.decide(Decision("demo", decided("m-1"))).result(10)
    assert later.positions == tuple(r.position for r in stored(log, Topic.DECISIONS))
    other = record("m-1", topic=Topic.DECISIONS)._replace(digest=b"another content.")
    assert bare.decide(Decision("demo", (other,))).result(10).conflicts == {0}


def test_a_relay_that_dies_before_it_forgets_repeats_nothing(
    bare: SqlGate, relay: Relay, store: sa.Engine, log: MemoryLog, clock: SettableClock
) -> None:
    bare.decide(step(1, "a")).result(10)
    waiting = Relay(store, log, clock)._batch()
    relay.send()
    with store.begin() as connection:  # as if the transaction after the send had not come to be
        connection.execute(OUTBOX.insert(), [row._asdict() for row in waiting])
    assert relay.send() == 1
    assert [r.event_id for r in stored(log, Topic.DECISIONS)] == [identity("a")]


def test_with_eight_writers_nothing_is_skipped_and_streams_keep_their_order(
    store: sa.Engine, clock: SettableClock, relay: Relay, log: MemoryLog
) -> None:
    """Numbers are drawn before commits, which pauses shuffle: a high-water mark would skip some."""
    pauses = random.Random(1)  # noqa: S311 - no secret
    sa.event.listen(store, "commit", lambda _: time.sleep(pauses.random() / 100))
    gates = [SqlGate(store, clock, uuid4) for _ in range(WRITERS)]
    writers = [threading.Thread(target=_write, args=(g, n)) for n, g in enumerate(gates)]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        relay.send()
    relay.send()
    names = [_NAMES[r.event_id] for r in stored(log, Topic.DECISIONS)]
    assert len(names) == WRITERS * STEPS
    for n in range(WRITERS):
        for stream in range(STREAMS):
            versions = [v for w, s, v in names if (w, s) == (n, stream)]
            assert versions == sorted(versions)
    for gate in gates:
        gate.close()


_NAMES: dict[UUID, tuple[int, int, int]] = {
    identity((w, s, v)): (w, s, v)
    for w in range(WRITERS) for s in range(STREAMS) for v in range(STEPS)
}  # fmt: skip


def _write(gate: SqlGate, n: int) -> None:
    versions = [0] * STREAMS
    for turn in range(STEPS):
        s = turn % STREAMS
        stream = Stream("campaign", f"{n}-{s}")
        write = StreamWrite(stream, versions[s], versions[s] + 1, b"")
        one = record((n, s, versions[s]), topic=Topic.DECISIONS, key=f"demo:{n}-{s}")
        gate.decide(Decision("demo", (one,), writes=(write,))).result(30)
        versions[s] += 1


def test_a_stopped_store_decides_nothing_and_goes_on_afterwards(
    bare: SqlGate, store: sa.Engine, postgres: sa.Engine
) -> None:
    bare.decide(step(1, "a")).result(10)
    with postgres.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {store.url.database} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{store.url.database}'"
        )
        with pytest.raises(LogUnavailable):
            bare.decide(step(2, "b")).result(30)
        connection.exec_driver_sql(f"ALTER DATABASE {store.url.database} ALLOW_CONNECTIONS true")
    bare.decide(step(2, "c")).result(30)
    assert bare.state_of("demo", CAMPAIGN).version == 2


def _cursor(store: sa.Engine, pending: UUID | None):
    assert pending is not None
    with store.begin() as connection:
        return cursor_of(connection, pending)
