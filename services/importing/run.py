"""One import from its file to its outcome, from the beginning or from where it broke off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from uuid import UUID

from schemas.clock import Clock
from schemas.errors import AnswerbackError, InvalidInput
from schemas.ids import named_id
from services.importing.client import Receipt
from services.importing.facts import Facts
from services.importing.fields import RECIPES
from services.importing.kinds import Kind
from services.importing.mapping import Mapping
from services.importing.notebook import Answered, Done, Notebook, Notes
from services.importing.plan import Plan
from services.importing.progress import Progress
from services.importing.rejects import Rejects
from services.importing.report import Outcome
from services.importing.rows import Row, Rows, State
from services.importing.shipment import Carrier, Group, Shipment, groups
from services.importing.table import Measure, Table, measure

SAVE_EVERY = 1_000  # milliseconds; to the disk and back costs as much as sending a group
_CONFLICT = "Stored already under the same id, with other content; what is stored stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be imported, and how. ``target`` names where to, for the notes."""

    kind: Kind
    csv: Path
    mapping: Mapping
    batch: str | None
    rejected: Path | None
    target: str
    dry_run: bool


class Import:
    """Runs a job. ``stop`` is what the carrier's waiting ends with."""

    def __init__(
        self, job: Job, carry: Carrier, stop: threading.Event, out: TextIO, clock: Clock
    ) -> None:
        self._job = job
        self._carry = carry
        self._stop = stop
        self._out = out
        self._clock = clock
        self._measure = measure(job.csv)
        self.batch = batch_id(job, self._measure)
        mapping = job.mapping.model_dump_json()
        parts = (self._measure.digest, mapping, str(self.batch), job.kind, job.target)
        self._notebook = Notebook(job.csv, *parts)
        self._saved = 0

    def run(self) -> Outcome:
        """Import, going on where an earlier run broke off. Raises any ``AnswerbackError``."""
        if self._job.dry_run:
            return self._all(Notes(name=""))[1]
        notes = self._notebook.read()
        known, outcome = self._all(notes)
        if not known:
            # The server lacks what the notes say it has, as one that was set up anew does.
            _, outcome = self._all(self._notebook.forget())
        self._notebook.forget()
        return outcome

    def _all(self, notes: Notes) -> tuple[bool, Outcome]:
        """One pass over the file; False as soon as the notes prove to be wrong."""
        job = self._job
        with _opened(job) as table:
            plan = Plan(RECIPES[job.kind], job.mapping, table.header)
            facts = Facts(plan.recipe, plan.mapping, self.batch, self._clock())
            rejects = Rejects(job.rejected, table)
            outcome = Outcome(unused=plan.unused(table.header))
            try:
                known = self._pass(Rows(table, plan, facts), notes, rejects, outcome)
            finally:
                outcome.rejected = rejects.close()
        return known, outcome

    def _pass(self, rows: Rows, notes: Notes, rejects: Rejects, outcome: Outcome) -> bool:
        settle = _Settling(notes, rejects, outcome)
        label = "Checking" if self._job.dry_run else "Importing"
        progress = Progress(
            f"{label} {self._job.csv.name}", self._measure.rows, 0, self._out, self._clock
        )
        with Shipment(self._take) as shipment:
            try:
                for group, receipt in self._answered(rows, shipment, notes.done):
                    if group is None:
                        return False
                    settle(group, receipt)
                    progress.advance(len(group.rows))
                    self._save(notes)
            except (KeyboardInterrupt, AnswerbackError):
                self._stop.set()
                try:
                    with suppress(AnswerbackError, CancelledError):
                        for group, receipt in shipment.rest():
                            settle(group, receipt)
                finally:
                    self._save(notes, at_once=True)
                raise
        progress.finish(outcome.rows)
        return True

    def _answered(
        self, rows: Rows, shipment: Shipment, done: Done
    ) -> Iterator[tuple[Group | None, Receipt | None]]:
        """Every group in order. Those that are done are not sent, but one of them is asked about:
        where the server does not know it, the notes are wrong, and no group is answered."""
        for group in groups(iter(rows)):
            if group.number >= done.groups:
                yield from shipment.send(group)
                continue
            if group.number == done.proof and self._carry(group, dry_run=True).accepted:
                yield None, None
            yield group, None
        yield from shipment.rest()

    def _take(self, group: Group) -> Receipt:
        return self._carry(group, dry_run=self._job.dry_run)

    def _save(self, notes: Notes, *, at_once: bool = False) -> None:
        now = self._clock()
        if not self._job.dry_run and (at_once or now - self._saved >= SAVE_EVERY):
            self._notebook.save(notes)
            self._saved = now


class _Settling:
    """Books what became of each group: in the notes, the outcome, the file of rejected rows."""

    def __init__(self, notes: Notes, rejects: Rejects, outcome: Outcome) -> None:
        self._notes = notes
        self._rejects = rejects
        self._outcome = outcome

    def __call__(self, group: Group, receipt: Receipt | None) -> None:
        """Book a group; without a receipt it is one that the notes know.

        The notes hold no gap: after one that Ctrl-C has made, groups are sent again.
        """
        if receipt is not None and group.number == self._notes.done.groups:
            self._note(group, receipt)
        for row in group.rows:
            self._book(row)

    def _note(self, group: Group, receipt: Receipt) -> None:
        notes, ready = self._notes, group.ready
        for index in receipt.conflicted:
            number = ready[index].line.number
            notes.answered[number] = Answered(conflict=True, reason=_CONFLICT)
        for told in receipt.rejected:
            number = ready[int(told["index"])].line.number
            notes.answered[number] = Answered(conflict=False, reason=_reason(told))
        done = notes.done
        # In one piece: Ctrl-C may come between any two of these lines.
        notes.done = Done(
            groups=group.number + 1,
            proof=group.number if ready else done.proof,
            accepted=done.accepted + receipt.accepted,
            duplicates=done.duplicates + receipt.duplicates - len(receipt.conflicted),
        )

    def _book(self, row: Row) -> None:
        outcome, done = self._outcome, self._notes.done
        outcome.accepted, outcome.duplicates = done.accepted, done.duplicates
        outcome.rows += 1
        answered = self._notes.answered.get(row.line.number)
        if row.state is State.DUPLICATE:
            outcome.repeated += 1
        elif row.state is State.CONFLICT or (answered and answered.conflict):
            outcome.conflicts += 1
        elif row.state is State.WRONG or answered:
            outcome.wrong += 1
        reason = answered.reason if answered else row.reason
        if reason:
            outcome.tell(row.line.number, reason)
            self._rejects.add(row.line, reason)


def batch_id(job: Job, content: Measure) -> UUID:
    """The batch that every fact of the import carries: the one named, else one of this content."""
    if job.batch is None:
        return named_id("import", job.kind, content.digest)
    try:
        return UUID(job.batch)
    except ValueError:
        return named_id("import-batch", job.batch)


@contextmanager
def _opened(job: Job) -> Iterator[Table]:
    if job.rejected is not None and job.rejected.resolve() == job.csv.resolve():
        raise InvalidInput("The rejected rows cannot go into the very file that is imported.")
    table = Table(job.csv, job.mapping.encoding, job.mapping.delimiter)
    try:
        yield table
    finally:
        table.close()


def nowhere(group: Group, *, dry_run: bool) -> Receipt:
    """Carry a group to no server: all that is right would be accepted."""
    return Receipt(accepted=len(group.ready), duplicates=0, rejected=[])


def _reason(told: dict[str, object]) -> str:
    return str(told.get("detail") or told.get("reason"))
