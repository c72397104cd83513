"""Whose token this is: workspaces and their token keys, whole in memory and in a file.

The file holds the keys wrapped under the installation's master key, as the vault does. It is read
only where the stores cannot be.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.vault import TokenKeys, Vault
from schemas.errors import NotFound, UnavailableError, Unreadable
from services.access import Access
from services.collector.tokens import Purpose, Signed, Token, unpack
from services.keepsake import Keepsake

log = logging.getLogger(__name__)


class Genuine(NamedTuple):
    """A token that we have signed, and the workspace it belongs to."""

    workspace: str
    token: Token


@dataclass(frozen=True, slots=True)
class _Ring:
    workspace: str
    keys: TokenKeys


class Rings:
    """Reads tokens. For a ring that is known no store is asked, so doors work without."""

    def __init__(self, access: Access, vault: Vault, kept: Keepsake | None = None) -> None:
        self._access = access
        self._vault = vault
        self._kept = kept or Keepsake()
        self._rings: dict[int, _Ring] = {}

    def start(self) -> None:
        """Learn every ring there is; those of the file, if the stores cannot be read."""
        try:
            for workspace in self._access.workspaces():
                keys = self._vault.token_keys(workspace.id)
                self._rings[workspace.number] = _Ring(workspace.id, keys)
        except UnavailableError as error:
            log.warning("Token keys are those of the file, since the stores fail: %s", error)
            self._rings = {**self._from_file(), **self._rings}
        else:
            self._keep()

    async def read(self, purpose: Purpose, text: str) -> Genuine | None:
        """The token behind a text; ``None`` if it is not one of ours for this purpose."""
        signed = unpack(text)
        if signed is not None and self._known(signed) is None:
            await asyncio.to_thread(self._load, signed)
        return self._believed(purpose, signed)

    def read_known(self, purpose: Purpose, text: str) -> Genuine | None:
        """``read`` without waiting. Raises ``LookupError`` if the stores have to be asked."""
        signed = unpack(text)
        if signed is not None and self._known(signed) is None:
            raise LookupError("The token's key is not at hand.")
        return self._believed(purpose, signed)

    def _known(self, signed: Signed) -> _Ring | None:
        ring = self._rings.get(signed.token.workspace)
        return ring if ring is not None and signed.key_id in ring.keys.keys else None

    def _believed(self, purpose: Purpose, signed: Signed | None) -> Genuine | None:
        ring = self._rings.get(signed.token.workspace) if signed else None
        if signed is None or ring is None or not signed.is_genuine(purpose, ring.keys):
            return None
        return Genuine(ring.workspace, signed.token)

    def _load(self, signed: Signed) -> None:
        number = signed.token.workspace
        try:
            workspace = self._access.workspace_by_number(number).id
        except NotFound:
            return
        ring = _Ring(workspace, self._vault.token_keys(workspace))
        if ring != self._rings.get(number):
            self._rings[number] = ring
            self._keep()

    def _keep(self) -> None:
        self._kept.replace([self._line(number, ring) for number, ring in self._rings.items()])

    def _line(self, number: int, ring: _Ring) -> dict[str, Any]:
        wrapped = {
            str(name): base64.b64encode(self._vault.wrap(key)).decode()
            for name, key in ring.keys.keys.items()
        }
        return {"number": number, "workspace": ring.workspace, "keys": wrapped}

    def _from_file(self) -> dict[int, _Ring]:
        found: dict[int, _Ring] = {}
        for line in self._kept.lines():
            try:
                keys = {
                    int(name): self._vault.unwrap(base64.b64decode(wrapped))
                    for name, wrapped in line["keys"].items()
                }
            except Unreadable:
                log.warning("The file of token keys is of another master key.")
                return {}
            found[line["number"]] = _Ring(line["workspace"], TokenKeys(max(keys), keys))
        return found
