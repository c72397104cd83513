"""``answerback replay ...``: every table built anew beside the live ones, for readers to see."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from projections.maintenance import Comparison
from projections.replay.generation import State
from projections.replay.replays import Progress, Promotion, Replays, Share, Step
from schemas.clock import system_clock, system_random
from schemas.errors import StoreUnavailable
from schemas.instants import Instant, format_instant
from services.bootstrap import open_replays
from services.commandline.telling import changes_of, tell_difference
from services.commandline.terminal import Terminal
from services.folder import owner_of
from services.operator.replays import AskedReplays
from services.settings import Settings, load_settings

_SECONDS = 0.5
_BAR = 30
_MIB = 1 << 20
_UNDER_WAY = {State.BUILDING, State.PAUSED, State.READY, State.FAILED}


def plan(_arguments: Namespace, terminal: Terminal) -> int:
    """Tell what a replay would take."""
    with opened(load_settings()) as replays:
        told = replays.plan()
    tell_shares(told.shares, terminal)
    seconds = "unknown: none was made yet" if told.seconds is None else f"{told.seconds:,.0f} s"
    terminal.tell(f"events: {told.events:,}")
    terminal.tell(f"time at the last replay's rate: {seconds}")
    terminal.tell(f"disk: about {_size(told.size)} more")
    terminal.tell(
        f"changed since the live tables were made: {', '.join(told.changed) or 'nothing'}"
    )
    return 0


def tell_shares(shares: Sequence[Share], terminal: Terminal) -> None:
    """How many events there are of which type."""
    rows = [(one.type, f"{one.events:,}", _size(one.size)) for one in shares]
    terminal.table([("TYPE", "EVENTS", "SIZE"), *rows])


def run(_arguments: Namespace, terminal: Terminal) -> int:
    """Build a generation, or go on with the one that was begun, until it is ready."""
    with opened(load_settings(), follows=True) as replays:
        begun = next((o for o in replays.replays() if o.generation.state in _UNDER_WAY), None)
        if begun is None:
            begun = replays.begin()
        elif begun.generation.state in {State.PAUSED, State.FAILED}:
            begun = replays.resume(begun.generation.number)
        number = begun.generation.number
        terminal.note(f"Generation {number}. Ctrl-C ends this command; `run` goes on with it.")
        ended = _watched(replays, number, terminal)
    one = ended.generation
    if one.state is not State.READY:
        terminal.note(f"Generation {number} is {one.state.value}. {one.trouble}".rstrip())
        return 1
    terminal.tell(
        f"Generation {number} is ready: {one.events:,} events in {one.spent_ms / 1000:.1f} s."
    )
    _tell_unapplied(ended, terminal)
    return 0


def status(_arguments: Namespace, terminal: Terminal) -> int:
    """List all generations."""
    with opened(load_settings()) as replays:
        found = replays.replays()
    rows = [
        (
            str(one.generation.number), one.generation.state.value, one.generation.stage.value,
            f"{one.done:,} of {one.total:,}", format_instant(Instant(one.generation.begun_at)),
            f"{one.generation.unapplied:,}", _remark(one),
        )
        for one in found
    ]  # fmt: skip
    heading = ("GENERATION", "STATE", "STAGE", "EVENTS", "BEGUN", "NOT APPLIED", "REMARK")
    terminal.table([heading, *rows])
    return 0


def pause(arguments: Namespace, terminal: Terminal) -> int:
    """Build it no further for now."""
    with opened(load_settings()) as replays:
        return _told(replays.pause(arguments.generation), terminal)


def resume(arguments: Namespace, terminal: Terminal) -> int:
    """Go on where it was paused, or where it failed."""
    with opened(load_settings()) as replays:
        return _told(replays.resume(arguments.generation), terminal)


def cancel(arguments: Namespace, terminal: Terminal) -> int:
    """Give it up."""
    with opened(load_settings()) as replays:
        return _told(replays.cancel(arguments.generation), terminal)


def retire(arguments: Namespace, terminal: Terminal) -> int:
    """Drop what was live before."""
    with opened(load_settings()) as replays:
        return _told(replays.retire(arguments.generation), terminal)


def compare(arguments: Namespace, terminal: Terminal) -> int:
    """Compare every table with the live one; 1 if any differs."""
    with opened(load_settings()) as replays:
        found = replays.compare(arguments.generation)
    _tell_tables(found, terminal)
    return 0 if all(one.equal for one in found) else 1


def diff(arguments: Namespace, terminal: Terminal) -> int:
    """Tell the rows that differ from the live ones, in groups; 1 if there are any."""
    with opened(load_settings()) as replays:
        found = replays.diff(arguments.generation)
    for one in found:
        because = f"changed: {', '.join(one.because)}" if one.because else "UNEXPLAINED"
        tell_difference(one.difference, terminal, f" ({because})")
    if not found:
        terminal.tell("No row differs.")
    return 1 if found else 0


def why(arguments: Namespace, terminal: Terminal) -> int:
    """Tell the events behind a row, and which of them changed it."""
    steps = _history(arguments)
    rows = [
        (
            step.event_id, step.type, format_instant(Instant(step.occurred_at)), step.position,
            _fields(len(step.changes)),
        )
        for step in steps
    ]  # fmt: skip
    terminal.table([("EVENT", "TYPE", "OCCURRED", "POSITION", "CHANGED"), *rows])
    return 0


def step(arguments: Namespace, terminal: Terminal) -> int:
    """Tell what each event changed in a row, one after the other."""
    for one in _history(arguments):
        occurred = format_instant(Instant(one.occurred_at))
        terminal.tell(f"{occurred} {one.type} {one.event_id} {one.position}")
        for line in changes_of(one.changes):
            terminal.tell(f"  {line}")
    return 0


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}" if count else "-"


def _history(arguments: Namespace) -> list[Step]:
    with opened(load_settings()) as replays:
        number = arguments.generation or _live(replays)
        return replays.history(number, arguments.table, arguments.workspace, arguments.row)


def _live(replays: Replays) -> int:
    return next(
        one.generation.number for one in replays.replays() if one.generation.state is State.LIVE
    )


def promote(arguments: Namespace, terminal: Terminal) -> int:
    """Have readers see it."""
    with opened(load_settings()) as replays:
        return _promoted(replays.promote(arguments.generation, arguments.anyway), terminal)


def rollback(_arguments: Namespace, terminal: Terminal) -> int:
    """Have readers see again what was live before."""
    with opened(load_settings()) as replays:
        return _promoted(replays.rollback(), terminal)


@contextmanager
def opened(settings: Settings, *, follows: bool = False) -> Iterator[Replays]:
    """The server's, if one runs: nobody else may open its stores."""
    owner = owner_of(settings.data)
    if owner is not None:
        yield AskedReplays(settings.data, owner)
        return
    opened = open_replays(settings, clock=system_clock, random=system_random, follows=follows)
    with opened as replays:
        yield replays


