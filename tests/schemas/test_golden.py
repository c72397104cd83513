"""Bytes once written are read for ever, and today's code still writes the same.

A type without an example or a golden file fails here: give it an example in
``tests/support/examples.py`` and run ``python -m tests.support.golden --write-missing``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from events.codec import content_digest, encode, payload_of, to_stored
from schemas.catalogue import EventType, load_all
from tests.support.examples import EXAMPLES
from tests.support.golden import FOLDER, Golden, made

CATALOGUE = load_all()
ENTRIES = list(CATALOGUE)
NEWEST = [kind for kind in ENTRIES if CATALOGUE.newest(kind.name) == kind]
FILES = sorted(FOLDER.glob("*.json"))


def by_name(kind: EventType) -> str:
    return kind.wire


def by_stem(path: Path) -> str:
    return path.stem


def test_every_type_has_an_example_and_every_version_a_golden_file() -> None:
    assert set(EXAMPLES) == {kind.name for kind in ENTRIES}
    assert {path.stem for path in FILES} == {kind.wire for kind in ENTRIES}


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_golden_record_is_read_and_written_back_byte_for_byte(path: Path) -> None:
    golden = Golden.read(path)
    assert golden.type == path.stem
    event = golden.event()
    assert to_stored(replace(event)) == golden.stored()  # without the head it was read from
    assert Golden.of(encode(event)) == golden
    assert content_digest(event.type, event.data).hex() == golden.digest


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_golden_record_becomes_the_newest_payload(path: Path) -> None:
    event = Golden.read(path).event()
    assert type(payload_of(event)) is CATALOGUE.newest(event.type).model


@pytest.mark.parametrize("kind", NEWEST, ids=by_name)
def test_the_example_makes_the_golden_bytes(kind: EventType) -> None:
    assert Golden.of(made(kind)) == Golden.read(FOLDER / f"{kind.wire}.json")


@pytest.mark.parametrize("kind", NEWEST, ids=by_name)
def test_the_example_says_nothing_in_clear_that_is_to_be_sealed(kind: EventType) -> None:
    data = made(kind).data.decode()
    if kind.sealed:
        assert not any(word in data for word in ("Zofia", "zofia", "900123", "7946 0018"))


@pytest.mark.parametrize("kind", NEWEST, ids=by_name)
def test_the_example_fills_every_field_that_is_sealed(kind: EventType) -> None:
    stored = orjson.loads(made(kind).data)
    optional = {"fax", "telephone"}
    for marked in kind.sealed:
        node = stored
        for step in marked.path:
            if step in optional and node.get(step) is None:
                break
            node = node[0] if step == "*" else node[step]
        else:
            assert node, marked.path
