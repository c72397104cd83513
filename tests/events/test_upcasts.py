"""Old versions are lifted one step at a time, by the codec, in a catalogue of the test's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from events.codec import payload_of
from schemas.catalogue import Catalogue, Topic, event
from schemas.errors import Unreadable
from schemas.payload import Payload
from schemas.upcasts import UPCASTS, Upcasts
from tests.events.test_codec import plain


class First(Payload):
    """As it was: one name."""

    name: str


class Third(Payload):
    """As it is: two names and a count."""

    given: str
    family: str
    count: int


@pytest.fixture
def catalogue() -> Catalogue:
    own = Catalogue()
    event("person.met", origin=Topic.FACTS, version=1, catalogue=own)(First)
    event("person.met", origin=Topic.FACTS, version=3, catalogue=own)(Third)
    return own


@pytest.fixture
def upcasts() -> Upcasts:
    own = Upcasts()

    @own.step("person.met", 1)
    def split(data: dict[str, Any]) -> dict[str, Any]:
        given, family = data["name"].split(" ")
        return {"given": given, "family": family}

    @own.step("person.met", 2)
    def count(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "count": 1}

    return own


def met(version: int, **data: object) -> Any:
    return replace(plain(), type="person.met", schema_version=version, data=orjson.dumps(data))


@pytest.mark.parametrize(
    ("version", "data", "count"),
    [
        (1, {"name": "Ada Lovelace"}, 1),
        (2, {"given": "Ada", "family": "Lovelace"}, 1),
        (3, {"given": "Ada", "family": "Lovelace", "count": 4}, 4),
    ],
)
def test_every_version_becomes_the_newest(
    catalogue: Catalogue, upcasts: Upcasts, version: int, data: dict[str, object], count: int
) -> None:
    payload = payload_of(met(version, **data), catalogue, upcasts)
    assert payload == Third(given="Ada", family="Lovelace", count=count)


def test_unknown_fields_survive_the_way_up(catalogue: Catalogue) -> None:
    own = Upcasts()
    own.step("person.met", 1)(lambda data: {**data, "given": "A", "family": "L"})
    own.step("person.met", 2)(lambda data: {**data, "count": 0})
    payload = payload_of(met(1, name="x", mood="good"), catalogue, own)
    assert payload.model_extra == {"name": "x", "mood": "good"}


def test_a_missing_step_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(Unreadable, match=r"person\.met\.v1"):
        payload_of(met(1, name="Ada Lovelace"), catalogue, Upcasts())


@pytest.mark.parametrize("data", [{}, {"name": "Ada"}, {"name": 7}], ids=repr)
def test_a_step_that_fails_makes_the_event_unreadable(
    catalogue: Catalogue, upcasts: Upcasts, data: dict[str, object]
) -> None:
    with pytest.raises(Unreadable, match="00000000-0000-4000-8000-00000000000a") as caught:
        payload_of(met(1, **data), catalogue, upcasts)
    assert "No upcast" not in str(caught.value)


def test_two_steps_from_one_version_are_a_mistake(upcasts: Upcasts) -> None:
    with pytest.raises(ValueError, match="Two upcasts"):
        upcasts.step("person.met", 1)(lambda data: data)


def test_every_old_version_of_the_catalogue_has_its_steps() -> None:
    from schemas.catalogue import load_all

    catalogue = load_all()
    for entry in catalogue:
        newest = catalogue.newest(entry.name).version
        steps = {version for name, version in UPCASTS.steps() if name == entry.name}
        assert set(range(entry.version, newest)) <= steps, entry.wire
