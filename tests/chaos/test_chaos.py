"""A short run of the command: processes and stores killed under a load, and all must hold."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.kafka.jars import NoBroker, jars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PLAN = ("--minutes", "0.5", "--rate", "400", "--every", "2", "--away", "5", "--seed", "4")


def test_nothing_is_lost_or_doubled_and_tables_equal_a_rebuild() -> None:
    try:
        jars()
    except NoBroker as reason:
        pytest.skip(str(reason))
    done = subprocess.run(  # noqa: S603 - this repository's own command
        [sys.executable, "-m", "tests.chaos", *PLAN],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "all held" in done.stdout
    found = re.search(r"acknowledged (\d+) events, .* and (\d+) decisions", done.stdout)
    assert found is not None, done.stdout
    assert int(found[1]) > 2000
    assert int(found[2]) > 5
