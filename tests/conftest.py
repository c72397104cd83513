"""What all tests share: the still clock, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

from tests.support.clock import SettableClock

pytest_plugins = [
    "tests.support.skips",
    "tests.support.kafka.fixtures",
    "tests.support.postgres",
    "tests.support.clickhouse.fixtures",
]
pytest.register_assert_rewrite(
    "tests.contracts.log_contract",
    "tests.contracts.gate_contract",
    "tests.contracts.vault_contract",
    "tests.contracts.raw_contract",
    "tests.contracts.columns_contract",
)

# A run that fails must fail again; searching for new failures is done by hand, with more examples.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# The settings of whoever runs the tests are no part of them.
for name in list(os.environ):
    if name.startswith("ANSWERBACK_") and not name.startswith(
        ("ANSWERBACK_TEST_", "ANSWERBACK_FAIL_ON_SKIP")
    ):
        del os.environ[name]

# Tests start hundreds of processes, and each took 4 s to begin where nothing was kept compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the tests in the background has them, and all they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--both-modes`` runs the tests of projections on the stores of the distributed mode too."""
    parser.addoption("--both-modes", action="store_true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: begun last, one of them would leave all other workers idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until a test moves it."""
    return SettableClock()
