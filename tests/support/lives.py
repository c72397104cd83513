"""What happens to three people and their company, drawn at random, and rules that read of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from events.log import Record
from tests.support import campaign as c
from tests.support.listed import (
    COMPANY,
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    THIRD,
    company,
    publish,
    told,
)
from tests.support.merging import merged, unmerged
from tests.support.random_rules import Chance
from tests.support.world import World


def own_deed(world: World, chance: Chance, who: int, name: str) -> Record:
    """Something keyed by the person's own record, as what a sender's metadata names is."""
    at, person = world.clock(), c.person(who)
    grant = {"channel": "email", "purpose": "marketing", "source": "form",
             "address": c.address(who)}  # fmt: skip
    return chance.one(
        c.clicked(world, who, at),
        c.clicked(world, who, at, agent=c.CRAWLER),
        told(world, who, name, city=chance.one("Gdynia", "Sopot")),
        told(world, who, name, account_id=str(chance.one(COMPANY, OTHER))),
        world.fact("consent.granted", grant, name, recipient=person),
        world.fact("consent.withdrawn", grant, name, recipient=person),
    )


def put_rules_in_force(world: World) -> dict[UUID, dict[str, Any]]:
    """Three rules, and which lists they are of."""
    clicks = {"did": "email.clicked", "within": {"last": "P7D"}, "count": {"op": "ge", "n": 2}}
    no_form = {"not": {"did": "form.submitted", "within": {"last": "P2D"}}}
    people = {"has": "contacts", "where": {"in_list": str(LIST)}}
    allowed = {"consent": "email", "purpose": "marketing", "is": "granted"}
    return {
        LIST: publish(world, {"any": [clicks, {"all": [IN_GDYNIA, no_form]}]}),
        OTHER: publish(world, people, list_id=OTHER, member="account"),
        THIRD: publish(world, allowed, list_id=THIRD),
    }


def life(world: World, chance: Chance) -> list[Record]:
    """What three people and their company do in a month."""
    start = world.clock() - 30 * DAY
    records = [company(world, "c1", at=start, name="Ship")]
    for number in range(3):
        data = {"id": str(c.person(number)), "changes": {"email": [c.address(number)]}}
        records.append(world.fact("contact.created", data, f"contact {number}", at=start))
    for number in range(40):
        at = start + chance.one(*range(6)) * DAY + chance.one(0, 1, 2)
        records.append(deed(world, chance, chance.one(0, 1, 2), at, f"{number}"))
    return list({record.event_id: record for record in records}.values())


def who_is_who(world: World, chance: Chance) -> list[Record]:
    """Decisions of a month that join two of the people with the third, and part them again."""
    start = world.clock() - 30 * DAY
    records = []
    for other in (1, 2):
        days = sorted(chance.one(*range(8)) for _ in range(chance.one(1, 2, 3)))
        for version, day in enumerate(days, 1):
            at = start + day * DAY + chance.one(0, 1)
            if version % 2:
                choices = chance.one({}, {"city": other})
                records.append(merged(world, 0, other, version, at, **choices))
            else:
                records.append(unmerged(world, 0, other, version, at))
    return records


def deed(world: World, chance: Chance, who: int, at: int, name: str) -> Record:
    """Something that a person does, or that is told of one."""
    grant = {"channel": "email", "purpose": "marketing", "source": "form",
             "address": c.address(who)}  # fmt: skip
    employer = str(chance.one(COMPANY, OTHER))
    return chance.one(
        c.clicked(world, who, at),
        c.clicked(world, who, at, agent=c.CRAWLER),
        c.form_sent(world, who, at),
        told(world, who, name, at=at, city=chance.one("Gdynia", "Sopot")),
        told(world, who, name, at=at, account_id=employer),
        world.fact("consent.granted", grant, name, at=at),
        world.fact("consent.withdrawn", grant, name, at=at),
    )
