"""What if a version of a definition had been in force from the beginning (N6)?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from events.codec import decode, payload_of, to_stored
from events.log import StoredRecord
from schemas.decisions.definition import DefinitionStep
from schemas.errors import UnknownEventType, Unreadable
from schemas.instants import Instant

_STEPS = "definition."
_DRAFTED, _PUBLISHED = "definition.drafted", "definition.published"
_EVER = Instant(1)  # before every fact


@dataclass(frozen=True, slots=True)
class Supposition:
    """That this version had been in force before the first fact, and no other one ever."""

    definition_id: UUID
    version: int

    def heard(self, record: StoredRecord) -> StoredRecord | None:
        """The record as the log would have it, or ``None`` if it would not.

        The version's draft is heard as its publication; nothing else is heard of the definition.
        A built-in version has no draft: it is in force where nothing is heard.
        """
        if not record.type.startswith(_STEPS):
            return record
        try:
            event = decode(record)
            step = payload_of(event)
        except (Unreadable, UnknownEventType):
            return record  # the sink tells of it
        if not isinstance(step, DefinitionStep) or step.definition_id != self.definition_id:
            return record
        if event.type != _DRAFTED or step.version != self.version:
            return None
        return to_stored(replace(event, type=_PUBLISHED, effective_at=_EVER))
