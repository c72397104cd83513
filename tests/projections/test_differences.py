"""A drift of one row is named, and the rows that a bug changes, and the events behind them."""

from __future__ import annotations

import pytest

from projections.differences import in_journal
from projections.differences.difference import (
    Change,
    Difference,
    RowDifference,
    What,
    changes_between,
)
from projections.rebuild import Rebuild
from projections.stores.rows import FOLD_TABLES
from schemas.catalogue import Topic
from schemas.errors import InvalidInput, NotFound
from tests.support import campaign as c
from tests.support.replayed import Operated, WithoutVisits, WithoutVisitsUntold
from tests.support.world import WORKSPACE

pytestmark = [pytest.mark.both_modes]
JOURNALS = ("journal", "journal_by_person", "journal_by_message")


def found(operated: Operated) -> list[Difference]:
    """What a verification tells of rows."""
    rebuild = Rebuild(operated.models, live=1)
    rebuild.run()
    told = rebuild.differences(rebuild.compare())
    rebuild.drop()
    return told


def only(told: list[Difference], table: str) -> Difference:
    """The one difference that is told of a table."""
    (one,) = [difference for difference in told if difference.table == table]
    return one


def test_nothing_is_named_where_nothing_differs(operated):
    assert found(operated) == []


def events_of_messages(operated: Operated, count: int) -> list[str]:
    rows = operated.world.columns.query(
        "SELECT toString(event_id) AS event_id FROM journal WHERE message_key != '' "
        "ORDER BY event_id LIMIT {count:UInt32}",
        {"count": count},
    )
    return [str(event) for event in rows.column(0).to_pylist()]


def test_events_that_a_journal_lacks_or_has_twice_are_named(operated, monkeypatch):
    """Of the journal and of its copies in other orders, a few events at a time."""
    monkeypatch.setattr(in_journal, "_AT_ONCE", 20)
    columns = operated.world.columns
    events = events_of_messages(operated, 2 * len(JOURNALS))
    expected = []
    for table, lacking, doubled in zip(JOURNALS, events[::2], events[1::2], strict=True):
        columns.run(
            f"ALTER TABLE {table} DELETE WHERE event_id = toUUID('{lacking}') "
            "SETTINGS mutations_sync = 2"
        )
        columns.run(
            f"INSERT INTO {table} SELECT * FROM {table} WHERE event_id = toUUID('{doubled}')"
        )
        expected.append((f"columns.{table}", {(What.ADDED, lacking), (What.DOUBLED, doubled)}))
    told = found(operated)
    for table, names in expected:
        of_table = [one for one in told if one.table == table]
        named = {(one.what, row.id) for one in of_table for row in one.examples}
        assert names <= named
        if table == "columns.journal":  # the copies differ from it by what it lacks too
            assert names == named


def test_an_event_that_no_log_has_is_named(operated):
    (event,) = events_of_messages(operated, 1)
    strange = "00000000-0000-4000-8000-000000000001"
    operated.world.columns.run(
        f"INSERT INTO journal SELECT * REPLACE (toUUID('{strange}') AS event_id) FROM "
        f"(SELECT * FROM journal WHERE event_id = toUUID('{event}'))"
    )
    one = only(found(operated), "columns.journal")
    assert (one.what, one.examples) == (What.MISSING, (RowDifference(WORKSPACE, strange),))


def test_a_row_that_is_gone_is_named(operated):
    table = FOLD_TABLES["message"]
    name = str(c.message(1))
    with operated.world.rows.begin() as connection:
        connection.execute(table.delete().where(table.c.id == name))
    told = found(operated)
    assert told == [
        Difference("rows.message", What.ADDED, (), 1, (RowDifference(WORKSPACE, name),))
    ]


def test_a_row_of_columns_that_is_gone_is_named(operated):
    name = str(c.message(1))
    operated.world.columns.run(
        f"ALTER TABLE message_row DELETE WHERE message_id = '{name}' SETTINGS mutations_sync = 2"
    )
    told = found(operated)
    assert told == [
        Difference("columns.message_row", What.ADDED, (), 1, (RowDifference(WORKSPACE, name),))
    ]


def test_a_row_of_columns_that_is_another_is_named_with_its_fields(operated):
    name = str(c.message(1))
    operated.world.columns.run(
        "ALTER TABLE message_row UPDATE call_attempts = 7 "
        f"WHERE message_id = '{name}' SETTINGS mutations_sync = 2"
    )
    one = only(found(operated), "columns.message_row")
    assert (one.what, one.fields, one.count) == (What.CHANGED, ("call_attempts",), 1)
    changes = (Change("call_attempts", "7", "0"),)
    assert one.examples == (RowDifference(WORKSPACE, name, changes),)


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_exactly_the_rows_that_a_bug_has_changed_are_named(operated, world, told):
    kind = WithoutVisits if told else WithoutVisitsUntold
    visits = [str(doc.response_id) for doc in world.responses() if doc.type == "visit"]
    assert len(visits) == 2
    changed = Operated(world, kind, older=told)
    number = changed.replaying.begin().generation.number
    changed.grow()
    groups = changed.replaying.diff(number)
    assert [group.difference.table for group in groups] == ["rows.response", "columns.response"]
    for group in groups:
        assert (group.difference.what, group.difference.count) == (What.MISSING, 2)
        assert [row.id for row in group.difference.examples] == sorted(visits)
        assert group.because == (["responses"] if told else [])


