"""What every gate does. The subclass gives the fixtures ``clock``, ``log`` and ``gate``."""

from __future__ import annotations

import threading

import pytest

from events.gate import (
    REPLY_LIFETIME,
    Claim,
    Decision,
    Gate,
    ReplyKey,
    StoredReply,
    StreamState,
    StreamWrite,
)
from events.log import Appended, EventLog, Record
from schemas.catalogue import Topic
from schemas.envelope import Stream
from schemas.errors import KeyReused, LogUnavailable, NotUnique, VersionConflict
from tests.support.clock import SettableClock
from tests.support.records import identity, record, stored

CAMPAIGN = Stream("campaign", "c-1")
KEY = ReplyKey("key-1", "idem-1", "fingerprint")


def step(
    version: int,
    *names: object,
    stream: Stream = CAMPAIGN,
    workspace: str = "demo",
    state: bytes = b"",
) -> Decision:
    """A decision that takes a stream from the version before to this one."""
    return Decision(
        workspace=workspace,
        records=decided(*names),
        writes=(StreamWrite(stream, version - 1, version, state or f"v{version}".encode()),),
    )


def decided(*names: object) -> tuple[Record, ...]:
    return tuple(record(name, topic=Topic.DECISIONS) for name in names)


def answering(body: bytes, key: ReplyKey = KEY, workspace: str = "demo") -> Decision:
    """A decision of one event whose reply is kept."""
    return Decision(
        workspace=workspace,
        records=decided(body),
        reply_key=key,
        reply=lambda appended: (201, body + b" at" * bool(appended.position)),
    )


