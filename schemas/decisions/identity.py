"""Who is known to be the same person or company (R28)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.fields import Ref
from schemas.payload import Payload

MOST_CHOICES = 100


class IdentityStep(Payload):
    """Two records, and why something is decided of them."""

    subjects: tuple[Ref, Ref]
    evidence: dict[str, Any] = Field(default_factory=dict)


@event("identity.merged", origin=Topic.DECISIONS, key=KeyRule.WORKSPACE, stream="identity")
class IdentityMerged(IdentityStep):
    """The records of one kind are one from now on, and ``survivor`` stands for them.

    ``choices`` are fields of which the survivor takes over the value that one of them has by now.
    """

    survivor: Ref
    merged: Annotated[tuple[Ref, ...], Field(min_length=1, max_length=1)]
    choices: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=200)], UUID],
        Field(max_length=MOST_CHOICES),
    ] = Field(default_factory=dict)


@event("identity.unmerged", origin=Topic.DECISIONS, key=KeyRule.WORKSPACE, stream="identity")
class IdentityUnmerged(IdentityStep):
    """The second record is one of its own again, as if it had never been merged into the first."""


@event(
    "identity.linked", "identity.unlinked",
    origin=Topic.DECISIONS, key=KeyRule.WORKSPACE, stream="identity",
)  # fmt: skip
class IdentityLinked(IdentityStep):
    """One person in two records of different kinds, a lead and a contact; or no longer."""
