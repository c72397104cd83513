"""Pages are bounded by records and by size, and pass over nothing."""

from __future__ import annotations

import pytest

from events.cursor import Cursor
from events.memory import MemoryLog
from projections import page as pages
from projections.page import read_page
from tests.support.clock import SettableClock
from tests.support.records import record


@pytest.fixture
def log():
    log = MemoryLog(SettableClock())
    log.append([record(number) for number in range(40)]).result()
    return log


def _walk(log: MemoryLog, limit: int) -> list[int]:
    """How many records each page held, until none was left."""
    sizes: list[int] = []
    cursor = Cursor()
    while (page := read_page(log, cursor, limit)).end != cursor:
        sizes.append(len(page.events) + len(page.failures))
        assert page.end.total == cursor.total + sizes[-1]
        cursor = page.end
    return sizes


def test_a_page_of_small_records_is_bounded_by_their_number(log):
    assert sum(_walk(log, 10)) == 40
    assert max(_walk(log, 10)) <= 10


def test_a_page_of_large_records_is_bounded_by_their_size(log, monkeypatch):
    monkeypatch.setattr(pages, "_LARGEST_PAGE", 1)
    sizes = _walk(log, 5000)
    assert sum(sizes) == 40
    assert max(sizes) <= log.partitions
