"""``answerback workspace`` and ``answerback key``: who may use this installation."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AbstractContextManager

from schemas.clock import system_clock, system_random
from schemas.instants import format_instant
from services.access import Access, GpcMode, KeyEntry, Scope
from services.bootstrap import open_access, open_vault
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
    rows = [(w.id, str(w.number), w.time_zone, w.base_currency, w.gpc_mode) for w in found]
    terminal.table([("WORKSPACE", "NUMBER", "TIME ZONE", "CURRENCY", "GPC"), *rows])
    return 0


def update_workspace(arguments: Namespace, terminal: Terminal) -> int:
    """Its time zone, and what it makes of signals not to be tracked."""
    mode = GpcMode(arguments.gpc_mode) if arguments.gpc_mode else None
    with _access() as access:
        now = access.update_workspace(
            arguments.id, time_zone=arguments.time_zone, gpc_mode=mode
        )  # fmt: skip
    terminal.tell(f"Workspace {now.id}: time zone {now.time_zone}, gpc mode {now.gpc_mode}.")
    return 0


def rotate_tokens(arguments: Namespace, terminal: Terminal) -> int:
    """A new key signs tracking addresses from now on; those in sent mail stay good."""
    settings = load_settings()
    with (
        open_access(settings, clock=system_clock, random=system_random) as access,
        open_vault(settings, random=system_random) as vault,
    ):
        access.workspace(arguments.id)
        newest = vault.rotate_tokens(arguments.id).newest
        access.note(arguments.id, "token keys rotated", str(newest))
    terminal.tell(f"Workspace {arguments.id} signs with token key {newest} from now on.")
    return 0


def list_acts(arguments: Namespace, terminal: Terminal) -> int:
    """Who did what to a workspace and its keys."""
    with _access() as access:
        found = access.acts(arguments.id)
    rows = [(format_instant(a.at), a.actor, a.act, a.object, a.detail) for a in found]
    terminal.table([("AT", "ACTOR", "ACT", "OBJECT", "DETAIL"), *rows])
    return 0


def rotate_key(arguments: Namespace, terminal: Terminal) -> int:
    """A key in place of another; its secret goes to the output, and is stored nowhere."""
    with _access() as access:
        key_id, secret = access.rotate_key(
            arguments.workspace, arguments.key_id, arguments.overlap
        )  # fmt: skip
    terminal.note(f"Key {key_id} is made; {arguments.key_id} ends in {arguments.overlap} s.")
    terminal.tell(secret)
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
    if key.revoked_at is None:
        return "valid"
    return "ending" if key.is_live(system_clock()) else "revoked"
