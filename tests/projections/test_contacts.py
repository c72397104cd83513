"""Contacts and identity: newest values, whose an address and a browser are (R28, R30)."""

from __future__ import annotations

import sqlalchemy as sa

from events.sql.tables import reading
from projections.folds.contacts import ContactDoc
from projections.stores.rows import CLUSTER, CONTACT
from tests.support import campaign as c

MINUTE = 60_000


def _contact(world, number: int) -> ContactDoc:
    with reading(world.rows).begin() as connection:
        found = connection.execute(
            sa.select(CONTACT.c.doc).where(CONTACT.c.id == str(c.person(number)))
        )
        return ContactDoc.model_validate_json(found.scalar_one())


def _clusters(world, subject: object) -> list[tuple[int, str]]:
    with reading(world.rows).begin() as connection:
        found = connection.execute(
            sa.select(CLUSTER.c.since, CLUSTER.c.cluster)
            .where(CLUSTER.c.subject == str(subject), CLUSTER.c.generation == 1)
            .order_by(CLUSTER.c.since)
        )
        return [tuple(row) for row in found]


def _told(world, number: int, at: int, **changes):
    data = {"id": str(c.person(number)), "changes": changes}
    return world.fact("contact.changed", data, f"told-{number}-{at}", at=at)


def _identified(world, browser: int, number: int, at: int):
    data = {"visitor_id": str(c.visitor(browser)), "evidence": "login", "confidence": "1",
            "subject": {"kind": "contact", "id": str(c.person(number))}}  # fmt: skip
    return world.fact("visitor.identified", data, f"is-{browser}-{number}-{at}", at=at)


def test_the_newest_value_of_each_field_stands(world):
    at = world.clock() - 10 * MINUTE
    world.append(
        _told(world, 0, at + MINUTE, city="Gdańsk", attributes={"b": 2}),
        _told(world, 0, at, city="Łódź", country="PL", attributes={"a": 1, "b": 1}),
    )
    world.run()
    doc = _contact(world, 0)
    assert (doc.fields.city, doc.fields.country) == ("Gdańsk", "PL")
    assert doc.fields.attributes == {"a": 1, "b": 2}
    assert (doc.created_at, doc.changed_at) == (at, at + MINUTE)


def test_null_empties_a_field(world):
    at = world.clock() - 10 * MINUTE
    world.append(_told(world, 0, at, city="Łódź"), _told(world, 0, at + 1, city=None))
    world.run()
    assert _contact(world, 0).fields.city is None


def test_an_address_belongs_to_the_earliest_claim(world):
    at = world.clock() - 10 * MINUTE
    world.append(
        _told(world, 1, at + MINUTE, email=["shared@example.com"]),
        _told(world, 0, at, email=["Shared@Example.com "]),
    )
    world.run()
    shared = world.sealer.hash_of("demo", "shared@example.com")
    assert _clusters(world, shared) == [(0, str(c.person(0)))]


def test_own_data_weigh_more_than_a_message_sent_there(world):
    at = world.clock() - 10 * MINUTE
    world.append(*c.sent(world, 0, at))
    told = _told(world, 1, at + MINUTE, email=[c.address(0)])
    world.append(told)
    world.run()
    hashed = world.sealer.hash_of("demo", c.address(0))
    assert _clusters(world, hashed) == [(0, str(c.person(1)))]


def test_a_browser_belongs_to_the_first_until_another_is_identified(world):
    at = world.clock() - 60 * MINUTE
    world.append(
        _identified(world, 0, 1, at + 20 * MINUTE),
        _identified(world, 0, 0, at + 5 * MINUTE),
        _identified(world, 0, 0, at + 10 * MINUTE),
    )
    world.append(c.form_seen(world, 0, at), c.form_seen(world, 0, at + 21 * MINUTE))
    world.run()
    first, second = str(c.person(0)), str(c.person(1))
    assert _clusters(world, c.visitor(0)) == [(0, first), (at + 20 * MINUTE, second)]
    rows = world.columns.query(
        "SELECT cluster, visits FROM form_row FINAL WHERE NOT deleted ORDER BY cluster"
    ).to_pylist()
    assert rows == sorted(
        ({"cluster": name, "visits": 1} for name in (first, second)), key=lambda r: r["cluster"]
    )


def test_identifying_late_or_early_gives_the_same(world):
    at = world.clock() - 60 * MINUTE
    world.append(c.form_seen(world, 0, at))
    world.run()
    before = world.columns.query("SELECT cluster FROM form_row FINAL WHERE NOT deleted")
    assert before.to_pylist() == [{"cluster": str(c.visitor(0))}]
    world.append(_identified(world, 0, 0, at + MINUTE))
    world.run()
    after = world.columns.query("SELECT cluster FROM form_row FINAL WHERE NOT deleted")
    assert after.to_pylist() == [{"cluster": str(c.person(0))}]
    assert all(table.equal for table in world.rebuilt())
