"""The vault that forgets keeps the contract of the vault while it lives."""

from __future__ import annotations

import pytest

from events.vault import Vault
from events.vault_memory import MemoryVault
from tests.contracts.vault_contract import VaultContract
from tests.support.randomness import seeded


class TestMemoryVault(VaultContract):
    """Contract only."""

    @pytest.fixture
    def vault(self) -> Vault:
        return MemoryVault(seeded())
