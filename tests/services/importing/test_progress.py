"""The progress bar."""

from __future__ import annotations

import io

from schemas.instants import Instant
from services.importing.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class SettableClock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> Instant:
        return Instant(self.now)


def test_progress_on_a_terminal_redraws_one_line():
    out, clock = Terminal(), SettableClock()
    progress = Progress("Import", 1000, 0, out, clock)
    for _ in range(2):
        clock.now += 500
        progress.advance(250)
    progress.finish()
    assert out.getvalue().count("\n") == 1
    last = out.getvalue().rstrip("\n").split("\r")[-1]
    assert last.startswith("Import [###############...............] 500 of 1,000 rows (50%)")
    assert last.endswith("500 rows/s, 0:01 left\x1b[K")


def test_progress_elsewhere_writes_whole_lines_now_and_then():
    out, clock = io.StringIO(), SettableClock()
    progress = Progress("Import", 1000, 0, out, clock)
    for _ in range(10):
        clock.now += 1000
        progress.advance(100)
    progress.finish()
    lines = out.getvalue().splitlines()
    assert [line.split("] ")[1].split(" rows ")[0] for line in lines] == [
        "100 of 1,000", "600 of 1,000", "1,000 of 1,000",
    ]  # fmt: skip
    assert "\r" not in out.getvalue()


def test_progress_after_a_restart_counts_all_rows_and_rates_only_its_own():
    out, clock = io.StringIO(), SettableClock()
    progress = Progress("Import", 1000, 900, out, clock)
    clock.now += 1000
    progress.advance(100)
    progress.finish()
    assert "1,000 of 1,000 rows (100%), 100 rows/s" in out.getvalue()


def test_progress_with_nothing_left_says_so_once():
    out = io.StringIO()
    progress = Progress("Import", 1000, 1000, out, SettableClock())
    progress.finish()
    assert out.getvalue().splitlines() == [
        "Import [##############################] 1,000 of 1,000 rows (100%), 0 rows/s"
    ]
