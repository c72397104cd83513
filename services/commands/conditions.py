"""Conditions of rules and goals, checked before they are put in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.catalogue import Topic, load_all
from schemas.errors import Fault, InvalidInput
from schemas.fields import Prop

_SCALARS = (str, int, float, bool)
_TEXT_OPS = ("contains", "starts_with")


def checked_types(types: Iterable[str], pointer: str, origins: Sequence[Topic]) -> None:
    """Raise ``InvalidInput`` for an event type that the catalogue lacks, or that is not allowed."""
    catalogue = load_all()
    for name in types:
        if name not in catalogue:
            detail = f"There is no event type {name[:100]!r}; name one of the catalogue."
            raise InvalidInput(detail, (Fault(pointer, detail),))
        if not catalogue.newest(name).origins.intersection(origins):
            detail = f"Events of type {name!r} cannot be used here."
            raise InvalidInput(detail, (Fault(pointer, detail),))


def checked_props(props: Sequence[Prop], pointer: str) -> None:
    """Raise ``InvalidInput`` for a condition whose value does not fit its operator."""
    faults = [
        Fault(f"{pointer}/{index}/value", fault)
        for index, prop in enumerate(props)
        if (fault := _fault(prop))
    ]
    if faults:
        raise InvalidInput("A condition's value does not fit its operator.", tuple(faults))


def _fault(prop: Prop) -> str | None:
    value = prop.value
    if prop.op in ("is_null", "not_null"):
        return None if value is None else f"Leave the value out with {prop.op!r}."
    if prop.op == "in":
        return None if _scalars(value) else "Give a list of texts, numbers or booleans with 'in'."
    if prop.op == "between":
        fits = _scalars(value) and len(value) == 2
        return None if fits else "Give a list of two values with 'between': both ends."
    if prop.op in _TEXT_OPS:
        return None if isinstance(value, str) else f"Give a text with {prop.op!r}."
    return None if isinstance(value, _SCALARS) else f"Give one value with {prop.op!r}."


def _scalars(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= 1000
        and all(isinstance(item, _SCALARS) for item in value)
    )
