"""``answerback import``: the rows of a CSV file, through the same door as everybody's facts."""

from __future__ import annotations

import os
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.clock import system_clock, system_random
from services.commandline.terminal import Terminal
from services.importing.destination import Destination, on_this_machine, over_http
from services.importing.mapping import read_mapping
from services.importing.report import Outcome
from services.importing.run import Import, Job, nowhere
from services.settings import load_settings

WRONG_CALL = 2


def import_rows(arguments: Namespace, terminal: Terminal) -> int:
    """Import a file, or only try it; 1 if any row was not taken."""
    url = arguments.url or os.environ.get("ANSWERBACK_URL")
    key = arguments.key or os.environ.get("ANSWERBACK_API_KEY")
    mistake = _mistake(arguments, url, key)
    if mistake:
        terminal.note(f"answerback: {mistake}")
        return WRONG_CALL
    mapping = read_mapping(arguments.mapping, arguments.kind)
    stop = threading.Event()
    with _destination(arguments, url, key, stop) as destination:
        job = Job(
            kind=arguments.kind,
            csv=arguments.csv,
            mapping=mapping,
            batch=arguments.batch,
            rejected=_rejected(arguments),
            target=destination.name,
            dry_run=arguments.dry_run,
        )
        work = Import(job, destination.carry, stop, terminal.err, system_clock)
        try:
            outcome = work.run()
        except KeyboardInterrupt:
            _tell_how_to_go_on(terminal, work, dry_run=arguments.dry_run)
            raise
    _tell(terminal, arguments, work, outcome, looked_up=bool(destination.name))
    return 1 if outcome.not_taken else 0


def _mistake(arguments: Namespace, url: str | None, key: str | None) -> str:
    """What is wrong with the call, if anything is."""
    if url and arguments.workspace:
        return (
            "Give --workspace for the data folder of this machine, or --url (or ANSWERBACK_URL) for"
            " a server, not both: a server knows the workspace by the key."
        )
    if url and not key:
        return f"Give an API key for {url} as --key or ANSWERBACK_API_KEY."
    if not (url or key or arguments.workspace or arguments.dry_run):
        return "Say where to import: --workspace for the data folder, or --url and --key."
    return ""


@contextmanager
def _destination(
    arguments: Namespace, url: str | None, key: str | None, stop: threading.Event
) -> Iterator[Destination]:
    if url and key:
        with over_http(url, key, stop) as destination:
            yield destination
    elif key or arguments.workspace:
        with on_this_machine(
            load_settings(), arguments.workspace, key, stop,
            clock=system_clock, random=system_random,
        ) as destination:  # fmt: skip
            yield destination
    else:
        yield Destination("", nowhere)


def _rejected(arguments: Namespace) -> Path | None:
    """Where rejected rows go: beside the file, but a dry run writes only what it was asked to."""
    if arguments.rejected or arguments.dry_run:
        chosen: Path | None = arguments.rejected
        return chosen
    csv: Path = arguments.csv
    return csv.with_name(f"{csv.stem}.rejected.csv")


def _tell(
    terminal: Terminal, arguments: Namespace, work: Import, outcome: Outcome, *, looked_up: bool
) -> None:
    if outcome.unused:
        terminal.note(f"These columns feed no field: {', '.join(outcome.unused)}.")
    for line in outcome.faults(arguments.csv):
        terminal.note(line)
    if not looked_up:
        terminal.note("What is stored already was not looked up: no workspace and no server named.")
    terminal.table(outcome.table(work.batch, stored_known=looked_up))


def _tell_how_to_go_on(terminal: Terminal, work: Import, *, dry_run: bool) -> None:
    if dry_run:
        terminal.note("\nThe dry run was ended; nothing has been written.")
        return
    terminal.note(
        "\nThe import was ended. What was acknowledged is stored; the same command goes on from"
        " there."
    )
