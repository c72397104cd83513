"""``answerback verify``: every table, rebuilt from the log beside the live one."""

from __future__ import annotations

from argparse import Namespace

from schemas.clock import system_clock, system_random
from services.bootstrap import open_embedded
from services.commandline.terminal import Terminal
from services.settings import load_settings


def verify(_arguments: Namespace, terminal: Terminal) -> int:
    """Compare by digests that do not depend on the rows' order; 1 if any table differs."""
    with open_embedded(load_settings(), clock=system_clock, random=system_random) as embedded:
        compared = embedded.verify()
    rows = [
        (c.table, f"{c.live_rows:,}", c.live_digest[:16], c.rebuilt_digest[:16], _said(c.equal))
        for c in compared
    ]
    terminal.table([("TABLE", "ROWS", "LIVE", "REBUILT", ""), *rows])
    different = [c.table for c in compared if not c.equal]
    if different:
        terminal.note(f"{len(different)} of {len(compared)} tables differ from a rebuild.")
    return 1 if different else 0


def _said(equal: bool) -> str:
    return "equal" if equal else "DIFFERENT"