def _watched(replays: Replays, number: int, terminal: Terminal) -> Progress:
    """Tell how far it is until it is built no further."""
    before = ""
    while True:
        one = _one(replays, number)
        line = _bar(one)
        if line != before:
            terminal.note(line)
        before = line
        if one.generation.state is not State.BUILDING:
            return one
        time.sleep(_SECONDS)


def _one(replays: Replays, number: int) -> Progress:
    for one in replays.replays():
        if one.generation.number == number:
            return one
    raise StoreUnavailable(f"Generation {number} is there no more.")


def _bar(one: Progress) -> str:
    waits = ", waits for the live tables" if one.waits else ""
    stage = one.generation.stage.value
    bar = bar_of(one.done, one.total)
    return f"{bar} {one.done:,} of {one.total:,} events, {stage}{waits}"


def bar_of(done: int, total: int) -> str:
    """How much is done, as a bar and a percentage."""
    share = min(1.0, done / total) if total else 1.0
    return f"[{'#' * int(_BAR * share):<{_BAR}}] {share:4.0%}"


def _told(one: Progress, terminal: Terminal) -> int:
    terminal.tell(f"Generation {one.generation.number} is {one.generation.state.value}.")
    return 0


def _promoted(told: Promotion, terminal: Terminal) -> int:
    if told.different:
        _tell_tables(told.different, terminal)
    number = told.generation.number
    terminal.tell(
        f"Generation {number} is live. Tables that differ from before: {len(told.different)}. "
        f"Events that tell so: {told.published:,}."
    )
    return 0


def _tell_tables(found: list[Comparison], terminal: Terminal) -> None:
    rows = [
        (c.table, f"{c.live_rows:,}", f"{c.rebuilt_rows:,}", "equal" if c.equal else "DIFFERENT")
        for c in found
    ]
    terminal.table([("TABLE", "LIVE", "OTHER", ""), *rows])


def _tell_unapplied(one: Progress, terminal: Terminal) -> None:
    if one.generation.unapplied:
        terminal.note(
            f"{one.generation.unapplied:,} events could not be applied though the live tables have "
            f"them. The last one says: {one.generation.trouble}"
        )


def _remark(one: Progress) -> str:
    if one.waits:
        return "waits for the live tables"
    if one.mixed:
        return f"goes on by other versions of {', '.join(one.mixed)}"
    return one.generation.trouble[:80] or "-"


def _size(size: int) -> str:
    return f"{size / _MIB:,.1f} MiB"
