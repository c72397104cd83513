"""Versioned rules, and the small registries."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.fields import Code
from schemas.payload import Payload

Registry = Literal[
    "link", "content_version", "form", "webinar", "share", "literature", "promotion_code",
    "tracking_number", "keyword", "provider", "source", "sender",
]  # fmt: skip


@event(
    "definition.drafted", "definition.published", "definition.activated", "definition.retired",
    origin=Topic.DECISIONS, key=KeyRule.DEFINITION, stream="definition", reference=True,
)  # fmt: skip
class DefinitionStep(Payload):
    """A definition was written, put in force, activated or retired."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "kind"}

    definition_id: UUID
    kind: Annotated[str, Field(pattern="^[a-z_]{1,40}$")]
    version: Annotated[int, Field(ge=1, lt=2**31)]
    body: dict[str, Any] = Field(default_factory=dict)
    generation: int | None = None


@event(
    "registry.changed",
    origin=Topic.DECISIONS, key=KeyRule.WORKSPACE, stream="registry", reference=True,
)  # fmt: skip
class RegistryChanged(Payload):
    """An entry of a registry was made or changed; ``changes`` holds its whole new content."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "registry"}

    registry: Registry
    entry_id: Code
    changes: dict[str, Any]
