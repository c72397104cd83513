"""The log of Python lists keeps the contract of the log."""

from __future__ import annotations

import pytest

from events.log import EventLog
from events.memory import MemoryLog
from tests.contracts.log_contract import LogContract, SettableTimeContract
from tests.support.clock import SettableClock


class TestMemoryLog(LogContract, SettableTimeContract):
    """Contract only: there is nothing more to it."""

    @pytest.fixture
    def log(self, clock: SettableClock) -> EventLog:
        return MemoryLog(clock, partitions=4)
