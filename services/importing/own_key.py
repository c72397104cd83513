"""A key that lives in this process only: who may open the data folder needs no stored one."""

from __future__ import annotations

import hmac

from services.access import (
    OPERATOR,
    Access,
    Act,
    GpcMode,
    KeyEntry,
    NewKey,
    PassKind,
    Principal,
    Scope,
    Workspace,
)

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

    def open_pass(self, key_id: str, kind: PassKind, lifetime: int) -> str:
        return self._stored.open_pass(key_id, kind, lifetime)

    def pass_holder(self, secret: str, kind: PassKind) -> Principal:
        return self._stored.pass_holder(secret, kind)

    def use_pass(self, secret: str, kind: PassKind) -> Principal:
        return self._stored.use_pass(secret, kind)

    def create_workspace(self, workspace: str, time_zone: str, base_currency: str) -> Workspace:
        return self._stored.create_workspace(workspace, time_zone, base_currency)

    def workspace(self, workspace: str) -> Workspace:
        return self._stored.workspace(workspace)

    def workspace_by_number(self, number: int) -> Workspace:
        return self._stored.workspace_by_number(number)

    def workspaces(self) -> list[Workspace]:
        return self._stored.workspaces()

    def update_workspace(
        self, workspace: str, *, time_zone: str | None = None, gpc_mode: GpcMode | None = None,
        actor: str = OPERATOR,
    ) -> Workspace:  # fmt: skip
        return self._stored.update_workspace(
            workspace, time_zone=time_zone, gpc_mode=gpc_mode, actor=actor
        )

    def create_key(
        self, workspace: str, name: str, scopes: frozenset[Scope], actor: str = OPERATOR
    ) -> NewKey:
        return self._stored.create_key(workspace, name, scopes, actor)

    def rotate_key(
        self, workspace: str, key_id: str, overlap_seconds: int = 0, actor: str = OPERATOR
    ) -> NewKey:
        return self._stored.rotate_key(workspace, key_id, overlap_seconds, actor)

    def keys(self, workspace: str) -> list[KeyEntry]:
        return self._stored.keys(workspace)

    def revoke_key(self, workspace: str, key_id: str, actor: str = OPERATOR) -> None:
        self._stored.revoke_key(workspace, key_id, actor)

    def note(self, workspace: str, act: str, name: str, actor: str = OPERATOR) -> None:
        self._stored.note(workspace, act, name, actor)

    def acts(self, workspace: str) -> list[Act]:
        return self._stored.acts(workspace)

    def close(self) -> None:
        self._stored.close()
