"""The decision that the facts of a batch count no more."""

from __future__ import annotations

from uuid import UUID

from events.log import Record
from tests.support.records import BATCH
from tests.support.world import World


def undone(world: World, batch: UUID = BATCH) -> Record:
    """The decision that the facts of a batch count no more."""
    data = {"batch_id": str(batch), "reason": "The wrong file.", "fact_count": 1}
    return world.decision("batch.undone", data, f"batch:{batch}", 1, None)
