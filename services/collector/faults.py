"""What pydantic finds wrong, as pointers into what the sender sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import Fault

_MOST = 20


def faults_of(error: ValidationError, data: Any, at: str = "") -> tuple[Fault, ...]:
    """One fault per place, the first that was found there; never with the value itself."""
    found: dict[str, Fault] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        pointer = at + "".join(_steps(detail, data))
        found.setdefault(pointer, Fault(pointer, detail["msg"] + "."))
    return tuple(found.values())[:_MOST]


def _steps(detail: ErrorDetails, data: Any) -> Iterator[str]:
    """The error's location without the names of the branches of a union, which nobody sent."""
    last = len(detail["loc"]) - 1
    for place, step in enumerate(detail["loc"]):
        if _leads_on(data, step):
            data = data[step]
        elif not (place == last and detail["type"] == "missing"):
            continue
        yield "/" + escaped(str(step))


def _leads_on(data: Any, step: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, dict) and step in data


def escaped(name: str) -> str:
    """A name as a JSON Pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1")
