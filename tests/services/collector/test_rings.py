from __future__ import annotations

import asyncio

import pytest

from events.vault import TokenKeys
from events.vault_memory import MemoryVault
from schemas.errors import NotFound
from services.collector.rings import Rings
from services.collector.tokens import Purpose, Token, sign
from tests.services.collector.site import Site
from tests.support.parts import make_parts
from tests.support.randomness import seeded


class TurningVault(MemoryVault):
    """A vault whose ring can be given another newest key."""

    def __init__(self) -> None:
        super().__init__(seeded())
        self.asked = 0

    def token_keys(self, workspace: str) -> TokenKeys:
        self.asked += 1
        return super().token_keys(workspace)

    def turn(self, workspace: str) -> None:
        ring = super().token_keys(workspace)
        newest = ring.newest + 1
        self._tokens[workspace] = TokenKeys(newest, {**ring.keys, newest: b"n" * 32})


@pytest.fixture
def vault() -> TurningVault:
    return TurningVault()


@pytest.fixture
def site(vault: TurningVault) -> Site:
    return Site(make_parts(vault=vault))


def test_a_workspaces_key_signs_for_no_other(site: Site) -> None:
    other = site.parts.access.create_workspace("other", "UTC", "EUR")
    theirs = site.parts.vault.token_keys("other")
    forged = sign(Purpose.OPEN, Token(site.parts.access.workspace("demo").number), theirs)
    genuine = sign(Purpose.OPEN, Token(other.number), theirs)
    rings = Rings(site.parts.access, site.parts.vault)
    assert asyncio.run(rings.read(Purpose.OPEN, forged)) is None
    found = asyncio.run(rings.read(Purpose.OPEN, genuine))
    assert found is not None
    assert found.workspace == "other"


def test_a_number_of_no_workspace_is_not_genuine(site: Site) -> None:
    with pytest.raises(NotFound):
        site.parts.access.workspace_by_number(4_000_000_000)
    text = sign(Purpose.OPEN, Token(4_000_000_000), site.parts.vault.token_keys("demo"))
    rings = Rings(site.parts.access, site.parts.vault)
    assert asyncio.run(rings.read(Purpose.OPEN, text)) is None


def test_after_the_first_token_no_store_is_asked(site: Site, vault: TurningVault) -> None:
    text = site.token(Purpose.OPEN)
    rings = Rings(site.parts.access, vault)
    asyncio.run(rings.read(Purpose.OPEN, text))
    before = vault.asked
    site.parts.access.close()
    assert asyncio.run(rings.read(Purpose.OPEN, text)) is not None
    assert vault.asked == before


def test_a_new_key_is_learned_and_old_tokens_stay_genuine(site: Site, vault: TurningVault) -> None:
    old = site.token(Purpose.OPEN)
    rings = Rings(site.parts.access, vault)
    assert asyncio.run(rings.read(Purpose.OPEN, old)) is not None
    vault.turn("demo")
    for text in (site.token(Purpose.OPEN), old):
        assert asyncio.run(rings.read(Purpose.OPEN, text)) is not None
