"""``python -m tests.soak``: one line per misfortune, a report at the end; 1 if anything failed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from services.commandline.terminal import Terminal
from tests.soak.run import Outcome, Plan, Soak
from tests.support.small_disk import small_disk

_MOST_SHOWN = 20


def main() -> int:
    """Run the plan that the arguments tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--full-disks", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--disk-megabytes", type=int, default=4096)
    given = parser.parse_args()
    plan = Plan(given.minutes, given.kills, given.full_disks, given.seed)
    terminal = Terminal(sys.stdout, sys.stderr)
    with tempfile.TemporaryDirectory(prefix="answerback-soak-") as name:
        folder = Path(name)
        with small_disk(folder / "data", given.disk_megabytes) as disk:
            if disk is None:
                terminal.note("No disk can be mounted here: the run goes without full disks.")
            outcome = Soak(folder, disk, plan, terminal.note).run()
    return _report(outcome, plan, terminal)


def _report(outcome: Outcome, plan: Plan, terminal: Terminal) -> int:
    told = outcome.told
    terminal.tell(f"{plan.minutes:g} minutes, seed {plan.seed}; befell: {outcome.befell}")
    terminal.tell(
        f"acknowledged: {len(told.events)} events, {told.opens} opens, {told.clicks} clicks "
        f"redirected, {len(told.campaigns)} campaigns, {len(told.responses)} responses"
    )
    terminal.tell(
        f"stored: {outcome.stored}; refused for a moment: {told.unavailable}; "
        f"not reached: {told.unreached}"
    )
    for fault in outcome.faults[:_MOST_SHOWN]:
        terminal.tell(f"FAULT {fault}")
    terminal.tell(f"{len(outcome.faults)} faults" if outcome.faults else "all held")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
