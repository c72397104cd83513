"""``answerback bench``: figures beside their ceilings, to be repeated by anyone."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path

from schemas.clock import system_clock, system_random
from schemas.errors import InvalidInput
from services.bench.benches import BENCHES, Bench, by_name
from services.bench.machine import Machine, this_machine
from services.bench.measured import Measured, report, table
from services.bench.mix import load_mix
from services.bench.plan import Plan
from services.commandline.terminal import Terminal


def bench(arguments: Namespace, terminal: Terminal) -> int:
    """Measure, print a table, and write the report where it was asked for."""
    if arguments.list:
        terminal.table([(bench.name, bench.words) for bench in BENCHES])
        return 0
    chosen = by_name(arguments.name or "")
    if not chosen:
        raise InvalidInput("Name a bench, or all; answerback bench --list tells the names.")
    machine = this_machine(system_clock(), Path(tempfile.gettempdir()))
    measured: dict[str, Measured] = {}
    for one in chosen:
        measured[one.name] = _measured(one, arguments, terminal)
        terminal.table(table(measured[one.name].results))
        for remark in measured[one.name].remarks:
            terminal.tell(remark)
    _write(arguments.json, machine, measured)
    return 0


def _measured(bench: Bench, arguments: Namespace, terminal: Terminal) -> Measured:
    terminal.note(f"{bench.name}: {bench.words}")
    with tempfile.TemporaryDirectory(prefix="answerback-bench-") as name:
        return bench.measure(_plan(arguments, Path(name), terminal))


def _plan(arguments: Namespace, folder: Path, terminal: Terminal) -> Plan:
    return Plan(
        mix=load_mix(arguments.mix),
        folder=folder,
        clock=system_clock,
        random=system_random,
        note=terminal.note,
        seconds=arguments.seconds,
        events=arguments.events,
        rounds=arguments.rounds,
        connections=arguments.connections,
        rate=arguments.rate,
        first=arguments.first,
        last=arguments.last,
        full=arguments.full,
    )


def _write(path: Path | None, machine: Machine, measured: dict[str, Measured]) -> None:
    if path is not None:
        path.write_bytes(report(machine.shown(), measured) + b"\n")
