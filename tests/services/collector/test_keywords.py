from __future__ import annotations

from typing import Any

import pytest

from events.codec import payload_of
from schemas.facts.consent import ConsentEntry
from schemas.facts.sms import SmsReceived
from schemas.ids import event_id, named_id
from services.collector.keywords import keyword_of
from tests.services.collector.site import RECIPIENT, Site, cloud_event
from tests.support.parts import register

CAMPAIGN = "66666666-6666-4666-8666-666666666666"
NUMBER = "+447700900123"


def text(words: str, **more: Any) -> dict[str, Any]:
    data = {"provider_message_id": "m-1", "from": NUMBER, "to": "+447700900998", "text": words}
    return cloud_event("sms-1", "sms.received", data={**data, **more})


def received(site: Site) -> SmsReceived:
    (event,) = (e for e in site.events() if e.type == "sms.received")
    payload = payload_of(event)
    assert isinstance(payload, SmsReceived)
    return payload


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("STOP", "stop"), (" stop\n", "stop"), ("Opt-Out", "stop"), ("td", "stop"),
        ("arret", "stop"), ("Yes", "start"), ("unstop", "start"), ("info", "help"),
        ("please stop", None), ("stop it", None), ("stop.", None), ("", None), ("no", None),
    ],
)  # fmt: skip
def test_keyword_of_takes_only_the_whole_message(words: str, kind: str | None) -> None:
    assert keyword_of(words) == kind


@pytest.mark.parametrize("told", [{}, {"keyword": "none"}])
def test_a_stop_word_withdraws_the_consent_beside_the_fact(
    site: Site, told: dict[str, str]
) -> None:
    assert site.send(text(" Stop ", **told)).json()["accepted"] == 1
    assert received(site).keyword == "stop"
    fact, entry = sorted(site.events(), key=lambda e: e.type, reverse=True)
    consent = payload_of(entry)
    assert isinstance(consent, ConsentEntry)
    assert entry.type == "consent.withdrawn"
    assert entry.event_id == named_id(event_id("demo", "writer", "sms-1"), "consent")
    assert entry.key == fact.key
    assert entry.causation_id == fact.event_id
    assert (consent.channel, consent.purpose) == ("sms", "marketing")
    assert consent.address == site.parts.sealer.hash_of("demo", NUMBER)


def test_a_start_word_grants_it_again(site: Site) -> None:
    site.send(text("START"))
    assert {event.type for event in site.events()} == {"sms.received", "consent.granted"}


def test_the_keyword_that_the_provider_tells_stands(site: Site) -> None:
    site.send(text("halt!", keyword="stop"))
    assert {event.type for event in site.events()} == {"sms.received", "consent.withdrawn"}


def test_a_repeat_stores_neither_again(site: Site) -> None:
    for _ in range(2):
        receipt = site.send(text("stop")).json()
    assert (receipt["accepted"], receipt["duplicates"]) == (0, 1)
    assert len(site.events()) == 2


def test_the_entry_has_the_recipients_key_where_one_is_named(site: Site) -> None:
    site.send(text("stop", ab_recipient=str(RECIPIENT)))
    assert {event.key for event in site.events()} == {f"demo:{RECIPIENT}"}


@pytest.mark.parametrize(
    ("words", "told", "keyword", "word"),
    [
        ("Spring yes please", {}, "campaign", "spring"),
        ('"SPRING" please', {"keyword": "none"}, "campaign", "spring"),
        ("WINTER offer", {"keyword": "campaign"}, "campaign", "winter"),
        ("springtime", {}, "none", None),
        ("is it spring", {}, "none", None),
        ("spring", {"keyword": "help"}, "help", None),
        ("", {}, "none", None),
    ],
)
def test_a_campaigns_word_is_noted_in_clear(
    site: Site, words: str, told: dict[str, str], keyword: str, word: str | None
) -> None:
    register(site.parts, "keyword", {"keyword": "spring", "campaign_id": CAMPAIGN})
    assert site.send(text(words, **told)).json()["accepted"] == 1
    assert (received(site).keyword, received(site).campaign_keyword) == (keyword, word)


@pytest.mark.parametrize("wrong", [None, 5, ["stop"]])
def test_a_text_that_is_none_is_pointed_at(site: Site, wrong: Any) -> None:
    (one,) = site.send(text("x", text=wrong)).json()["rejected"]
    assert "/data/text" in {error["pointer"] for error in one["errors"]}


def test_a_stop_from_a_withheld_number_is_stored_without_an_entry(site: Site) -> None:
    assert site.send(text("stop", **{"from": ""})).json()["accepted"] == 1
    assert site.event().type == "sms.received"
