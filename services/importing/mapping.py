"""The mapping: which column feeds which field, and how the file writes its values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from schemas.errors import InvalidInput
from services.importing.cells import Manner
from services.importing.kinds import Kind

_LARGEST = 1 << 20


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("Give an IANA name such as Europe/Warsaw") from None
    return name


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """Numbers and booleans of TOML stand for their text: they go the way of any cell."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Zone = Annotated[str, AfterValidator(_zone)]
Plain = Annotated[str, BeforeValidator(_text)]
Separator = Annotated[str, Field(min_length=1, max_length=1)]
Formats = Annotated[tuple[str, ...], Field(max_length=20)]


class Closed(BaseModel):
    """A part of the mapping; what it does not know it refuses, so that a slip is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Closed):
    """Where a field comes from: a column, or a constant; and how its text is to be read."""

    column: str | None = None
    constant: Plain | None = None
    values: dict[str, Plain] | None = None
    default: Plain | None = None
    formats: Formats | None = None
    time_zone: Zone | None = None
    reads: Literal["text", "number", "integer", "boolean"] | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("Name either a column or a constant")
        return self


Source: TypeAlias = Annotated[Column, BeforeValidator(_column)]


class Mapping(Closed):
    """A whole mapping. ``source`` names the system that the file is from; ids are unique in it."""

    kind: Kind | None = None
    source: Annotated[str, Field(min_length=1, max_length=100)] = "csv"
    encoding: str | None = None
    delimiter: Separator | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    time_zone: Zone = "UTC"
    formats: Formats = ()
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    columns: dict[str, Source] = {}

    @model_validator(mode="after")
    def _tells_numbers_apart(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ")
        return self

    def manner(self, column: Column) -> Manner:
        """How the texts of a column are to be read."""
        return Manner(
            source=self.source,
            decimal=self.decimal,
            thousands=self.thousands,
            time_zone=ZoneInfo(column.time_zone or self.time_zone),
            formats=self.formats if column.formats is None else column.formats,
        )

    def with_header(self, header: Iterable[str], fields: Iterable[str]) -> Mapping:
        """The mapping itself, or where it names no columns, one from headers that are fields."""
        if self.columns:
            return self
        known = frozenset(fields)
        own = {n: Column(column=n) for n in header if n in known or n.startswith("attributes.")}
        return self.model_copy(update={"columns": own})


def read_mapping(path: Path | None, kind: Kind) -> Mapping:
    """The mapping of a file, TOML or JSON by its name. Raises ``InvalidInput``."""
    if path is None:
        return Mapping(kind=kind)
    raw = path.read_bytes()
    if len(raw) > _LARGEST:
        raise InvalidInput(f"{path} has more than {_LARGEST:,} bytes: that is no mapping.")
    try:
        said = orjson.loads(raw) if path.suffix.lower() == ".json" else tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.") from error
    if isinstance(said, dict) and isinstance(said.get("columns"), dict):
        said["columns"] = dict(_flat(said["columns"]))
    try:
        mapping = Mapping.model_validate(said)
    except ValidationError as error:
        raise InvalidInput(f"{path}: {_explained(error)}") from None
    if mapping.kind not in (None, kind):
        raise InvalidInput(f"{path} is a mapping of {mapping.kind}, not of {kind}.")
    return mapping


def _flat(columns: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """``attributes.size = "Size"`` is a table in TOML; here it is one name."""
    for name, value in columns.items():
        if name == "attributes" and isinstance(value, dict):
            yield from ((f"attributes.{inner}", source) for inner, source in value.items())
        else:
            yield name, value


def _explained(error: ValidationError) -> str:
    """The first thing that is wrong, with its place."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in fault["loc"])
    words = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {words}." if place else f"{words}."
