"""A key that lives in this process only: who may open the data folder needs no stored one."""

from __future__ import annotations

import hmac

from services.access import Access, KeyEntry, NewKey, Principal, Scope, Workspace

NAME = "import"


class OwnKey(Access):
    """The access of an installation, with one more key, of one workspace, that may write facts."""

    def __init__(self, stored: Access, workspace: str, secret: str) -> None:
        stored.workspace(workspace)  # raises NotFound
        self._stored = stored
        self._secret = secret
        self._principal = Principal(workspace, NAME, NAME, frozenset((Scope.WRITE,)))

    def authenticate(self, secret: str) -> Principal:
        if hmac.compare_digest(secret.encode(), self._secret.encode()):
            return self._principal
        return self._stored.authenticate(secret)

    def principal(self, key_id: str) -> Principal:
        return self._stored.principal(key_id)

    def create_workspace(self, workspace: str, time_zone: str, base_currency: str) -> Workspace:
        return self._stored.create_workspace(workspace, time_zone, base_currency)

    def workspace(self, workspace: str) -> Workspace:
        return self._stored.workspace(workspace)

    def workspace_by_number(self, number: int) -> Workspace:
        return self._stored.workspace_by_number(number)

    def workspaces(self) -> list[Workspace]:
        return self._stored.workspaces()

    def create_key(self, workspace: str, name: str, scopes: frozenset[Scope]) -> NewKey:
        return self._stored.create_key(workspace, name, scopes)

    def keys(self, workspace: str) -> list[KeyEntry]:
        return self._stored.keys(workspace)

    def revoke_key(self, workspace: str, key_id: str) -> None:
        self._stored.revoke_key(workspace, key_id)

    def close(self) -> None:
        self._stored.close()
