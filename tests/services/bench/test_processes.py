"""Processes as the kernel tells of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.bench.processes import (
    Cores,
    Meter,
    family,
    held_still,
    memory,
    peak_memory,
    pinned,
    reset_peak,
)

PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


@pytest.fixture
def parent():
    """A process with a child that waits."""
    words = [sys.executable, "-c", PARENT]
    process = subprocess.Popen(words, stdin=subprocess.PIPE)  # noqa: S603 - the words are ours
    for _ in range(600):
        if len(family(process.pid)) == 2:
            break
        time.sleep(0.05)
    yield process
    process.communicate(b"\n")


def test_family_is_a_process_and_all_that_descend_from_it(parent):
    members = family(parent.pid)
    assert members[0] == parent.pid
    assert len(members) == 2
    assert set(members) < set(family(os.getpid()))


def test_memory_is_that_of_the_whole_family(parent):
    one, all_of_them = memory(family(parent.pid)[1]), memory(parent.pid)
    assert 0 < one.shared_fairly <= one.resident < all_of_them.resident


def test_held_still_stops_the_family_and_lets_it_go_on(parent):
    def stopped() -> list[bool]:
        told = [Path(f"/proc/{one}/stat").read_text() for one in family(parent.pid)]
        return [text.rpartition(")")[2].split()[0] == "T" for text in told]

    def comes(wanted: list[bool]) -> bool:
        return any(stopped() == wanted or time.sleep(0.01) for _ in range(500))

    with held_still(parent.pid):
        assert comes([True, True])
    assert comes([False, False])


def test_pinned_holds_for_what_is_started_inside_and_no_longer():
    before = os.sched_getaffinity(0)
    cores = Cores.split()
    with pinned(cores.server):
        assert os.sched_getaffinity(0) == cores.server
    assert os.sched_getaffinity(0) == before
    assert cores.server | cores.load == before


def test_meter_counts_processor_time_and_nothing_else():
    meter = Meter(os.getpid())
    began = time.process_time()
    while time.process_time() - began < 0.05:
        sum(range(1000))
    assert 0.03 <= meter.spent()[os.getpid()] < 30


def test_peak_is_of_what_was_held_since_it_was_reset():
    size = 64 << 20
    bytearray(size)
    reset_peak()
    before = peak_memory()
    held = bytearray(size)
    assert peak_memory() - before > size // 2
    assert len(held) == size
