"""The registry of event types: (type, version) -> model, complete when this module is imported.

To add an event type, write its model with ``@event`` in a file of ``facts``, ``decisions`` or
``derived``. Nothing else needs to know.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from schemas.channels import channel_of
from schemas.errors import UnknownEventType
from schemas.fields import Mark
from schemas.payload import Payload


class Topic(StrEnum):
    """Where events lie: what came from outside, what was decided, what was concluded."""

    FACTS = "answerback.facts.v1"
    DECISIONS = "answerback.decisions.v1"
    DERIVED = "answerback.derived.v1"

    # The text's own, which is worked out once; that of enums is a call of Python for each look-up.
    __hash__ = str.__hash__


class KeyRule(StrEnum):
    """What an event is keyed by, after the workspace (section 4 of the domain specification)."""

    SUBJECT = "S"
    CAMPAIGN = "C"
    LIST = "L"
    DEFINITION = "X"
    WORKSPACE = "T"


@dataclass(frozen=True, slots=True)
class SealedPath:
    """A marked field of a payload: ``*`` in the path stands for every item of a list."""

    path: tuple[str, ...]
    mark: Mark


@dataclass(frozen=True)  # without slots, so that what follows from the name is worked out once
class EventType:
    """One version of one type, with all that the rest of the program needs to know of it."""

    name: str
    version: int
    origins: frozenset[Topic]
    key: KeyRule
    model: type[Payload]
    reference: bool
    stream: str | None
    sealed: tuple[SealedPath, ...]

    @cached_property
    def wire(self) -> str:
        """The type as records carry it, e.g. ``email.clicked.v1``."""
        return f"{self.name}.v{self.version}"

    @cached_property
    def channel(self) -> str:
        """The channel of its events; empty where the type has none."""
        return channel_of(self.name)


class Catalogue:
    """All event types by name and version."""

    def __init__(self) -> None:
        self._by_wire: dict[str, EventType] = {}
        self._newest: dict[str, EventType] = {}

    def add(self, entry: EventType) -> None:
        """Enter a type; entering the same (type, version) twice is a programming error."""
        if entry.wire in self._by_wire:
            raise ValueError(f"Event type {entry.wire} is declared twice.")
        self._by_wire[entry.wire] = entry
        known = self._newest.get(entry.name)
        if known is None or known.version < entry.version:
            self._newest[entry.name] = entry

    def newest(self, name: str) -> EventType:
        """The newest version of a type. Raises ``UnknownEventType``."""
        try:
            return self._newest[name]
        except KeyError:
            raise UnknownEventType(f"There is no event type {name[:100]!r}.") from None

    def by_wire(self, wire: str) -> EventType:
        """The very version that a record names. Raises ``UnknownEventType``."""
        try:
            return self._by_wire[wire]
        except KeyError:
            raise UnknownEventType(f"There is no event type {wire[:100]!r}.") from None

    def __contains__(self, name: str) -> bool:
        return name in self._newest

    def __iter__(self) -> Iterator[EventType]:
        return iter(sorted(self._by_wire.values(), key=lambda entry: entry.wire))

    def json_schemas(self) -> dict[str, dict[str, Any]]:
        """JSON Schema of every (type, version), open content model, by wire name."""
        return {e.wire: {**e.model.model_json_schema(), "title": e.wire} for e in self}


CATALOGUE = Catalogue()
P = TypeVar("P", bound=type[Payload])


def event(
    *names: str,
    origin: Topic | tuple[Topic, ...],
    key: KeyRule = KeyRule.SUBJECT,
    version: int = 1,
    stream: str | None = None,
    reference: bool = False,
    catalogue: Catalogue = CATALOGUE,
) -> Callable[[P], P]:
    """Declare a model as the payload of one or more event types.

    ``stream`` is the kind of aggregate whose versioned stream the decisions belong to;
    ``reference`` marks what every worker reads and what carries ``effective_at`` (R38).
    """
    origins = frozenset((origin,) if isinstance(origin, Topic) else origin)

    def declare(model: P) -> P:
        sealed = tuple(_sealed_paths(model))
        for name in names:
            catalogue.add(EventType(name, version, origins, key, model, reference, stream, sealed))
        return model

    return declare


def _sealed_paths(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[SealedPath]:
    for name, field in model.model_fields.items():
        path = (*at, field.alias or name)
        stars = ("*",) if "tuple" in str(field.annotation) else ()
        marks = [m for m in field.metadata if isinstance(m, Mark)]
        marks += [m for m in _nested_marks(field.annotation) if not marks]
        if marks:
            yield SealedPath((*path, *stars), marks[0])
            continue
        for inner in _models_in(field.annotation):
            yield from _sealed_paths(inner, (*path, *stars))


def _nested_marks(annotation: Any) -> list[Mark]:
    found = [m for m in getattr(annotation, "__metadata__", ()) if isinstance(m, Mark)]
    for argument in get_args(annotation):
        found += _nested_marks(argument)
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


@cache
def load_all() -> Catalogue:
    """Import every file that declares event types, and answer the complete catalogue."""
    for name in ("schemas.facts", "schemas.decisions", "schemas.derived"):
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__, name + "."):
            importlib.import_module(module.name)
    return CATALOGUE
