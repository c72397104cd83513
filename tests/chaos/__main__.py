"""``python -m tests.chaos``: a line per misfortune, a report at the end; 1 if anything failed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Outcome, Plan, play


def main() -> int:
    """Play as told."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--every", type=float, default=8, help="seconds between misfortunes")
    parser.add_argument("--away", type=float, default=20, help="seconds of an outage")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    plan = Plan(given.minutes, given.rate, given.every, given.away, given.seed)
    with tempfile.TemporaryDirectory(prefix="answerback-chaos-") as name:
        outcome = play(Path(name), plan, say)
    report(outcome)
    return 1 if outcome.faults else 0


def report(outcome: Outcome) -> None:
    """What was seen."""
    told = outcome.told
    say(f"befell in {outcome.seconds:.0f} s: {dict(outcome.befell)}")
    say(
        f"acknowledged {len(told.events)} events, {len(told.events) / outcome.seconds:.0f} a "
        f"second, and {len(told.campaigns)} decisions; refused {told.refused}, not reached "
        f"{told.unreached}; the log has {outcome.records} records"
    )
    for fault in outcome.faults[:20]:
        say(f"FAULT {fault}")
    say(f"{len(outcome.faults)} faults" if outcome.faults else "all held")


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