def test_the_events_behind_a_row_are_told_with_what_each_changed(operated, world):
    visit = next(doc for doc in world.responses() if doc.type == "visit")
    (opened,) = map(str, visit.source_event_ids)
    row = ("rows.response", WORKSPACE, str(visit.response_id))
    steps = operated.replaying.history(1, *row)
    changing = [step for step in steps if step.changes]
    assert opened in {step.event_id for step in steps}
    came = {change.field: change.after for change in changing[0].changes}
    assert came["type"] == "visit"
    topic, partition, offset = changing[-1].position.split("/")
    page = world.log.read(Topic(topic), int(partition), int(offset), 1)
    assert str(page.records[0].event_id) == changing[-1].event_id


def test_a_row_that_the_new_rules_lack_has_a_history_by_both(operated, world):
    visit = next(doc for doc in world.responses() if doc.type == "visit")
    changed = Operated(world, WithoutVisits)
    number = changed.replaying.begin().generation.number
    changed.grow()
    row = ("rows.response", WORKSPACE, str(visit.response_id))
    before, after = changed.replaying.history(1, *row), changed.replaying.history(number, *row)
    assert [step.event_id for step in before] == [step.event_id for step in after]
    assert any(step.changes for step in before)
    assert not any(step.changes for step in after)


def test_the_events_of_a_message_are_behind_its_rows_of_columns(operated):
    message = str(c.message(1))
    steps = operated.replaying.history(1, "columns.message_row", WORKSPACE, message)
    assert {"email.sent", "email.delivered", "email.opened"} <= {step.type for step in steps}
    assert steps == sorted(steps, key=lambda step: (step.occurred_at, step.event_id))
    hit = next(step for step in steps if step.type == "email.opened")
    same = operated.replaying.history(
        1, "columns.judgement", WORKSPACE, f"{message}/{hit.event_id}"
    )
    assert same == steps
    topic, partition, offset = hit.position.split("/")
    page = operated.world.log.read(Topic(topic), int(partition), int(offset), 1)
    assert str(page.records[0].event_id) == hit.event_id
    with pytest.raises(NotFound, match="no event of message_row"):
        operated.replaying.history(1, "columns.message_row", "other", message)


def test_the_events_of_people_are_behind_what_they_did(operated, world):
    """A form was sent, and a goal reached, by a browser that turned out to be a person's."""
    start = world.clock() - 20 * 86_400_000
    world.append(c.form_seen(world, 1, start), c.form_sent(world, 1, start + 60_000))
    world.append(c.ordered(world, 1, start + 120_000))
    operated.run()
    rows = world.columns.query(
        "SELECT concat(form_id, '/', cluster) AS form FROM form_row FINAL "
        "WHERE generation = 1 AND NOT deleted"
    )
    (form,) = rows.column("form").to_pylist()
    steps = operated.replaying.history(1, "columns.form_row", WORKSPACE, form)
    assert [step.type for step in steps] == ["form.visited", "form.submitted"]
    hit = f"/{steps[0].event_id}"
    assert operated.replaying.history(1, "columns.judgement", WORKSPACE, hit) == steps[:1]
    rows = world.columns.query(
        "SELECT concat(campaign_id, '/', cluster) AS goal FROM reach_row FINAL "
        "WHERE generation = 1 AND NOT deleted"
    )
    goals = rows.column("goal").to_pylist()
    told = [operated.replaying.history(1, "columns.reach_row", WORKSPACE, one) for one in goals]
    assert {step.type for steps in told for step in steps} == {"order.placed"}
    assert str(c.person(1)) in {goal.partition("/")[2] for goal in goals}


def test_an_empty_text_is_told_from_none():
    assert changes_between({}, {"code": "", "count": 0}) == (
        Change("code", "", '""'), Change("count", "", "0"),
    )  # fmt: skip


def test_what_has_no_history_says_so(operated):
    with pytest.raises(InvalidInput, match=r"Name one of columns\.form_row"):
        operated.replaying.history(1, "columns.stray", WORKSPACE, "x")
    with pytest.raises(NotFound, match="no event of reach_row"):
        operated.replaying.history(1, "columns.reach_row", WORKSPACE, "x/y")
    with pytest.raises(NotFound, match="no response"):
        operated.replaying.history(1, "rows.response", WORKSPACE, "x")
    with pytest.raises(NotFound, match="no generation 9"):
        operated.replaying.history(9, "rows.response", WORKSPACE, "x")
