"""The columns on a disk that fills while they are written: nothing lost, nothing twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.column_writer import ROWS
from tests.support.small_disk import SmallDisk, small_disk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
_READ = """
import sys
from pathlib import Path
from projections.stores.chdb import ChdbColumns
columns = ChdbColumns(Path(sys.argv[1]))
for table, name in (("provider_message", "provider_ref"), ("seen", "log_offset")):
    (row,) = columns.query(f"SELECT count() AS a, uniqExact({name}) AS b FROM {table}").to_pylist()
    print(row["a"], row["b"])
"""


class Writer:
    """The process that writes; what it says to last are the lines of a file."""

    def __init__(self, folder: Path, said: Path, first: int) -> None:
        words = ["-m", "tests.support.column_writer", str(folder), "--from", str(first)]
        self._said = said
        self._first = first
        with said.open("w") as file:
            self._process = subprocess.Popen(  # noqa: S603 - ours
                [sys.executable, *words], stdin=subprocess.PIPE, stdout=file, text=True
            )

    def wait(self, steps: int) -> None:
        """Until it has said so many steps of its own to last."""
        while self.count() < self._first + steps:
            assert self._process.poll() is None
            time.sleep(0.05)

    def kill(self) -> int:
        """End it at once; answers how many steps last."""
        self._process.kill()
        self._process.communicate()
        return self.count()

    def stop(self) -> int:
        self._process.communicate("stop\n", timeout=120)
        assert self._process.returncode == 0
        return self.count()

    def count(self) -> int:
        """How many steps last, those of the writers before it too."""
        return self._first + self._said.read_text().count("\n")


def fill(disk: SmallDisk | None) -> None:
    # Only root can mount a disk that may be filled; without one the kills are still played.
    if disk is not None:
        disk.fill()


def free(disk: SmallDisk | None) -> None:
    if disk is not None and disk.is_filled:
        disk.free()


@pytest.mark.parametrize("steps", [10, 0], ids=["writing", "starting"])
def test_a_disk_that_fills_takes_and_doubles_nothing(tmp_path: Path, steps: int) -> None:
    chance = random.Random(7)  # noqa: S311 - a run is to be repeatable
    with small_disk(tmp_path / "disk", 96) as disk:
        folder = tmp_path / "disk" / "columns"
        count = 0
        for is_killed in (False, True, False, True, False):
            writer = Writer(folder, tmp_path / "said", count)
            writer.wait(steps)
            for _ in range(3):
                time.sleep(chance.uniform(0.1, 0.5))
                fill(disk)
                time.sleep(chance.uniform(0.2, 0.8))
                if not is_killed:
                    free(disk)
            if not is_killed:
                writer.wait(steps + 1)
            count = writer.kill() if is_killed else writer.stop()
            free(disk)
        said = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-c", _READ, str(folder)], capture_output=True, text=True, check=True
        ).stdout
    assert count >= 5 * steps + 3
    assert said.split() == [str(count * ROWS)] * 4
