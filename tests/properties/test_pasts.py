"""A past equals what was answered then; as of a moment, what later happenings never had touched."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.codec import decode
from events.cursor import Cursor
from events.log import Record, StoredRecord
from projections.reading.reader import StoredReads
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.kpis import KpiQuery
from schemas.views import Past, ResponseFilter
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.slow
MINUTE = 60_000
DAY = 86_400_000
PEOPLE = 3
EXAMPLES = int(os.environ.get("ANSWERBACK_TEST_EXAMPLES", "2"))
Answers = dict[str, Any]


def _history(world: World, steps: list[tuple[int, int, int]]) -> list[Record]:
    start = world.clock() - 40 * DAY
    records: list[Record] = []
    for number in range(PEOPLE):
        records += [c.contact(world, number), *c.sent(world, number, start)]
    for number, kind, minute in steps:
        records += h.HAPPENINGS[kind](world, number, start + minute * MINUTE)
    return list({record.event_id: record for record in records}.values())


def _answers(reads: StoredReads, known_at: str | None = None) -> Answers:
    """What readers are told of everything; without what says when it was told."""
    past = Past(known_at=known_at)
    kpis = reads.kpis(WORKSPACE, KpiQuery(group_by=("campaign", "channel"), known_at=known_at))
    listed = reads.responses(WORKSPACE, ResponseFilter(known_at=known_at), None, 1000)
    people = [c.person(number) for number in range(PEOPLE)]
    journeys = [reads.journey(WORKSPACE, name, past, None, 1000).data for name in people]
    return {"kpis": kpis.data, "responses": _settled(listed.data), "journeys": journeys}


def _settled(views: list[Any]) -> list[Any]:
    return [view.model_dump() for view in views]


STEPS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1), st.integers(0, len(h.HAPPENINGS) - 1), st.integers(0, 50)
    ),
    min_size=10, max_size=40,
)  # fmt: skip
SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 2,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@SETTINGS
@given(steps=STEPS, random=st.randoms(use_true_random=False), parts=st.integers(2, 3))
def test_a_past_equals_what_was_answered_then(steps, random, parts):
    with tempfile.TemporaryDirectory() as name, World(Path(name)) as world:
        reads = world.reads()
        world.append(*h.prepared_world(world))
        world.clock.advance(10_000)
        world.append(*h.planned(world))
        # Contacts first: a journey is asked for by name.
        records = _history(world, steps)
        people = [record for record in records if record.type.startswith("contact.created")]
        rest = [record for record in records if record not in people]
        random.shuffle(rest)
        world.append(*people)
        told: list[tuple[str, Answers]] = []
        for part in range(parts):
            world.append(*rest[part::parts])
            world.run()
            told.append((reads.cursors()["rows"].encode(), _answers(reads)))
        for known_at, answers in told:
            assert _answers(reads, known_at) == answers


@SETTINGS
@given(steps=STEPS, minute=st.integers(0, 50))
def test_a_list_as_of_a_moment_knows_nothing_of_what_happened_later(steps, minute):
    with (
        tempfile.TemporaryDirectory() as name,
        World(Path(name), "whole") as whole,
        World(Path(name), "early") as early,
    ):
        as_of = whole.clock() - 40 * DAY + minute * MINUTE
        for world in (whole, early):
            world.append(*h.prepared_world(world))
            world.clock.advance(10_000)
            world.append(*h.planned(world))
            records = _history(world, steps)
            world.append(*(r for r in records if world is whole or _had_happened(r, as_of, world)))
            world.run()
        asked = ResponseFilter(as_of=as_of)
        listed = whole.reads().responses(WORKSPACE, asked, None, 1000)
        then = early.reads().responses(WORKSPACE, ResponseFilter(), None, 1000)
        assert _settled(listed.data) == _settled(then.data)


def _had_happened(record: Record, as_of: int, world: World) -> bool:
    if record.type.startswith(("contact.", "visitor.")):
        return True
    stored = StoredRecord(
        Position(record.topic, 0, 0), world.clock(), record.key, record.event_id, record.type,
        record.head, record.data,
    )  # fmt: skip
    event = decode(stored)
    decided = event.stream is not None and event.stream.kind in ("response", "lead", "opportunity")
    return (record.topic is Topic.DECISIONS and not decided) or event.occurred_at <= as_of


def test_a_cursor_of_nothing_is_a_past_too(tmp_path):
    with World(tmp_path) as world:
        world.append(*h.prepared_world(world))
        world.run()
        listed = world.reads().responses(
            WORKSPACE, ResponseFilter(known_at=Cursor().encode()), None, 10
        )
        assert listed.data == []
