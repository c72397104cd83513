"""What kinds of change lie between two states of knowledge, so that a difference can be split."""

from __future__ import annotations

from enum import StrEnum

from events.codec import decode
from events.log import StoredRecord
from schemas.catalogue import Topic
from schemas.errors import UnknownEventType, Unreadable

_MERGES = ("identity.", "visitor.")
_DEFINITIONS = "definition."


class Kind(StrEnum):
    """In the order in which a difference is split by them.

    ``new_events`` happened after the first state, and time passed meanwhile; ``late_events``
    happened before it, and came after it. ``corrections`` are decisions: steps on responses, what
    was set up otherwise, batches that were undone. ``merges`` say who is who. ``rejudged`` is what
    another version of the classifier makes of it all; no record tells of that.
    """

    NEW_EVENTS = "new_events"
    LATE_EVENTS = "late_events"
    CORRECTIONS = "corrections"
    MERGES = "merges"
    DEFINITIONS = "definitions"
    REJUDGED = "rejudged"


def kind_of(record: StoredRecord, then: int) -> Kind:
    """The kind of a record; ``then`` is when the first state was, in milliseconds."""
    if record.type.startswith(_MERGES):
        return Kind.MERGES
    if record.type.startswith(_DEFINITIONS):
        return Kind.DEFINITIONS
    if record.position.topic is Topic.DECISIONS:
        return Kind.CORRECTIONS
    try:
        occurred_at = int(decode(record).occurred_at)
    except (Unreadable, UnknownEventType):
        occurred_at = record.recorded_at  # it counts for nothing, wherever it stands
    return Kind.LATE_EVENTS if occurred_at <= then else Kind.NEW_EVENTS


def kind_sql(then: int) -> str:
    """The same of a row of the journal."""
    merges = " OR ".join(f"startsWith(type, '{name}')" for name in _MERGES)
    return (
        f"multiIf({merges}, '{Kind.MERGES}', startsWith(type, '{_DEFINITIONS}'), "
        f"'{Kind.DEFINITIONS}', log_topic = 'decisions', '{Kind.CORRECTIONS}', "
        f"toUnixTimestamp64Milli(occurred_at) <= {int(then)}, '{Kind.LATE_EVENTS}', "
        f"'{Kind.NEW_EVENTS}')"
    )
