"""In continuous integration a skipped test is a failed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPPING = {
    "in a test": "import pytest\ndef test_it(): pytest.skip('no broker')\n",
    "by a mark": "import pytest\n@pytest.mark.skip(reason='no broker')\ndef test_it(): pass\n",
    "of a module": "import pytest\npytest.skip('no broker', allow_module_level=True)\n",
    "of a missing package": "import pytest\npytest.importorskip('no_such_package')\n",
}
EXPECTED_TO_FAIL = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n"


def run(folder: Path, text: str, *more: str, forbidden: bool) -> subprocess.CompletedProcess[str]:
    """Run pytest on one file, with the plugin and nothing else of this repository."""
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.skips", "-c", os.devnull]
    command += ["--rootdir", str(folder), "-p", "no:cacheprovider", *more, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment["ANSWERBACK_FAIL_ON_SKIP"] = "1" if forbidden else ""
    return subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, env=environment, cwd=folder, check=False
    )


@pytest.mark.parametrize("text", SKIPPING.values(), ids=SKIPPING.keys())
def test_a_skip_fails_where_it_is_forbidden(tmp_path: Path, text: str) -> None:
    done = run(tmp_path, text, forbidden=True)
    assert done.returncode != 0
    assert "must run here" in done.stdout


def test_a_skip_fails_in_every_process(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPING["in a test"], "-n", "2", forbidden=True)
    assert done.returncode != 0
    assert "must run here" in done.stdout


def test_a_skip_is_fine_elsewhere(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPING["in a test"], forbidden=False)
    assert done.returncode == 0
    assert "1 skipped" in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert run(tmp_path, EXPECTED_TO_FAIL, forbidden=True).returncode == 0
