"""``answerback workspace`` and ``answerback key``: who may use this installation."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AbstractContextManager

from schemas.clock import system_clock, system_random
from services.access import Access, KeyEntry, Scope
from services.bootstrap import open_access
from services.commandline.terminal import Terminal
from services.settings import load_settings


def _access() -> AbstractContextManager[Access]:
    return open_access(load_settings(), clock=system_clock, random=system_random)


def create_workspace(arguments: Namespace, terminal: Terminal) -> int:
    """A workspace owns everything else: campaigns, people, keys."""
    with _access() as access:
        made = access.create_workspace(arguments.id, arguments.time_zone, arguments.currency)
    terminal.tell(f"Workspace {made.id} is number {made.number}.")
    return 0


def list_workspaces(_arguments: Namespace, terminal: Terminal) -> int:
    """All workspaces."""
    with _access() as access:
        found = access.workspaces()
    rows = [(w.id, str(w.number), w.time_zone, w.base_currency) for w in found]
    terminal.table([("WORKSPACE", "NUMBER", "TIME ZONE", "CURRENCY"), *rows])
    return 0


def create_key(arguments: Namespace, terminal: Terminal) -> int:
    """A key; its secret goes to the output, and is stored nowhere."""
    scopes = frozenset(Scope(name) for name in arguments.scope or [Scope.WRITE])
    with _access() as access:
        key_id, secret = access.create_key(arguments.workspace, arguments.name, scopes)
    terminal.note(f"Key {key_id} is made. Its secret is shown this once:")
    terminal.tell(secret)
    return 0


def list_keys(arguments: Namespace, terminal: Terminal) -> int:
    """The keys of a workspace, without their secrets."""
    with _access() as access:
        found = access.keys(arguments.workspace)
    rows = [(k.key_id, k.name, " ".join(sorted(k.scopes)), _state(k)) for k in found]
    terminal.table([("KEY", "NAME", "SCOPES", "STATE"), *rows])
    return 0


def revoke_key(arguments: Namespace, terminal: Terminal) -> int:
    """A revoked key is refused from now on."""
    with _access() as access:
        access.revoke_key(arguments.workspace, arguments.key_id)
    terminal.tell(f"Key {arguments.key_id} is revoked.")
    return 0


def _state(key: KeyEntry) -> str:
    return "valid" if key.revoked_at is None else "revoked"
