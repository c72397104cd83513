"""Answers that are good until the tables move."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from projections.reading.remembered import Remembered
from schemas.kpis import KpiQuery
from tests.support import campaign as c
from tests.support.world import WORKSPACE


def test_an_answer_is_computed_once_however_many_ask():
    known, computed, go = Remembered(10), [], Event()

    def compute():
        computed.append(1)
        assert go.wait(10)
        return "answer"

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(known.answer, "question", compute) for _ in range(4)]
        go.set()
        assert [one.result(10) for one in asked] == ["answer"] * 4
    assert computed == [1]


def test_what_could_not_be_computed_is_tried_again():
    known = Remembered(10)
    with pytest.raises(ZeroDivisionError):
        known.answer("question", lambda: 1 / 0)
    assert known.answer("question", lambda: 2) == 2


def test_the_oldest_answers_are_forgotten():
    known = Remembered(2)
    for question in range(3):
        known.answer(question, lambda: "first")
    assert known.answer(2, lambda: "second") == "first"
    assert known.answer(0, lambda: "second") == "second"


def test_kpis_are_counted_again_when_a_step_has_moved_the_tables(world):
    at = world.clock() - 86_400_000
    world.append(*c.planned(world), *c.sent(world, 0, at))
    world.run()
    reads, query = world.reads(), KpiQuery(campaign_id=c.CAMPAIGN, only=("open_rate",))
    first = reads.kpis(WORKSPACE, query)
    assert reads.kpis(WORKSPACE, query) is first
    assert reads.kpis("other", query) is not first
    world.append(c.opened(world, 0, at + 60_000))
    world.run()
    (group,) = reads.kpis(WORKSPACE, query).data
    assert (group.kpis["open_rate"].numerator, group.kpis["open_rate"].denominator) == (1, 1)
