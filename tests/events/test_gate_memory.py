"""The gate of Python dicts keeps the contract of the gate."""

from __future__ import annotations

import pytest

from events.gate import Gate
from events.log import EventLog
from events.memory import MemoryGate, MemoryLog
from tests.contracts.gate_contract import GateContract
from tests.support.clock import SettableClock


class TestMemoryGate(GateContract):
    """Contract only."""

    @pytest.fixture
    def log(self, clock: SettableClock) -> MemoryLog:
        return MemoryLog(clock)

    @pytest.fixture
    def gate(self, log: EventLog, clock: SettableClock) -> Gate:
        assert isinstance(log, MemoryLog)
        return MemoryGate(log, clock)
