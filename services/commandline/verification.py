"""``answerback verify``: every table, rebuilt from the log beside the live one."""

from __future__ import annotations

from argparse import Namespace

from projections.maintenance import Comparison
from schemas.clock import system_clock, system_random
from services.bootstrap import open_embedded
from services.commandline.terminal import Terminal
from services.folder import owner_of
from services.operator.client import ask
from services.operator.messages import VERIFY
from services.settings import Settings, load_settings


def verify(_arguments: Namespace, terminal: Terminal) -> int:
    """Compare by digests that do not depend on the rows' order; 1 if any table differs."""
    compared = _compared(load_settings())
    rows = [
        (c.table, f"{c.live_rows:,}", c.live_digest[:16], c.rebuilt_digest[:16], _said(c.equal))
        for c in compared
    ]
    terminal.table([("TABLE", "ROWS", "LIVE", "REBUILT", ""), *rows])
    different = [c.table for c in compared if not c.equal]
    if different:
        terminal.note(f"{len(different)} of {len(compared)} tables differ from a rebuild.")
    return 1 if different else 0


def _compared(settings: Settings) -> list[Comparison]:
    """By the server, if one runs: nobody else may open its stores."""
    owner = owner_of(settings.data)
    if owner is not None:
        return ask(settings.data, owner, VERIFY, None, lambda _copied: None).compared
    with open_embedded(settings, clock=system_clock, random=system_random) as embedded:
        return embedded.verify()


def _said(equal: bool) -> str:
    return "equal" if equal else "DIFFERENT"
