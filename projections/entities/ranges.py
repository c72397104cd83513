"""Ranges of a table's keys with about as many rows each, cut at the marks of its sparse index."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise

from projections.entities.notices import HIGHEST, LOWEST
from projections.stores.columns import Columns

# A mark is 8192 rows. A rebuild of 10 million events, two ranges at once, took 1.24 GB at most with
# ranges of 56 marks, 1.28 GB with 64, 1.5 GB with 84. A statement takes 30 ms to be understood, so
# many small ones cost too.
_MARKS_A_RANGE = 64


def message_ranges(columns: Columns, workspace: str) -> list[tuple[str, str]]:
    """Ranges of ids of messages, in ``journal_by_message``."""
    own = "message_key != '' AND position(message_key, ':') = 0"
    marks = _marks(columns, workspace, "journal_by_message", "message_key", own)
    return _cut(LOWEST, marks)


def stray_ranges(columns: Columns, workspace: str) -> list[tuple[str, str]]:
    """Ranges of ids of providers that are some message's. Before the first there is no stray."""
    marks = _marks(columns, workspace, "provider_message", "provider_ref", "1")
    return _cut(marks[0], marks) if marks else []


def workers() -> Executor:
    """Threads to go through ranges with, one for each core; the memory is that of as many."""
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)))


def _marks(columns: Columns, workspace: str, table: str, key: str, among: str) -> list[str]:
    """Keys in order, of which one stands for a mark of rows. Reads the index alone.

    The first row of a part is a mark, so where every row is asked for, none comes before the first.
    """
    found = columns.query(
        f"SELECT {key} FROM mergeTreeIndex(currentDatabase(), {table}) "
        f"WHERE workspace = {{workspace:String}} AND {among} ORDER BY {key}",
        {"workspace": workspace},
    )
    return [str(mark) for mark in found.column(key).to_pylist()]


def _cut(lowest: str, marks: list[str]) -> list[tuple[str, str]]:
    count = 1 + len(marks) // _MARKS_A_RANGE
    inner = {marks[len(marks) * number // count] for number in range(1, count)} - {lowest}
    return list(pairwise((lowest, *sorted(inner), HIGHEST)))
