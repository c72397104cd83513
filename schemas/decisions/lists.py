"""Marketing lists: what they are, and who is put on a static one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.fields import Changes, Code, Model, Money, Ref, Timestamp
from schemas.payload import Payload

ListKind = Literal["static", "dynamic", "frozen"]
MemberType = Literal["account", "contact", "lead"]


class ListFields(Changes):
    """What may change about a list."""

    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    purpose: Annotated[str, Field(max_length=512)] | None = None
    source: Annotated[str, Field(max_length=128)] | None = None
    exclude_opted_out: bool | None = None
    skip_inactive: bool | None = None
    cost: Money | None = None
    owner_id: UUID | None = None


class BuiltFrom(Model):
    """What a list's members came from: another list as it was at a moment, as known at a cursor.

    Without ``as_of`` those it had by then. ``definition_version`` is that of its rule, 0 without.
    """

    list_id: UUID
    definition_version: int = 0
    as_of: Timestamp | None = None
    known_at: str


@event("list.created", origin=Topic.DECISIONS, key=KeyRule.LIST, stream="list")
class ListCreated(Payload):
    """A list was made; its kind and the type of its members never change."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "kind"}

    list_id: UUID
    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: ListKind
    member_type: MemberType
    fields: ListFields = Field(default_factory=ListFields)
    built_from: BuiltFrom | None = None


@event("list.frozen", origin=Topic.DECISIONS, key=KeyRule.LIST, stream="list")
class ListFrozen(Payload):
    """A new list is to hold exactly the members that another one had, and never to change.

    ``digest`` is that of all members, in whatever order.
    """

    list_id: UUID
    of: UUID
    as_of: Timestamp | None = None
    known_at: str
    member_count: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@event("list.changed", origin=Topic.DECISIONS, key=KeyRule.LIST, stream="list")
class ListChanged(Payload):
    """Something about a list changed."""

    list_id: UUID
    changes: ListFields


@event(
    "list.locked", "list.unlocked", "list.deactivated", "list.reactivated",
    origin=Topic.DECISIONS, key=KeyRule.LIST, stream="list",
)  # fmt: skip
class ListStep(Payload):
    """A list was locked against changes of its members, taken out of use, or the opposite."""

    list_id: UUID


@event(
    "list.member_added", "list.member_removed",
    origin=Topic.DECISIONS, key=KeyRule.LIST, stream="list",
)  # fmt: skip
class ListMemberStep(Payload):
    """A record was put on a static list, or taken off."""

    list_id: UUID
    member: Ref
    reason: Code = ""