class GateContract:
    """The contract of ``Gate``, as tests."""

    def test_a_stream_begins_at_version_zero(self, gate: Gate) -> None:
        assert gate.state_of("demo", CAMPAIGN) == StreamState(0, b"")

    def test_a_decision_moves_its_stream_and_stores_its_events(
        self, gate: Gate, log: EventLog
    ) -> None:
        gate.decide(step(1, "a", "b")).result(10)
        assert gate.state_of("demo", CAMPAIGN) == StreamState(1, b"v1")
        assert {r.event_id for r in stored(log, Topic.DECISIONS)} == {identity("a"), identity("b")}
        gate.decide(step(2, "c")).result(10)
        assert gate.state_of("demo", CAMPAIGN) == StreamState(2, b"v2")

    def test_a_step_may_be_of_several_versions(self, gate: Gate) -> None:
        write = StreamWrite(CAMPAIGN, 0, 2, b"two events")
        gate.decide(Decision("demo", decided("a", "b"), writes=(write,))).result(10)
        assert gate.state_of("demo", CAMPAIGN) == StreamState(2, b"two events")

    def test_a_decision_on_an_old_version_is_refused_whole(self, gate: Gate, log: EventLog) -> None:
        gate.decide(step(1, "a")).result(10)
        with pytest.raises(VersionConflict) as caught:
            gate.decide(step(1, "b")).result(10)
        assert caught.value.actual == 1
        assert "campaign:c-1" in str(caught.value)
        assert [r.event_id for r in stored(log, Topic.DECISIONS)] == [identity("a")]

    def test_all_streams_of_a_decision_must_fit(self, gate: Gate, log: EventLog) -> None:
        other = Stream("activity", "a-1")
        gate.decide(step(1, "a", stream=other)).result(10)
        both = (StreamWrite(CAMPAIGN, 0, 1, b"x"), StreamWrite(other, 0, 1, b"x"))
        with pytest.raises(VersionConflict):
            gate.decide(Decision("demo", decided("b"), writes=both)).result(10)
        assert gate.state_of("demo", CAMPAIGN).version == 0
        assert log.heads().total == 1

    def test_streams_of_workspaces_are_apart(self, gate: Gate) -> None:
        gate.decide(step(1, "a", workspace="one", state=b"one")).result(10)
        assert gate.state_of("two", CAMPAIGN).version == 0
        gate.decide(step(1, "b", workspace="two", state=b"two")).result(10)
        assert gate.state_of("one", CAMPAIGN).state == b"one"
        assert [name for name, _ in gate.states("two", "campaign")] == ["c-1"]

    def test_states_lists_a_kind_in_the_order_of_ids(self, gate: Gate) -> None:
        for name in ("b", "c", "a"):
            gate.decide(step(1, name, stream=Stream("campaign", name))).result(10)
        gate.decide(step(1, "z", stream=Stream("activity", "0"))).result(10)
        assert gate.states("demo", "campaign") == [(n, StreamState(1, b"v1")) for n in "abc"]

    def test_a_claimed_value_belongs_to_one_owner(self, gate: Gate, log: EventLog) -> None:
        gate.decide(claim("a", owner="c-1")).result(10)
        with pytest.raises(NotUnique, match="SPRING"):
            gate.decide(claim("b", owner="c-2")).result(10)
        gate.decide(claim("c", owner="c-1")).result(10)
        assert log.heads().total == 2

    def test_claims_of_workspaces_and_kinds_are_apart(self, gate: Gate, log: EventLog) -> None:
        gate.decide(claim("a", owner="c-1")).result(10)
        gate.decide(claim("b", owner="c-2", workspace="other")).result(10)
        gate.decide(claim("c", owner="c-3", kind="promotion_code")).result(10)
        assert log.heads().total == 3

    def test_a_refused_decision_claims_nothing(self, gate: Gate) -> None:
        gate.decide(step(1, "a")).result(10)
        stale = Decision(
            "demo", decided("b"), (StreamWrite(CAMPAIGN, 0, 1, b""),),
            (Claim("campaign_code", "SPRING", "c-1"),),
        )  # fmt: skip
        with pytest.raises(VersionConflict):
            gate.decide(stale).result(10)
        gate.decide(claim("c", owner="c-2")).result(10)

    def test_a_reply_is_kept_under_its_key(self, gate: Gate, clock: SettableClock) -> None:
        assert gate.reply_of("demo", KEY.principal, KEY.key, clock.now) is None
        gate.decide(answering(b"first")).result(10)
        kept = gate.reply_of("demo", KEY.principal, KEY.key, clock.now)
        assert kept == StoredReply("fingerprint", 201, b"first at")

    def test_a_used_key_refuses_a_second_decision(self, gate: Gate, log: EventLog) -> None:
        gate.decide(answering(b"first")).result(10)
        with pytest.raises(KeyReused):
            gate.decide(answering(b"second")).result(10)
        assert log.heads().total == 1

    def test_replies_belong_to_a_principal_of_a_workspace(
        self, gate: Gate, clock: SettableClock
    ) -> None:
        gate.decide(answering(b"first")).result(10)
        gate.decide(answering(b"other", workspace="other")).result(10)
        gate.decide(answering(b"second", ReplyKey("key-2", "idem-1", "f"))).result(10)
        bodies = [
            kept.body if (kept := gate.reply_of(w, p, "idem-1", clock.now)) else None
            for w, p in (("demo", "key-1"), ("other", "key-1"), ("demo", "key-2"), ("x", "key-1"))
        ]
        assert bodies == [b"first at", b"other at", b"second at", None]

    def test_a_reply_is_kept_for_a_day(self, gate: Gate, clock: SettableClock) -> None:
        gate.decide(answering(b"first")).result(10)
        clock.advance(REPLY_LIFETIME - 1)
        assert gate.reply_of("demo", KEY.principal, KEY.key, clock.now) is not None
        clock.advance(1)
        assert gate.reply_of("demo", KEY.principal, KEY.key, clock.now) is None
        gate.decide(answering(b"later")).result(10)
        kept = gate.reply_of("demo", KEY.principal, KEY.key, clock.now)
        assert kept is not None
        assert kept.body == b"later at"

    def test_a_reply_that_cannot_be_made_undoes_the_decision(
        self, gate: Gate, log: EventLog, clock: SettableClock
    ) -> None:
        def fail(_: Appended) -> tuple[int, bytes]:
            raise ZeroDivisionError("unexpected")

        write = StreamWrite(CAMPAIGN, 0, 1, b"")
        wrong = Decision("demo", decided("a"), (write,), reply_key=KEY, reply=fail)
        with pytest.raises(ZeroDivisionError):
            gate.decide(wrong).result(10)
        assert log.heads().total == 0
        assert gate.state_of("demo", CAMPAIGN).version == 0
        assert gate.reply_of("demo", KEY.principal, KEY.key, clock.now) is None
        assert gate.decide(step(1, "a")).result(10).duplicates == frozenset()

    def test_an_event_that_is_there_already_is_not_stored_again(
        self, gate: Gate, log: EventLog
    ) -> None:
        first = gate.decide(Decision("demo", decided("m-1", "m-2"))).result(10)
        again = gate.decide(Decision("demo", decided("m-1", "m-2"))).result(10)
        assert (first.duplicates, again.duplicates) == (frozenset(), {0, 1})
        assert log.heads().total == 2

    def test_of_two_decisions_at_once_one_wins(self, gate: Gate, log: EventLog) -> None:
        start, results = threading.Barrier(8), []

        def decide(n: int) -> None:
            start.wait(10)
            try:
                gate.decide(step(1, n, state=str(n).encode())).result(10)
                results.append(n)
            except VersionConflict:
                results.append(None)

        threads = [threading.Thread(target=decide, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [n for n in results if n is not None]
        assert len(results) == 8
        assert gate.state_of("demo", CAMPAIGN).state == str(winner).encode()
        assert [r.event_id for r in stored(log, Topic.DECISIONS)] == [identity(winner)]

    def test_a_closed_log_takes_no_decision(self, gate: Gate, log: EventLog) -> None:
        log.close()
        with pytest.raises(LogUnavailable):
            gate.decide(step(1, "a")).result(10)


def claim(
    name: str, *, owner: str, kind: str = "campaign_code", workspace: str = "demo"
) -> Decision:
    """A decision that claims the value SPRING."""
    return Decision(workspace, decided(name), claims=(Claim(kind, "SPRING", owner),))
