"""``answerback verify``: every table, rebuilt from the log beside the live one."""

from __future__ import annotations

from argparse import Namespace

from projections.maintenance import Verification
from schemas.clock import system_clock, system_random
from schemas.errors import StoreUnavailable
from services.bootstrap import open_embedded
from services.commandline.telling import tell_difference
from services.commandline.terminal import Terminal
from services.folder import owner_of
from services.operator.client import ask
from services.operator.messages import VERIFY
from services.settings import Settings, load_settings


def verify(_arguments: Namespace, terminal: Terminal) -> int:
    """Compare by digests that do not depend on the rows' order; 1 if anything differs."""
    found = _verified(load_settings())
    rows = [
        (c.table, f"{c.live_rows:,}", c.live_digest[:16], c.rebuilt_digest[:16], _said(c.equal))
        for c in found.compared
    ]
    terminal.table([("TABLE", "ROWS", "LIVE", "REBUILT", ""), *rows])
    for one in found.differences:
        tell_difference(one, terminal)
    different = {c.table for c in found.compared if not c.equal}
    different |= {one.table for one in found.differences}
    if different:
        terminal.note(f"{len(different)} tables differ from a rebuild.")
    return 1 if different else 0


def _verified(settings: Settings) -> Verification:
    """By the server, if one runs: nobody else may open its stores."""
    owner = owner_of(settings.data)
    if owner is None:
        with open_embedded(settings, clock=system_clock, random=system_random) as embedded:
            return embedded.verify()
    line = ask(settings.data, owner, VERIFY, None, lambda _copied: None)
    if line.verified is None:
        raise StoreUnavailable("The server's answer is not the one to this step. Is it older?")
    return line.verified


def _said(equal: bool) -> str:
    return "equal" if equal else "DIFFERENT"
