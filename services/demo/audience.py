"""Naming a set of people, whatever order they are told in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID


def audience_digest(members: Iterable[UUID]) -> str:
    """A digest of ids that their order does not change.

    The sum of the members' own digests: unlike their exclusive or, it also sees a member twice.
    """
    total = sum(int.from_bytes(hashlib.sha256(member.bytes).digest(), "big") for member in members)
    return f"{total % (1 << 256):064x}"


def imported_audience(batch: UUID, members: list[UUID]) -> dict[str, Any]:
    """The body that pins an imported audience to an activity."""
    return {
        "source": "import",
        "batch_id": str(batch),
        "member_count": len(members),
        "digest": audience_digest(members),
    }
