"""Whether a JSON Schema still takes everything that another one took.

What the log holds is read by today's models for ever, so a version of an event type may only become
wider: new optional fields, more values, looser bounds. Anything else is a new version, with a step
in ``upcasts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_UPPER = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_LOWER = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_FIXED = ("type", "pattern", "format", "multipleOf", "uniqueItems")


def breaks(before: Schema, after: Schema) -> list[str]:
    """What ``after`` would no longer take, or no longer know, of what ``before`` did.

    Each line begins with the place, as a path of names. An empty list is compatible.
    """
    return list(_Walk(before, after).compared(before, after, ""))


class _Walk:
    """Compares place by place; references lead into the definitions of their own schema."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before
        self._after = after
        self._seen: set[tuple[str, str]] = set()

    def compared(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        here = (str(before.get("$ref", "")), str(after.get("$ref", "")))
        if all(here):
            if here in self._seen:
                return  # a definition that contains itself
            self._seen.add(here)
        before, after = _resolved(self._before, before), _resolved(self._after, after)
        if "anyOf" in before or "anyOf" in after:
            yield from self._choices(before, after, path)
            return
        yield from _values(before, after, path)
        yield from _bounds(before, after, path)
        yield from self._properties(before, after, path)
        yield from self._inner(before, after, path)

    def _choices(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        choices = after.get("anyOf", [after])
        for choice in before.get("anyOf", [before]):
            found = [list(self.compared(choice, other, path)) for other in choices]
            if all(found):
                yield from min(found, key=len)

    def _properties(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        old, new = before.get("properties", {}), after.get("properties", {})
        for name, schema in old.items():
            place = f"{path}/{name}"
            if name in new:
                yield from self.compared(schema, new[name], place)
            else:
                yield f"{place} is gone"
        for name in after.get("required", []):
            if name not in before.get("required", []):
                yield f"{path}/{name} is required now"

    def _inner(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        for name in ("items", "additionalProperties"):
            old, new = before.get(name, True), after.get(name, True)
            if isinstance(new, Mapping):
                yield from self.compared(old if isinstance(old, Mapping) else {}, new, f"{path}/*")
            elif new is False and old is not False:
                yield f"{path} takes no other {name} any more"


def _resolved(whole: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = whole["$defs"][str(reference).removeprefix("#/$defs/")]
    return found


def _values(before: Schema, after: Schema, path: str) -> Iterator[str]:
    for name in _FIXED:
        if name in after and after[name] != before.get(name):
            yield f"{path} has another {name}: {after[name]}, not {before.get(name, 'any')}"
    new = _listed(after)
    if new is None:
        return
    old = _listed(before)
    gone = ["any"] if old is None else sorted(map(str, old - new))
    if gone:
        yield f"{path} no longer takes {', '.join(gone)}"


def _listed(schema: Schema) -> frozenset[Any] | None:
    """The only values a schema takes, if it lists them."""
    if "const" in schema:
        return frozenset((schema["const"],))
    return frozenset(schema["enum"]) if "enum" in schema else None


def _bounds(before: Schema, after: Schema, path: str) -> Iterator[str]:
    for name in _UPPER:
        if name in after and (name not in before or after[name] < before[name]):
            yield f"{path} has a lower {name}: {after[name]}, not {before.get(name, 'none')}"
    for name in _LOWER:
        if name in after and (name not in before or after[name] > before[name]):
            yield f"{path} has a higher {name}: {after[name]}, not {before.get(name, 'none')}"
