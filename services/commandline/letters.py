"""``answerback dead-letter list | show | retry``: what a projection could not apply."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from projections.dead_letters import Letter
from projections.letters import Letters
from schemas.clock import system_clock, system_random
from schemas.errors import InvalidInput
from schemas.instants import Instant, format_instant
from services.bootstrap import open_letters
from services.commandline.terminal import Terminal
from services.settings import load_settings


def list_letters(_arguments: Namespace, terminal: Terminal) -> int:
    """List those that wait."""
    with _opened() as letters:
        found = letters.letters()
    if not found:
        terminal.tell("No dead letter waits.")
        return 0
    rows = [(one.name, one.type, _at(one), one.error[:80]) for one in found]
    terminal.table([("LETTER", "TYPE", "SINCE", "WHY"), *rows])
    return 0


def show_letter(arguments: Namespace, terminal: Terminal) -> int:
    """Show one."""
    with _opened() as letters:
        one = letters.letter(arguments.letter)
    state = "solved" if one.solved else "waits"
    terminal.table(
        [
            ("letter", one.name), ("state", state), ("workspace", one.workspace),
            ("event", one.event_id), ("type", one.type), ("since", _at(one)), ("why", one.error),
        ]
    )  # fmt: skip
    return 0


def retry_letters(arguments: Namespace, terminal: Terminal) -> int:
    """Apply one, or all that wait, once more; 1 if any of them fails again."""
    if bool(arguments.letter) == arguments.all:
        raise InvalidInput("Name a letter, or give --all.")
    with _opened() as letters:
        names = [one.name for one in letters.letters()] if arguments.all else [arguments.letter]
        stand = [letters.retry(name) for name in names]
    for one in stand:
        terminal.tell(f"{one.name}: " + ("solved" if one.solved else f"fails again: {one.error}"))
    return 0 if all(one.solved for one in stand) else 1


def _at(letter: Letter) -> str:
    return format_instant(Instant(letter.first_failed_at))


@contextmanager
def _opened() -> Iterator[Letters]:
    opened = open_letters(load_settings(), clock=system_clock, random=system_random)
    with opened as letters:
        yield letters
