"""Decisions about who is the same person or company, for tests."""

from __future__ import annotations

from uuid import UUID

from events.log import Record
from tests.support import campaign as c
from tests.support.world import World


def merged(
    world: World, survivor: int | UUID, other: int | UUID, version: int = 1,
    at: int | None = None, kind: str = "contact", **choices: int | UUID,
) -> Record:  # fmt: skip
    """A record merged into another one; people go by their numbers."""
    first, second = _ref(survivor, kind), _ref(other, kind)
    data = {
        "subjects": [first, second], "survivor": first, "merged": [second],
        "choices": {path: _ref(whose, kind)["id"] for path, whose in choices.items()},
    }  # fmt: skip
    return world.decision("identity.merged", data, f"identity:{second['id']}", version, None, at)


def unmerged(
    world: World, survivor: int | UUID, other: int | UUID, version: int = 2,
    at: int | None = None, kind: str = "contact",
) -> Record:  # fmt: skip
    """A record that is one of its own again."""
    pair = [_ref(survivor, kind), _ref(other, kind)]
    stream = f"identity:{pair[1]['id']}"
    return world.decision("identity.unmerged", {"subjects": pair}, stream, version, None, at)


def linked(
    world: World, contact: int, lead: UUID, version: int = 1, at: int | None = None,
    kind: str = "identity.linked",
) -> Record:  # fmt: skip
    """A contact and a lead that are one person, or no longer."""
    pair = [_ref(contact, "contact"), _ref(lead, "lead")]
    stream = f"identity:{min(one['id'] for one in pair)}"
    return world.decision(kind, {"subjects": pair}, stream, version, None, at)


def _ref(record: int | UUID, kind: str) -> dict[str, str]:
    return {"kind": kind, "id": str(c.person(record) if isinstance(record, int) else record)}
