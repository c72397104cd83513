"""The versions of definitions, as the log has them: any that was ever drafted can be read again."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from events.codec import decode, payload_of
from events.keys import key_of, partition_of
from events.log import EventLog, Filter, StoredRecord
from schemas.catalogue import Topic
from schemas.decisions.definition import DefinitionStep
from schemas.envelope import Event
from schemas.errors import Stale, UnknownEventType, Unreadable

Told = tuple[Event, DefinitionStep]
_STEPS = "definition."
_DRAFTED = "definition.drafted"
_PUBLISHED = "definition.published"
_RETIRED = "definition.retired"
_PAGE = 1000


def drafted(log: EventLog, workspace: str, definition_id: UUID, version: int) -> Told:
    """The event by which a version was drafted. Raises ``Stale`` where the log has none yet."""
    for record in _records_of(log, key_of(workspace, str(definition_id))):
        told = step_of(record, definition_id)
        if told is not None and told[0].type == _DRAFTED and told[1].version == version:
            return told
    raise Stale("The version of the definition is not in the log yet. Ask again.")


def in_force(log: EventLog, workspace: str, definition_id: UUID) -> int | None:
    """The version that was published last, whenever it takes effect; ``None`` if it was retired."""
    version: int | None = None
    for record in _records_of(log, key_of(workspace, str(definition_id))):
        told = step_of(record, definition_id)
        if told is not None and told[0].type == _PUBLISHED:
            version = told[1].version
        elif told is not None and told[0].type == _RETIRED:
            version = None
    return version


def step_of(record: StoredRecord, definition_id: UUID) -> Told | None:
    """The step of a definition that a record tells of; ``None`` if it tells of anything else."""
    if not record.type.startswith(_STEPS):
        return None
    try:
        event = decode(record)
        step = payload_of(event)
    except (Unreadable, UnknownEventType):
        return None  # the sink tells of it
    if not isinstance(step, DefinitionStep) or step.definition_id != definition_id:
        return None
    return event, step


def _records_of(log: EventLog, key: str) -> Iterator[StoredRecord]:
    place = (Topic.DECISIONS, partition_of(key, log.partitions))
    at, end = 0, log.heads()[place]
    while at < end:
        page = log.read(*place, at, _PAGE, Filter(keys=frozenset((key,))))
        yield from page.records
        at = page.end
