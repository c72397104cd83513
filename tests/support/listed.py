"""Lists for tests: rules put in force, what is told of people, and who is on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from events.log import Record
from events.sql.tables import reading
from projections.folds.members.document import MemberDoc
from projections.stores.rows import MEMBER
from schemas.catalogue import Topic
from schemas.ids import named_id
from tests.support import campaign as c
from tests.support.world import World

DAY = 86_400_000
LIST = named_id("test", "list")
OTHER = named_id("test", "other list")
THIRD = named_id("test", "third list")
COMPANY = named_id("test", "company")


def publish(world: World, where: dict[str, Any], version: int = 1, *, list_id: UUID = LIST,
            member: str = "contact") -> dict[str, Any]:  # fmt: skip
    """Put a rule in force, and answer it."""
    body = {"v": 1, "member": member, "tz": "UTC", "where": where}
    step = {"definition_id": str(list_id), "kind": "list", "version": version, "body": body}
    stream = f"definition:{list_id}"
    world.append(world.decision("definition.published", step, stream, version, list_id))
    world.clock.advance(6_000)
    return body


def told(world: World, number: int, name: str, at: int | None = None, **fields: Any) -> Record:
    """What a contact's own system says of it."""
    data = {"id": str(c.person(number)), "changes": fields}
    return world.fact("contact.changed", data, f"told {number} {name}", at=at)


def company(world: World, event: str, at: int | None = None, **fields: Any) -> Record:
    return world.fact("account.changed", {"id": str(COMPANY), "changes": fields}, event, at=at)


def docs(world: World, list_id: UUID = LIST) -> dict[str, MemberDoc]:
    """By record, its row on a list."""
    with reading(world.rows).begin() as connection:
        rows = connection.execute(sa.select(MEMBER.c.doc).where(MEMBER.c.list_id == str(list_id)))
        found = [MemberDoc.model_validate_json(doc) for (doc,) in rows]
    return {str(doc.member): doc for doc in found}


def members(world: World, list_id: UUID = LIST) -> set[str]:
    return {name for name, doc in docs(world, list_id).items() if doc.is_open}


def told_of_lists(world: World) -> list[tuple[str, str, str]]:
    """What was derived: the type, when, and the clause."""
    found = []
    for partition in range(world.log.partitions):
        for record in world.log.read(Topic.DERIVED, partition, 0, 10_000).records:
            if record.type.startswith("list."):
                data = orjson.loads(record.data)
                when = data.get("valid_from") or data.get("valid_to") or ""
                found.append((record.type.split(".")[1], when, data.get("cause_clause", "")))
    return sorted(found, key=lambda one: one[1])


def settle(world: World) -> None:
    """Let the rule take effect and everything that is due be done."""
    while world.turn():
        pass
    while world.rows_sink.tick(world.clock()):
        world.relay.send()
    while world.turn():
        pass


IN_GDYNIA = {"field": "city", "op": "eq", "value": "Gdynia"}
ANN, BOB = str(c.person(1)), str(c.person(2))
