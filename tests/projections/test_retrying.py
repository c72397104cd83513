"""A dead letter holds up nothing else, tells why, and comes back once the cause is mended."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from events.log import Record
from events.sql.tables import reading
from projections.columns import journaling
from projections.dead_letters import Letter
from projections.folds.contacts import Contacts
from projections.retrying import Retrying
from projections.stores.rows import CONTACT
from schemas.errors import NotFound
from tests.support import campaign as c
from tests.support.world import World

pytestmark = pytest.mark.both_modes
POISONED = str(c.person(1))


@pytest.fixture
def retrying(world: World) -> Retrying:
    return Retrying(world.rows, lambda: [world.sinks])


def contacts(world: World) -> int:
    with reading(world.rows).begin() as connection:
        query = sa.select(sa.func.count()).select_from(CONTACT)
        return connection.execute(query.where(CONTACT.c.generation == 1)).scalar_one()


def unequal(world: World) -> list[str]:
    return [one.table for one in world.rebuilt() if not one.equal]


def test_what_no_fold_could_take_is_taken_after_the_mend(
    world: World, retrying: Retrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Contacts.fold

    def poisoned(self: Contacts, entity: str, facts, context):
        if entity == POISONED:
            raise ZeroDivisionError("poison")
        return fold(self, entity, facts, context)

    monkeypatch.setattr(Contacts, "fold", poisoned)
    world.append(c.contact(world, 0), c.contact(world, 1), c.contact(world, 2))
    world.run()
    assert contacts(world) == 2
    (letter,) = retrying.letters()
    assert (letter.sink, letter.type, letter.solved) == ("rows", "contact.created.v1", False)
    assert "poison" in letter.error
    assert retrying.retry(letter.name).solved is False
    assert retrying.letters() == [letter]
    monkeypatch.undo()
    assert retrying.retry(letter.name).solved is True
    assert (contacts(world), retrying.letters()) == (3, [])
    world.run()
    assert unequal(world) == []
    assert retrying.retry(letter.name).solved is True
    assert contacts(world) == 3


def test_what_the_journal_could_not_take_is_taken_after_the_mend(
    world: World, retrying: Retrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = journaling.journal_row

    def poisoned(event):
        if POISONED.encode() in event.data:
            raise ValueError("poison")
        return row(event)

    monkeypatch.setattr(journaling, "journal_row", poisoned)
    world.append(c.contact(world, 0), c.contact(world, 1), c.contact(world, 2))
    world.run()
    (letter,) = retrying.letters()
    assert (letter.sink, _journaled(world)) == ("columns", 2)
    assert retrying.retry(letter.name).solved is False
    monkeypatch.undo()
    for _ in range(2):
        assert retrying.retry(letter.name).solved is True
    world.run()
    assert (_journaled(world), unequal(world)) == (3, [])


def _journaled(world: World) -> int:
    found = world.columns.query("SELECT count() AS n FROM journal WHERE type = 'contact.created'")
    return int(found.to_pylist()[0]["n"])


def test_a_schema_from_the_future_waits_for_its_program(world: World, retrying: Retrying) -> None:
    """The journal takes whatever can be decoded; a fold waits for a program that knows the type."""
    future = _of_version(c.contact(world, 1), 99)
    world.append(c.contact(world, 0), future, c.contact(world, 2))
    world.run()
    assert (contacts(world), _journaled(world)) == (2, 3)
    (letter,) = retrying.letters()
    assert letter.sink == "rows"
    assert "contact.created.v99" in letter.error
    assert retrying.retry(letter.name).solved is False


def _of_version(record: Record, version: int) -> Record:
    return record._replace(type=f"{record.type.rpartition('.v')[0]}.v{version}")


def test_a_letter_that_is_not_there_is_not_found(retrying: Retrying) -> None:
    for name in (
        "",
        "rows",
        "rows/answerback.facts.v1/0/7",
        "rows/facts/x/y",
        "a/b/1/2",
        f"rows/a/{2**70}/{2**70}",
    ):
        with pytest.raises(NotFound):
            retrying.retry(name)


def test_a_name_says_where_the_event_lies(world: World, retrying: Retrying) -> None:
    world.append(_of_version(c.contact(world, 1), 99))
    world.run()
    letter: Letter = retrying.letters()[0]
    topic, partition, offset = letter.position
    assert letter.name == f"{letter.sink}/{topic.value}/{partition}/{offset}"
    assert retrying.letter(letter.name) == letter
