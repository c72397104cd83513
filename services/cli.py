"""The command ``answerback``. Exit codes: 0 done, 1 failed, 2 called wrongly."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from schemas.errors import AnswerbackError, InvalidInput
from services.bench.benches import BENCHES
from services.bench.mix import DEFAULT
from services.commandline.lazily import load
from services.commandline.terminal import Terminal
from services.importing.kinds import KINDS
from services.stream.sinks import SINKS

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
SCOPES = ("write", "read", "admin")
GPC_MODES = ("keep", "anonymous", "drop")
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong is told in one sentence."""
    arguments = build_parser().parse_args(argv)
    terminal = Terminal(sys.stdout, sys.stderr)
    try:
        with _ending_cleanly():
            return load(arguments.run)(arguments, terminal)
    except (AnswerbackError, OSError) as error:
        terminal.note(f"answerback: {_explained(error)}")
        return 1
    except KeyboardInterrupt:
        return int(arguments.interrupted)


def _explained(error: Exception) -> str:
    """What went wrong, on one line."""
    faults = error.faults if isinstance(error, InvalidInput) else ()
    words = [str(error), *(f"{fault.pointer}: {fault.detail}" for fault in faults)]
    return " ".join(" ".join(words).split())


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """SIGTERM is answered like Ctrl-C: what is open is closed on the way out."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def build_parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="answerback",
        description="Every reaction to a campaign as an event, and what follows from them."
        " Settings are read from the environment: see docs/settings.md.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _serving(commands)
    _access(commands)
    _importing(commands)
    _add(commands, "verify", "verification.verify", "rebuild every table from the log and compare")
    _replaying(commands)
    _letters(commands)
    _keeping(commands)
    _distributing(commands)
    _certifying(commands)
    _add(
        commands, "schemas", "catalogue.print_schemas", "print the JSON Schemas of all event types"
    )
    _bench(commands)
    settings = _group(commands, "config", "look at the settings")
    _add(settings, "check", "config.check", "print the settings in force, secrets hidden")
    return parser


def _serving(commands: Parsers) -> None:
    serve = _add(commands, "serve", "serving.serve", "serve everything in one process")
    demo = _add(commands, "demo", "serving.demo", "serve, and play the demo's two campaigns")
    demo.add_argument("--once", action="store_true", help="end when the table is printed")
    for command in (serve, demo):
        command.set_defaults(interrupted=0)


def _bench(commands: Parsers) -> None:
    bench = _add(commands, "bench", "benching.bench", "measure, each figure beside its ceiling")
    names = [*(one.name for one in BENCHES), "all"]
    bench.add_argument("name", nargs="?", choices=names, help="which one, or all of them")
    bench.add_argument("--list", action="store_true", help="list the benches")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the report to a file")
    bench.add_argument("--mix", default=DEFAULT, metavar="FILE", help="a mix by name, or a file")
    bench.add_argument("--seconds", type=_positive, help="how long a round takes")
    bench.add_argument("--rounds", type=_count, help="how often ours and the ceiling are measured")
    bench.add_argument("--events", type=_count, help="how many events there are")
    bench.add_argument("--connections", type=_count, help="how many connections the load has")
    bench.add_argument("--rate", type=_count, help="events a second beside the probe (freshness)")
    bench.add_argument("--from", type=_count, dest="first", help="events stored before it begins")
    bench.add_argument("--to", type=_count, dest="last", help="events stored when it ends")
    bench.add_argument("--full", action="store_true", help="the large sizes; takes minutes")


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _replaying(commands: Parsers) -> None:
    group = _group(commands, "replay", "build every table anew, and have readers see it")
    _add(group, "plan", "replaying.plan", "tell what a replay would take")
    _add(group, "run", "replaying.run", "build a generation, or go on with the one that was begun")
    _add(group, "status", "replaying.status", "list all generations")
    steps = {
        "pause": ("replaying.pause", "build it no further for now"),
        "resume": ("replaying.resume", "go on where it was paused, or where it failed"),
        "cancel": ("replaying.cancel", "give it up, and drop its tables"),
        "compare": ("replaying.compare", "compare its tables with the live ones"),
        "diff": ("replaying.diff", "tell the rows that differ from the live ones"),
        "promote": ("replaying.promote", "have readers see it"),
        "retire": ("replaying.retire", "drop what was live before"),
    }
    for name, (command, words) in steps.items():
        step = _add(group, name, command, words)
        step.add_argument("generation", type=_count, help="its number, as `status` tells it")
        if name == "promote":
            unexplained = "also where tables differ that no changed version explains"
            step.add_argument("--anyway", action="store_true", help=unexplained)
    looks = {
        "why": ("replaying.why", "tell the events behind a row"),
        "step": ("replaying.step", "tell what each event changed in a row"),
    }
    for name, (command, words) in looks.items():
        look = _add(group, name, command, words)
        look.add_argument("table", help="as `compare` tells it, rows.response for example")
        look.add_argument("workspace")
        look.add_argument("row", help="its id, as `diff` tells it")
        look.add_argument("--generation", type=_count, help="whose rules; those of the live one")
    _partly(group)
    _add(group, "rollback", "replaying.rollback", "have readers see what was live before")


def _partly(group: Parsers) -> None:
    words = "derive anew, in the live tables, what some events touch"
    part = _add(group, "partial", "partially.partial", words)
    part.add_argument("--workspace", default="", help="of this workspace alone")
    part.add_argument("--type", action="append", help="of this type; may be repeated")
    part.add_argument("--campaign", default="", metavar="ID", help="that a campaign has")
    part.add_argument("--contact", default="", metavar="ID", help="of a person, merged or not")
    part.add_argument("--from", dest="since", metavar="TIME", help="that happened then or later")
    part.add_argument("--to", dest="until", metavar="TIME", help="that happened before")
    part.add_argument("--position", help="at a place of the log, or a range of places")
    part.add_argument("--plan", action="store_true", help="tell how many there are, no more")
    part.add_argument("--after", default="", metavar="PLACE", help="go on where it was broken off")


def _letters(commands: Parsers) -> None:
    group = _group(commands, "dead-letter", "look at what a projection could not apply")
    _add(group, "list", "letters.list_letters", "list the dead letters that wait")
    words = "show one with its reason"
    _add(group, "show", "letters.show_letter", words).add_argument("letter")
    retry = _add(group, "retry", "letters.retry_letters", "apply one, or all, once more")
    retry.add_argument("letter", nargs="?")
    retry.add_argument("--all", action="store_true", help="all that wait")


def _keeping(commands: Parsers) -> None:
    backup = _add(commands, "backup", "backups.backup", "copy everything, also while a server runs")
    backup.add_argument("target", help="the folder to make; it must not be there yet")
    backup.add_argument(
        "--with-key", action="store_true", help="copy the master key too, if the folder holds it"
    )
    restore = _add(
        commands, "restore", "backups.restore", "fill an empty data folder from a backup"
    )
    restore.add_argument("source", help="a folder that backup made")


def _distributing(commands: Parsers) -> None:
    init = _add(commands, "init", "distributing.init", "make topics and tables, or check them")
    init.add_argument("--topics", action="store_true", help="the topics on Kafka alone")
    words = "take events, and keep them on disk while Kafka is away"
    _process(commands, "collector", "processes.collector", words)
    _process(commands, "api", "processes.api", "serve the management API and the page")
    words = "keep read models up to date, with any number of others"
    worker = _process(commands, "worker", "processes.worker", words)
    worker.add_argument("--sink", choices=(*SINKS, "all"), default="all")
    _process(commands, "relay", "processes.relay", "send decisions and conclusions on to Kafka")
    copy = _add(commands, "copy-log", "distributing.copy_log", "carry the log over to Kafka")
    copy.add_argument(
        "--to-partitions",
        type=_count,
        metavar="N",
        help="not from the data folder, but from Kafka to topics with so many partitions",
    )


def _certifying(commands: Parsers) -> None:
    group = _group(commands, "certificate", "prove why a message was allowed to go out")
    verify = _add(
        group, "verify", "certifying.verify", "check one against the log of a data folder"
    )
    verify.add_argument("file", type=Path, help="as GET /messages/{id}/certificate gave it")
    verify.add_argument("--key", help="the workspace's key, as GET /certificates/key tells it")


def _access(commands: Parsers) -> None:
    workspace = _group(commands, "workspace", "make, list and change workspaces")
    create = _add(workspace, "create", "access.create_workspace", "make a workspace")
    create.add_argument("id", help="its name: small letters, digits and hyphens")
    create.add_argument("--time-zone", default="UTC", help="IANA name, default UTC")
    create.add_argument("--currency", default="EUR", help="base currency, default EUR")
    _add(workspace, "list", "access.list_workspaces", "list the workspaces")
    change = _add(workspace, "update", "access.update_workspace", "change a workspace's settings")
    change.add_argument("id")
    change.add_argument("--time-zone", help="IANA name")
    change.add_argument("--gpc-mode", choices=GPC_MODES, help="what a caller's Sec-GPC does")
    words = "sign tracking addresses with a new key"
    _add(workspace, "rotate-tokens", "access.rotate_tokens", words).add_argument("id")
    words = "list what was done to a workspace and its keys"
    _add(workspace, "acts", "access.list_acts", words).add_argument("id")
    key = _group(commands, "key", "make, list, rotate and revoke API keys")
    create = _add(key, "create", "access.create_key", "make a key and show its secret once")
    create.add_argument("workspace")
    create.add_argument("name", help="the person or system that will use it")
    create.add_argument(
        "--scope", action="append", choices=SCOPES, help="may be repeated, default write"
    )
    _add(key, "list", "access.list_keys", "list a workspace's keys").add_argument("workspace")
    rotate = _add(key, "rotate", "access.rotate_key", "replace a key, and show the secret once")
    rotate.add_argument("workspace")
    rotate.add_argument("key_id")
    rotate.add_argument(
        "--overlap", type=int, default=0, metavar="SECONDS", help="the old key lives on this long"
    )
    revoke = _add(key, "revoke", "access.revoke_key", "refuse a key from now on")
    revoke.add_argument("workspace")
    revoke.add_argument("key_id")


def _importing(commands: Parsers) -> None:
    rows = _add(
        commands, "import", "importing.import_rows", "import the rows of a CSV file as facts"
    )
    rows.add_argument("kind", choices=KINDS, help="what the rows are")
    rows.add_argument("csv", type=Path, metavar="FILE.csv")
    rows.add_argument("--mapping", type=Path, help="which column is which field: TOML, or JSON")
    rows.add_argument("--workspace", help="into this workspace of the data folder")
    rows.add_argument("--url", help="over HTTP to this server, default ANSWERBACK_URL")
    rows.add_argument("--key", help="with this API key, default ANSWERBACK_API_KEY")
    rows.add_argument("--batch", metavar="NAME", help="a name or UUID, default one of the content")
    rows.add_argument(
        "--rejected", type=Path, metavar="FILE", help="where to write rows that are not taken"
    )
    rows.add_argument(
        "--dry-run", action="store_true", help="tell what would happen, write nothing"
    )


def _process(commands: Parsers, name: str, run: str, words: str) -> argparse.ArgumentParser:
    """A command that runs until it is told to end, which is then no failure."""
    command = _add(commands, name, run, words)
    command.set_defaults(interrupted=0)
    return command


def _group(commands: Parsers, name: str, words: str) -> Parsers:
    group = commands.add_parser(name, help=words, description=_sentence(words))
    return group.add_subparsers(required=True, metavar="COMMAND")


def _add(commands: Parsers, name: str, run: str, words: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=_sentence(words)
    )
    command.set_defaults(run=run, interrupted=INTERRUPTED)
    return command


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


if __name__ == "__main__":
    sys.exit(main())
