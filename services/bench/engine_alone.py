"""A worker: the column engine open on an empty folder, and how much memory that takes by itself."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel

from services.bench.bare_chdb import BareColumns
from services.bench.processes import memory
from services.bench.workers import answer_order


class EngineOrder(BaseModel):
    """A folder that does not exist yet."""

    folder: Path


class EngineMemory(BaseModel):
    """The worker's own memory, in bytes."""

    resident: int
    shared_fairly: int


def carry_out(order: EngineOrder) -> EngineMemory:
    """Open it, ask it something, and look."""
    bare = BareColumns(order.folder, {"number": "UInt64"}, "number")
    bare.count()
    found = memory(os.getpid())
    bare.close()
    return EngineMemory(resident=found.resident, shared_fairly=found.shared_fairly)


if __name__ == "__main__":
    answer_order(EngineOrder, carry_out)
