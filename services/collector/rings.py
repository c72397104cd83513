"""Whose token this is: workspaces and their token keys, kept at hand once they were needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from events.vault import TokenKeys, Vault
from schemas.errors import NotFound
from services.access import Access
from services.collector.tokens import Purpose, Signed, Token, unpack


class Genuine(NamedTuple):
    """A token that we have signed, and the workspace it belongs to."""

    workspace: str
    token: Token


@dataclass(frozen=True, slots=True)
class _Ring:
    workspace: str
    keys: TokenKeys


class Rings:
    """Reads tokens. After a workspace's first token no store is asked, so doors work without."""

    def __init__(self, access: Access, vault: Vault) -> None:
        self._access = access
        self._vault = vault
        self._rings: dict[int, _Ring] = {}

    async def read(self, purpose: Purpose, text: str) -> Genuine | None:
        """The token behind a text; ``None`` if it is not one of ours for this purpose."""
        signed = unpack(text)
        if signed is None:
            return None
        ring = self._rings.get(signed.token.workspace)
        if ring is None or signed.key_id not in ring.keys.keys:
            ring = await asyncio.to_thread(self._load, signed)
        if ring is None or not signed.is_genuine(purpose, ring.keys):
            return None
        return Genuine(ring.workspace, signed.token)

    def _load(self, signed: Signed) -> _Ring | None:
        number = signed.token.workspace
        try:
            workspace = self._access.workspace_by_number(number).id
        except NotFound:
            return None
        ring = self._rings[number] = _Ring(workspace, self._vault.token_keys(workspace))
        return ring
