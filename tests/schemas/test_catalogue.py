"""The catalogue against a copy of the specification's table."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import pytest
from pydantic import Field

import schemas.decisions
import schemas.derived
import schemas.facts
from schemas.catalogue import (
    Catalogue,
    EventType,
    KeyRule,
    SealedPath,
    Topic,
    event,
    load_all,
)
from schemas.channels import CHANNELS, channel_of
from schemas.errors import UnknownEventType
from schemas.fields import Addr, Mark, Model, SealedText
from schemas.payload import Payload

TOPIC_OF = {"F": Topic.FACTS, "D": Topic.DECISIONS, "P": Topic.DERIVED}
LINES = (Path(__file__).parent / "catalogue.txt").read_text().splitlines()[1:]
SPECIFIED = {
    name: (frozenset(TOPIC_OF[letter] for letter in letters), KeyRule(key))
    for name, *letters, key in (line.split() for line in LINES)
}
CATALOGUE = load_all()
ENTRIES = list(CATALOGUE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.wire)
def test_type_has_the_origins_and_the_key_of_the_specification(entry: EventType) -> None:
    assert (entry.origins, entry.key) == SPECIFIED[entry.name]


@pytest.mark.parametrize(
    "package", [schemas.facts, schemas.decisions, schemas.derived], ids=lambda p: p.__name__
)
def test_every_file_of_event_types_is_loaded(package: object) -> None:
    models = {entry.model for entry in ENTRIES}
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        assert any(model.__module__ == module.__name__ for model in models), found.name


def test_reference_events_are_those_that_rule_38_names() -> None:
    families = ("campaign.", "activity.", "audience.", "definition.", "registry.")
    for entry in ENTRIES:
        assert entry.reference == entry.name.startswith(families), entry.wire


def test_streams_belong_to_decisions_and_to_what_concludes_on_them() -> None:
    for entry in ENTRIES:
        if entry.stream is not None:
            assert entry.origins & {Topic.DECISIONS, Topic.DERIVED}, entry.wire


def test_every_type_has_a_json_schema_that_is_open() -> None:
    exported = CATALOGUE.json_schemas()
    assert set(exported) == {entry.wire for entry in ENTRIES}
    for wire, schema in exported.items():
        assert schema["title"] == wire
        assert schema["additionalProperties"] is True
        orjson.dumps(schema)


def test_journal_columns_name_fields_of_the_payload() -> None:
    for entry in ENTRIES:
        names = {field.alias or name for name, field in entry.model.model_fields.items()}
        assert set(entry.model.JOURNAL.values()) <= names, entry.wire


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("call.completed", "phone"),
        ("webinar.left", "event"),
        ("form.submitted", "web_form"),
        ("page.viewed", "web_click"),
        ("link.clicked", "web_click"),
        ("asset.downloaded", "web_click"),
        ("email.opened", "email"),
        ("sms.received", "sms"),
        ("qr.scanned", "qr"),
        ("contact.created", ""),
        ("campaign.created", ""),
    ],
)
def test_channel_follows_from_the_type(name: str, channel: str) -> None:
    assert channel_of(name) == channel
    assert channel == "" or channel in CHANNELS


@pytest.mark.parametrize("name", ["", "email", "email.opened.v1", "x" * 500])
def test_an_unknown_type_is_refused(name: str) -> None:
    assert name not in CATALOGUE
    with pytest.raises(UnknownEventType) as caught:
        CATALOGUE.newest(name)
    assert len(str(caught.value)) < 200


def test_newest_is_the_highest_version_in_whatever_order() -> None:
    own = Catalogue()
    for version in (2, 10, 1):
        event("thing.done", origin=Topic.FACTS, version=version, catalogue=own)(Payload)
    assert own.newest("thing.done").version == 10
    assert own.by_wire("thing.done.v2").version == 2
    with pytest.raises(UnknownEventType):
        own.by_wire("thing.done.v3")


def test_a_type_cannot_be_declared_twice() -> None:
    own = Catalogue()
    event("thing.done", origin=Topic.FACTS, catalogue=own)(Payload)
    with pytest.raises(ValueError, match="declared twice"):
        event("thing.done", origin=Topic.FACTS, catalogue=own)(Payload)


def test_sealed_paths_lead_into_nested_models_and_lists() -> None:
    class Person(Model):
        mail: Addr | None = None

    class Meeting(Payload):
        id: UUID
        title: SealedText = Field(alias="name")
        chair: Person | None = None
        guests: tuple[Person, ...] = ()
        copies: Annotated[tuple[Addr, ...], Field(max_length=3)] = ()

    own = Catalogue()
    event("meeting.held", origin=Topic.FACTS, catalogue=own)(Meeting)
    assert set(own.newest("meeting.held").sealed) == {
        SealedPath(("name",), Mark.SEALED),
        SealedPath(("chair", "mail"), Mark.ADDRESS),
        SealedPath(("guests", "*", "mail"), Mark.ADDRESS),
        SealedPath(("copies", "*"), Mark.ADDRESS),
    }
