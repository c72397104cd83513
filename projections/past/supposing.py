"""What if a version of a rule had been in force from the beginning (N6)?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from events.log import EventLog, StoredRecord
from projections.drafted import drafted, step_of
from schemas.envelope import Event
from schemas.instants import Instant
from schemas.promotion import BUILT_IN

_PUBLISHED = "definition.published"
_EVER = Instant(1)  # before every fact
_BUILT_IN = frozenset((rule.rule_id, rule.version) for rule in BUILT_IN)


@dataclass(frozen=True, slots=True)
class Supposition:
    """That this version had been in force before the first fact, and no other one ever."""

    definition_id: UUID
    version: int

    def hears(self, record: StoredRecord) -> bool:
        """Whether the log would have a record: of the definition it would have nothing else."""
        return step_of(record, self.definition_id) is None

    def published(self, log: EventLog, workspace: str) -> Event | None:
        """The version as it would have been published; none if it is built in.

        It is read from the whole log: what is supposed of a past may have been drafted later.
        Raises ``Stale`` where the log does not have the draft yet.
        """
        if (self.definition_id, self.version) in _BUILT_IN:
            return None
        event, _ = drafted(log, workspace, self.definition_id, self.version)
        return replace(event, type=_PUBLISHED, effective_at=_EVER)
