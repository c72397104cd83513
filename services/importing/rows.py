"""The rows of a whole file: each made a fact, or told what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import orjson
from pydantic import ValidationError

from schemas.catalogue import load_all
from services.collector.faults import faults_of
from services.importing.cloudevent import CloudEvent
from services.importing.facts import Facts
from services.importing.plan import Plan, Told
from services.importing.seen import Seen
from services.importing.table import Line, Table

LARGEST_EVENT = 64 << 10  # what a server takes unless its settings say otherwise
_HINTS = {
    "country": "Give a code of two capital letters, such as PL.",
    "currency": "Give a code of three capital letters, such as EUR; one for the whole file may"
    " stand as currency in the mapping.",
}


class State(StrEnum):
    """What a row is, as far as the file alone tells."""

    READY = "ready"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Row:
    """A row, with its fact as it goes over the wire if it is ready."""

    line: Line
    state: State
    reason: str = ""
    wire: bytes = b""


class Rows:
    """Reads a table once."""

    def __init__(self, table: Table, plan: Plan, facts: Facts) -> None:
        self._table = table
        self._plan = plan
        self._facts = facts
        self._seen = Seen()
        self._types = load_all()
        self._places = {f.place: f.name for f in (*plan.recipe.fields, *plan.fields()) if f.place}

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, self._table.lines())

    def _row(self, line: Line) -> Row:
        if line.fault:
            return Row(line, State.WRONG, line.fault)
        values, told = self._plan.values(line.cells)
        event = None
        if not told:
            event, told = self._facts.make(values)
        if event is not None:
            told = self._checked(event)
        if event is None or told:
            return Row(line, State.WRONG, " ".join(map(self._worded, told)))
        return self._first(line, event)

    def _first(self, line: Line, event: CloudEvent) -> Row:
        wire = orjson.dumps(event.wire())
        if len(wire) > LARGEST_EVENT:
            words = f"The row makes an event of {len(wire):,} bytes; {LARGEST_EVENT:,} are taken."
            return Row(line, State.WRONG, words)
        content = orjson.dumps([event.type, event.data], option=orjson.OPT_SORT_KEYS)
        same = self._seen.note(event.id, content)
        if same is None:
            return Row(line, State.READY, wire=wire)
        if same:
            return Row(line, State.DUPLICATE)
        words = "An earlier row of the file has the same id and says something else: keep one."
        return Row(line, State.CONFLICT, words)

    def _checked(self, event: CloudEvent) -> list[Told]:
        try:
            self._types.newest(event.type).model.model_validate(event.data)
        except ValidationError as error:
            return [Told(self._field(f.pointer), f.detail) for f in faults_of(error, event.data)]
        return []

    def _field(self, pointer: str) -> str:
        """The field that feeds a place of the data, or the place itself."""
        while pointer and pointer not in self._places:
            pointer = pointer.rpartition("/")[0]
        return self._places.get(pointer, "")

    def _worded(self, told: Told) -> str:
        words = f"{told.words} {_HINTS.get(told.field, '')}".strip()
        return f"{self._plan.place(told.field)}: {words}" if told.field else words
