"""The mapping laid over a file's header: for every field the place of its column in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import InvalidInput
from services.importing.cells import Manner, Reads, read
from services.importing.fields import Field, Recipe
from services.importing.mapping import Column, Mapping


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong with a field of a row, with the column it comes from."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """How one field is got out of a row."""

    field: Field
    reads: Reads
    manner: Manner
    column: Column
    index: int | None

    def value(self, cells: Sequence[str]) -> Any:
        """The value, None where there is none. Raises ``ValueError``."""
        text = (self.column.constant or "") if self.index is None else cells[self.index].strip()
        if self.column.values is not None and text in self.column.values:
            text = self.column.values[text]
        text = text or self.column.default or ""
        return read(text, self.reads, self.manner) if text else None


class Plan:
    """How a file's rows are read. Raises ``InvalidInput`` for a mapping that does not fit it."""

    def __init__(self, recipe: Recipe, mapping: Mapping, header: Sequence[str]) -> None:
        self.recipe = recipe
        self.mapping = mapping.with_header(header, (field.name for field in recipe.fields))
        self._cells = tuple(self._each(header))
        given = {cell.field.name for cell in self._cells}
        missing = [f.name for f in recipe.fields if f.required and f.name not in given]
        if missing:
            raise InvalidInput(
                f"No column is given for {', '.join(missing)} of {recipe.kind}. The file's columns"
                f" are {', '.join(name for name in header if name)}: name the right ones under"
                " columns in the mapping."
            )

    def values(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[Told]]:
        """A row's values by field, and what cannot be read."""
        values: dict[str, Any] = {}
        told: list[Told] = []
        for cell in self._cells:
            try:
                value = cell.value(cells)
            except ValueError as error:
                told.append(Told(cell.field.name, f"{error}."))
                continue
            if value is not None:
                values[cell.field.name] = value
            elif cell.field.required:
                told.append(Told(cell.field.name, "It is empty: fill it in."))
        return values, told

    def fields(self) -> Iterator[Field]:
        """The fields that the file feeds."""
        return (cell.field for cell in self._cells)

    def unused(self, header: Sequence[str]) -> list[str]:
        """The columns that feed no field."""
        used = {cell.index for cell in self._cells}
        return [name for place, name in enumerate(header) if name and place not in used]

    def place(self, field: str) -> str:
        """A field as the file's user knows it: by its column."""
        column = self.mapping.columns.get(field)
        if column is None or column.column is None:
            return f"field {field}"
        return f"column {column.column}"

    def _each(self, header: Sequence[str]) -> Iterator[Cell]:
        for name, column in self.mapping.columns.items():
            field = self.recipe.field(name)
            if field is None:
                known = ", ".join(f.name for f in self.recipe.fields)
                raise InvalidInput(
                    f"columns.{name} in the mapping is no field of {self.recipe.kind}; the fields"
                    f" are {known}."
                )
            if column.column is not None and column.column not in header:
                raise InvalidInput(
                    f"columns.{name} in the mapping names the column {column.column!r}, which the"
                    f" file does not have; it has {', '.join(n for n in header if n)}."
                )
            index = None if column.column is None else header.index(column.column)
            reads = Reads(column.reads) if column.reads else field.reads
            yield Cell(field, reads, self.mapping.manner(column), column, index)
