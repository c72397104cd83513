"""What every log does, whatever it is made of. A test module per backend subclasses this.

The subclass gives the fixtures ``clock`` (a ``SettableClock``) and ``log`` (one that reads it, with
four partitions; a log on several machines reads it for the hot window alone). The numbers are those
of the contract in ``events.log``.
"""

from __future__ import annotations

import threading
from concurrent.futures import wait
from uuid import uuid4

import pytest

from events.cursor import Cursor
from events.keys import partition_of
from events.log import EventLog, Filter, OwnedLog, copies_of_batch
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import LogUnavailable
from tests.support.clock import DAY, HOUR, SettableClock
from tests.support.records import (
    BATCH,
    HEAD,
    OTHER_BATCH,
    batched,
    identity,
    key_in,
    record,
    stored,
)


class LogContract:
    """The contract of ``EventLog``, as tests."""

    def test_a_new_log_is_empty(self, log: EventLog) -> None:
        assert log.heads() == Cursor()
        assert log.cursor_at(2**60) == Cursor()
        assert log.read(Topic.FACTS, 0, 0, 10).records == ()

    @pytest.mark.parametrize("topic", list(Topic))
    def test_the_partition_follows_from_the_key(self, log: EventLog, topic: Topic) -> None:
        keys = [f"demo:{n}" for n in range(40)]
        sent = [record(key, topic=topic, key=key) for key in keys]
        places = log.append(sent).result(10).positions
        assert [p.partition for p in places] == [partition_of(key, 4) for key in keys]
        assert {p.topic for p in places} == {topic}

    def test_offsets_are_dense_and_in_the_order_of_the_call(self, log: EventLog) -> None:
        first = log.append([record(n) for n in range(5)]).result(10).positions
        second = log.append([record(n) for n in range(5, 8)]).result(10).positions
        assert [p.offset for p in (*first, *second)] == list(range(8))

    def test_topics_have_offsets_of_their_own(self, log: EventLog) -> None:
        sent = [record(topic, topic=topic) for topic in Topic]
        assert [p.offset for p in log.append(sent).result(10).positions] == [0, 0, 0]

    def test_an_empty_append_answers(self, log: EventLog) -> None:
        assert log.append([]).result(10).positions == ()

    def test_records_come_back_byte_for_byte(self, log: EventLog) -> None:
        sent = record("x", key="demo:key with spaces, Ünïcode")
        (position,) = log.append([sent]).result(10).positions
        (found,) = log.read(*position, 1).records
        assert found.position == position
        assert (found.key, found.event_id, found.type) == (sent.key, sent.event_id, sent.type)
        assert (found.head, found.data) == (sent.head, sent.data)

    def test_long_records_come_back_byte_for_byte(self, log: EventLog) -> None:
        sent = [
            record(n, key="demo:a")._replace(
                data=bytes((n,)) * 70_000, head=HEAD.replace(b"bot", b"b" * n)
            )
            for n in range(40)
        ]
        log.append(sent).result(30)
        found = log.read(Topic.FACTS, partition_of("demo:a", 4), 17, 20).records
        assert [(r.event_id, r.head, r.data) for r in found] == [
            (r.event_id, r.head, r.data) for r in sent[17:37]
        ]

    def test_an_answer_names_a_cursor_behind_its_records(self, log: EventLog) -> None:
        answer = log.append([record(n, key=f"demo:{n}") for n in range(20)]).result(10)
        assert answer.cursor == log.heads()
        assert log.heads().total == 20

    def test_a_copy_is_answered_with_the_place_of_the_first(self, log: EventLog) -> None:
        first = log.append([record("x")]).result(10)
        again = log.append([record("new"), record("x")]).result(10)
        assert again.positions[1] == first.positions[0]
        assert again.duplicates == {1}
        assert again.conflicts == frozenset()
        assert log.heads().total == 2

    def test_a_copy_within_one_call_is_found(self, log: EventLog) -> None:
        answer = log.append([record("x"), record("x"), record("y")]).result(10)
        assert answer.duplicates == {1}
        assert [p.offset for p in answer.positions] == [0, 0, 1]

    def test_another_content_under_the_same_id_is_a_conflict(self, log: EventLog) -> None:
        log.append([record("x")]).result(10)
        answer = log.append([record("x", digest=b"other content..", key="demo:b")]).result(10)
        assert answer.duplicates == answer.conflicts == {0}
        assert log.heads().total == 1

    def test_a_copy_keeps_the_first_place_even_under_another_key(self, log: EventLog) -> None:
        here, there = key_in(0, 4), key_in(1, 4)
        first = log.append([record("x", key=here)]).result(10).positions
        assert log.append([record("x", key=there)]).result(10).positions == first

    def test_a_copy_with_another_batch_is_kept_and_told(self, log: OwnedLog) -> None:
        """It stands when the first one's batch is undone."""
        one, two = batched(record("x")), batched(record("x"), OTHER_BATCH)
        sent = [record("x"), one, two, batched(record("y"))]
        first = log.append(sent).result(10)
        places = first.positions
        assert (first.duplicates, first.conflicts) == ({1, 2}, set())
        assert log.heads().total == 4
        again = log.append([two, one, record("x")]).result(10)
        assert again.duplicates == {0, 1, 2}
        assert again.positions == (places[2], places[1], places[0])
        own, _, plain = copies_of_batch(identity("x"), str(BATCH).encode())
        assert log.find([own, plain]) == [places[1], places[0]]

    def test_a_copy_with_another_batch_may_be_a_conflict(self, log: EventLog) -> None:
        log.append([batched(record("x"))]).result(10)
        other = record("x", digest=b"other content..")
        answer = log.append([batched(other, OTHER_BATCH), batched(record("y"))]).result(10)
        assert (answer.duplicates, answer.conflicts) == ({0}, {0})
        assert log.heads().total == 3

    def test_fresh_records_are_not_looked_up(self, log: EventLog) -> None:
        answer = log.append([record("x", fresh=True), record("x", fresh=True)]).result(10)
        assert answer.duplicates == frozenset()
        assert log.append([record("x")]).result(10).duplicates == frozenset()
        assert log.append([record("x")]).result(10).duplicates == {0}

    def test_find_answers_where_events_lie(self, log: OwnedLog) -> None:
        sent = [record("x"), record("y", key="demo:other"), record("fresh", fresh=True)]
        places = log.append(sent).result(10).positions
        asked = [identity(name).bytes for name in ("y", "unknown", "x", "fresh")]
        assert log.find(asked) == [places[1], None, places[0], None]

    def test_a_copy_is_found_to_the_end_of_the_hot_window(
        self, log: EventLog, clock: SettableClock
    ) -> None:
        log.append([record("x")]).result(10)
        for _ in range(7):
            clock.advance(DAY)
            assert log.append([record("x")]).result(10).duplicates == {0}

    def test_a_page_says_its_bounds_and_passes_over_what_a_filter_leaves_out(
        self, log: EventLog
    ) -> None:
        log.append([record(n, kind="a.v1" if n % 2 else "b.v1") for n in range(10)]).result(10)
        partition = partition_of("demo:a", 4)
        page = log.read(Topic.FACTS, partition, 2, 5, Filter(types=frozenset({"a.v1"})))
        assert (page.start, page.end) == (2, 7)
        assert [r.position.offset for r in page.records] == [3, 5]

    def test_a_page_ends_at_the_head(self, log: EventLog) -> None:
        log.append([record(n) for n in range(3)]).result(10)
        partition = partition_of("demo:a", 4)
        page = log.read(Topic.FACTS, partition, 1, 100)
        assert (page.start, page.end, len(page.records)) == (1, 3, 2)
        behind = log.read(Topic.FACTS, partition, 3, 100)
        assert (behind.start, behind.end, behind.records) == (3, 3, ())

    def test_threads_appending_at_once_get_dense_offsets(self, log: EventLog) -> None:
        answers = []

        def append(thread: int) -> None:
            for n in range(25):
                some = [record((thread, n, i), key=f"demo:{i}") for i in range(3)]
                answers.append(log.append(some))

        threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait(answers, 30)
        places = [p for answer in answers for p in answer.result(0).positions]
        assert len(places) == len(set(places)) == 600
        assert Cursor.after(places) == log.heads()
        assert log.heads().total == 600
        assert len({r.event_id for r in stored(log)}) == 600

    def test_threads_racing_with_one_id_store_it_once(self, log: EventLog) -> None:
        gate = threading.Barrier(8)
        answers = []

        def append() -> None:
            gate.wait(10)
            answers.append(log.append([record("same")]))

        threads = [threading.Thread(target=append) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results = [answer.result(10) for answer in answers]
        assert sum(len(r.duplicates) for r in results) == 7
        assert {r.positions for r in results} == {results[0].positions}
        assert log.heads().total == 1

    def test_readers_see_whole_pages_while_writers_append(self, log: EventLog) -> None:
        partition, done, wrong = partition_of("demo:a", 4), threading.Event(), []

        def read() -> None:
            at = 0
            while not (done.is_set() and at == log.heads()[Topic.FACTS, partition]):
                page = log.read(Topic.FACTS, partition, at, 50)
                offsets = [r.position.offset for r in page.records]
                if offsets != list(range(page.start, page.end)):
                    wrong.append(offsets)
                at = page.end

        reader = threading.Thread(target=read)
        reader.start()
        wait([log.append([record(n)]) for n in range(300)], 30)
        done.set()
        reader.join(30)
        assert not reader.is_alive()
        assert wrong == []

    def test_a_closed_log_takes_nothing_more(self, log: EventLog) -> None:
        accepted = [log.append([record(n)]) for n in range(50)]
        log.close()
        assert [a.result(10).positions[0].offset for a in accepted] == list(range(50))
        with pytest.raises(LogUnavailable, match="closed"):
            log.append([record("late")]).result(10)

    def test_a_log_may_be_closed_twice(self, log: EventLog) -> None:
        log.close()
        log.close()
        with pytest.raises(LogUnavailable):
            log.append([]).result(10)

    def test_appends_racing_with_close_are_all_answered(self, log: EventLog) -> None:
        answers = []

        def append() -> None:
            answers.extend(log.append([record(uuid4())]) for _ in range(200))

        threads = [threading.Thread(target=append) for _ in range(4)]
        for thread in threads:
            thread.start()
        log.close()
        for thread in threads:
            thread.join()
        answered, waiting = wait(answers, 30)
        assert waiting == set()
        assert len(answered) == 800

    def test_a_position_reads_its_own_record(self, log: EventLog) -> None:
        answer = log.append([record(n, key=f"demo:{n}") for n in range(12)]).result(10)
        for n, place in enumerate(answer.positions):
            assert isinstance(place, Position)
            assert log.read(*place, 1).records[0].event_id == identity(n)


class SettableTimeContract:
    """What a log does whose clock is its own process's, and so can be set by a test."""

    def test_recorded_at_is_the_clock(self, log: EventLog, clock: SettableClock) -> None:
        clock.now += 12_345
        log.append([record("x")]).result(10)
        assert [r.recorded_at for r in stored(log)] == [clock.now]

    def test_recorded_at_never_falls(self, log: EventLog, clock: SettableClock) -> None:
        times = []
        for step in (0, 500, -HOUR, -DAY, 10, HOUR + DAY):
            clock.advance(step)
            place = log.append([record(step, topic=Topic.DERIVED)]).result(10).positions[0]
            times.append(log.read(*place, 1).records[0].recorded_at)
        assert times == sorted(times)
        assert times[-1] == clock.now

    def test_a_filter_takes_keys_and_recorded_times(
        self, log: EventLog, clock: SettableClock
    ) -> None:
        start = clock.now
        for n in range(6):
            log.append([record(n, key=f"demo:{key_in(0, 4)}" if n < 3 else "demo:a")]).result(10)
            clock.advance(1000)
        partition = partition_of("demo:a", 4)
        only = Filter(keys=frozenset({"demo:a"}), since=start + 4000, until=start + 5000)
        found = log.read(Topic.FACTS, partition, 0, 100, only).records
        assert [r.event_id for r in found] == [identity(4)]

    def test_cursor_at_is_behind_all_records_up_to_a_time(
        self, log: EventLog, clock: SettableClock
    ) -> None:
        start, cursors = clock.now, []
        for n in range(9):
            log.append([record(n, key=f"demo:{n % 3}"), record(f"{n}b")]).result(10)
            cursors.append(log.heads())
            clock.advance(100)
        assert [log.cursor_at(start + 100 * n) for n in range(9)] == cursors
        assert log.cursor_at(start + 199) == cursors[1]
        assert log.cursor_at(start - 1) == Cursor()
