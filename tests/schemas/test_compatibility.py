"""No version of an event type may take less than it did when it was first shipped."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import load_all
from schemas.compatibility import breaks
from tests.support.shipped import read_shipped

NOW = load_all().json_schemas()
SHIPPED = read_shipped()


def test_every_version_that_was_shipped_is_still_there_and_every_new_one_is_noted() -> None:
    assert SHIPPED.keys() == NOW.keys(), (
        "Run python -m tests.support.shipped --write-missing for new ones; old ones stay for ever."
    )


@pytest.mark.parametrize("wire", sorted(SHIPPED))
def test_what_was_taken_when_it_was_shipped_is_taken_now(wire: str) -> None:
    assert breaks(SHIPPED[wire], NOW[wire]) == [], "Declare another version: see docs/events.md."


class Part(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class Before(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str = Field(max_length=10)
    kind: Literal["a", "b"]
    size: int | None = None
    count: int = Field(0, ge=0)
    parts: list[Part] = []
    texts: dict[str, str] = {}


def changed(**fields: Any) -> type[BaseModel]:
    """The model with other fields; ``None`` takes one away."""
    annotations: dict[str, Any] = {
        "id": str, "kind": Literal["a", "b"], "size": int | None, "count": int,
        "parts": list[Part], "texts": dict[str, str],
    }  # fmt: skip
    values: dict[str, Any] = {
        "id": Field(max_length=10), "size": None, "count": Field(0, ge=0), "parts": [], "texts": {},
    }  # fmt: skip
    for name, told in fields.items():
        annotations.pop(name, None)
        values.pop(name, None)
        if told is not None:
            annotations[name], *default = told
            if default:
                values[name] = default[0]
    content = {"__annotations__": annotations, "__module__": __name__, **values}
    return type("Before", (BaseModel,), {"model_config": ConfigDict(extra="allow"), **content})


class Wider(Part):
    more: str = ""


class Narrower(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z]+$")


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"more": (str, "")}, {"more": (int | None, None)}, {"id": (str, Field(max_length=20))},
        {"id": (str,)}, {"kind": (Literal["a", "b", "c"],)}, {"kind": (str,)},
        {"id": (str | int, Field(max_length=10))}, {"count": (int, 5)},
        {"parts": (list[Wider], [])},
    ],
    ids=str,
)  # fmt: skip
def test_a_schema_may_take_more(fields: dict[str, Any]) -> None:
    assert breaks(Before.model_json_schema(), changed(**fields).model_json_schema()) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"size": None}, "/size is gone"),
        ({"more": (str,)}, "/more is required now"),
        ({"size": (int | None,)}, "/size is required now"),
        ({"id": (int,)}, "/id has another type: integer, not string"),
        ({"id": (str, Field(max_length=5))}, "/id has a lower maxLength: 5, not 10"),
        ({"count": (int, Field(0, ge=1))}, "/count has a higher minimum: 1, not 0"),
        ({"count": (int, Field(0, ge=0, le=9))}, "/count has a lower maximum: 9, not none"),
        ({"kind": (Literal["a"],)}, "/kind no longer takes b"),
        ({"id": (Literal["a"],)}, "/id no longer takes any"),
        ({"size": (int, 0)}, "/size has another type: integer, not null"),
        ({"parts": (list[Narrower], [])}, "/parts/*/name has another pattern: ^[a-z]+$, not any"),
        ({"parts": (list[Narrower], [])}, "/parts/* takes no other additionalProperties any more"),
        ({"texts": (dict[str, int], {})}, "/texts/* has another type: integer, not string"),
    ],
    ids=str,
)
def test_whatever_a_schema_no_longer_takes_is_told(fields: dict[str, Any], told: str) -> None:
    assert told in breaks(Before.model_json_schema(), changed(**fields).model_json_schema())
