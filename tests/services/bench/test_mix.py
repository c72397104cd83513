"""Mixes of events: read from files, and made the same in every run."""

from __future__ import annotations

import orjson
import pytest

from schemas.catalogue import load_all
from schemas.errors import SettingsInvalid
from schemas.instants import Instant
from services.bench.happenings import Happenings, block_count
from services.bench.mix import load_mix, mix_names
from services.bench.stamps import BLOCK, REQUEST, stamped
from services.collector.cloudevent import read_event

NOW = Instant(1_760_000_000_000)


@pytest.mark.parametrize("name", [*mix_names()])
def test_every_mix_makes_the_events_it_weighs_and_all_are_valid(name):
    mix = load_mix(name)
    events = Happenings(mix, NOW).batch(3000)
    assert {event["type"] for event in events} == set(mix.weights)
    for event in events:
        told = read_event(event)
        load_all().newest(told.type).model.model_validate(told.data)


def test_happenings_are_the_same_in_every_run():
    mix = load_mix("traffic")
    assert Happenings(mix, NOW).batch(500) == Happenings(mix, NOW).batch(500)


def test_stamped_makes_other_events_of_a_template_and_keeps_its_length():
    mix = load_mix("traffic")
    template = orjson.dumps(Happenings(mix, NOW).batch())
    first, second = (stamped(template, number, block_count(mix)) for number in (1, 2))
    assert len(first) == len(second) == len(template)
    assert REQUEST.encode() not in first
    assert BLOCK.encode() not in first
    ids = [event["id"] for body in (first, second) for event in orjson.loads(body)]
    assert len(set(ids)) == 200


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"email.sent"', '"campaign.launched"', "no types of facts"),
        ('"email.sent"', '"email.flown"', "no types of facts"),
        ("people = 500", "people = 0", "people"),
        ("people = 500", "crowd = 500", "crowd"),
        ("[shapes]", "[shapes", "cannot be read"),
    ],
)
def test_load_mix_says_what_is_wrong_with_a_file(small_mix, old, new, said):
    small_mix.write_text(small_mix.read_text().replace(old, new))
    with pytest.raises(SettingsInvalid, match=said):
        load_mix(str(small_mix))


def test_load_mix_names_the_mixes_there_are_for_an_unknown_one():
    with pytest.raises(SettingsInvalid, match="mails, responses, traffic"):
        load_mix("weather")


def test_happenings_refuse_a_type_that_they_have_no_shape_for(small_mix):
    small_mix.write_text(small_mix.read_text().replace('"email.sent"', '"webinar.left"'))
    with pytest.raises(SettingsInvalid, match=r"webinar\.left"):
        Happenings(load_mix(str(small_mix)), NOW)
