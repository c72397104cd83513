"""What a model found wrong, as faults with JSON Pointers."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from schemas.errors import Fault

MOST = 50


def faults_of(error: ValidationError, at: str = "") -> tuple[Fault, ...]:
    """The faults of a model's validation, under a pointer."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(Fault(at + pointer(e["loc"]), said(e["msg"])) for e in found[:MOST])


def pointer(place: Sequence[object]) -> str:
    """A JSON Pointer to a place."""
    return "".join("/" + _escaped(part) for part in place)


def said(message: str) -> str:
    """A validator's message as a sentence."""
    text = message.removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
