"""From payload to envelope: keyed by the first name the request gives, the data canonical."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from events.codec import encode
from events.compose import Composer, Draft
from events.sealing import Sealer
from events.vault_memory import MemoryVault
from schemas.catalogue import EventType, Topic, load_all
from schemas.envelope import Envelope, Stream
from schemas.errors import InvalidInput
from schemas.instants import Instant
from tests.support import golden
from tests.support.clock import MORNING, SettableClock
from tests.support.randomness import seeded

CATALOGUE = load_all()
EVENT = UUID("00000000-0000-4000-8000-0000000000ee")
RECIPIENT = UUID("00000000-0000-4000-8000-0000000000aa")
CONTACT = UUID("00000000-0000-4000-8000-0000000000cc")
VISITOR = UUID("00000000-0000-4000-8000-0000000000dd")
MESSAGE = "00000000-0000-4000-8000-00000000000a"
SUBJECT = Stream("contact", str(CONTACT))


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(MemoryVault(seeded()))


@pytest.fixture
def composer(sealer: Sealer, clock: SettableClock) -> Composer:
    return Composer(sealer, clock)


def draft(event_type: str, data: dict[str, Any], **more: Any) -> Draft:
    kind = CATALOGUE.newest(event_type)
    return Draft(
        kind=kind,
        topic=min(kind.origins),
        workspace="demo",
        producer="test",
        event_id=EVENT,
        payload=kind.model.model_validate_json(orjson.dumps(data)),
        received_at=Instant(MORNING),
        **more,
    )


def delivered(address: str | None = "ann@example.com", **more: Any) -> Draft:
    data = {"message_id": MESSAGE, "provider": "p"}
    return draft("email.delivered", data | ({"address": address} if address else {}), **more)


def key(composer: Composer, some: Draft) -> str:
    (envelope,) = composer.compose([some])
    assert envelope.key == f"demo:{envelope.subject_id}"
    return envelope.subject_id


def test_key_is_the_first_that_applies(composer: Composer, sealer: Sealer) -> None:
    everything = delivered(recipient=RECIPIENT, subject=SUBJECT, visitor_id=VISITOR)
    hashed = sealer.hash_of("demo", "ann@example.com")
    assert key(composer, everything) == str(RECIPIENT)
    assert key(composer, replace(everything, recipient=None)) == str(CONTACT)
    assert key(composer, replace(everything, recipient=None, subject=None)) == hashed
    assert key(composer, delivered(None, visitor_id=VISITOR)) == str(VISITOR)
    assert key(composer, delivered(None)) == str(EVENT)


def test_key_is_the_record_a_payload_is_about(composer: Composer) -> None:
    changed = draft("contact.changed", {"id": str(CONTACT)}, visitor_id=VISITOR)
    assert key(composer, changed) == str(CONTACT)
    won = draft("opportunity.created", {
        "opportunity_id": str(EVENT), "customer": {"kind": "account", "id": str(CONTACT)},
    })  # fmt: skip
    assert key(composer, won) == str(CONTACT)


def test_key_of_an_identified_visitor_is_the_visitor(composer: Composer) -> None:
    data = {
        "visitor_id": str(VISITOR), "subject": {"kind": "contact", "id": str(CONTACT)},
        "evidence": "form", "confidence": "1",
    }  # fmt: skip
    assert key(composer, draft("visitor.identified", data)) == str(VISITOR)


def test_key_of_a_call_is_its_far_end(composer: Composer, sealer: Sealer) -> None:
    ends = {"call_id": "c", "from": "+447700900123", "to": "+442079460000"}
    coming = draft("call.started", {**ends, "direction": "in"})
    going = draft("call.started", {**ends, "direction": "out"})
    assert key(composer, coming) == sealer.hash_of("demo", "+447700900123")
    assert key(composer, going) == sealer.hash_of("demo", "+442079460000")


@pytest.mark.parametrize("withheld", ["", "  "])
def test_a_withheld_number_names_nobody(composer: Composer, withheld: str) -> None:
    data = {"call_id": "c", "direction": "in", "from": withheld, "to": "+442079460000"}
    assert key(composer, draft("call.started", data)) == str(EVENT)


def test_a_visitor_may_be_named_as_subject_or_in_the_payload(composer: Composer) -> None:
    page = {"visitor_id": str(VISITOR), "url": "https://example.com/", "hit": {}}
    assert key(composer, draft("page.viewed", page)) == str(VISITOR)
    as_subject = delivered(None, subject=Stream("visitor", str(VISITOR)))
    assert key(composer, as_subject) == str(VISITOR)


def test_the_address_goes_before_the_visitor(composer: Composer, sealer: Sealer) -> None:
    captured = {
        "response_id": str(EVENT), "campaign_id": str(EVENT), "subject": "s", "type": "form",
        "channel": "web_form", "source": "manual", "email": "ann@example.com",
        "visitor_id": str(VISITOR),
    }  # fmt: skip
    expected = sealer.hash_of("demo", "ann@example.com")
    assert key(composer, draft("response.captured", captured)) == expected
    visit = delivered(visitor_id=VISITOR, subject=Stream("visitor", str(VISITOR)))
    assert key(composer, visit) == expected


def test_a_named_key_overrides_all(composer: Composer) -> None:
    assert key(composer, delivered(key_name="fixed before", recipient=RECIPIENT)) == "fixed before"


def test_workspace_events_are_keyed_by_the_workspace(composer: Composer) -> None:
    data = {"registry": "link", "entry_id": "0" * 16, "changes": {}}
    assert key(composer, draft("registry.changed", data)) == ""


def test_aggregates_need_their_key_named(composer: Composer) -> None:
    created = draft("campaign.created", {"name": "n", "kind": "standard", "currency": "EUR"})
    with pytest.raises(ValueError, match=r"campaign\.created\.v1 needs its key"):
        composer.compose([created])
    assert key(composer, replace(created, key_name="c-1")) == "c-1"


def test_the_same_request_is_the_same_record(sealer: Sealer, clock: SettableClock) -> None:
    some = draft("email.replied", {
        "provider": "p", "provider_message_id": "m", "thread_id": "t", "text": "hello",
        "address": "ann@example.com",
    })  # fmt: skip
    records = []
    for _ in range(2):
        (envelope,) = Composer(sealer, clock).compose([some])
        records.append(encode(envelope))
        clock.advance(1000)
    assert records[0] == records[1]


def test_reference_events_become_effective_five_seconds_later(
    composer: Composer, clock: SettableClock
) -> None:
    data = {"registry": "link", "entry_id": "0" * 16, "changes": {}}
    (envelope,) = composer.compose([draft("registry.changed", data)])
    assert envelope.effective_at == clock.now + 5000
    (fact,) = composer.compose([delivered()])
    assert fact.effective_at is None


def stored(composer: Composer, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    (envelope,) = composer.compose([draft(event_type, data)])
    found = orjson.loads(envelope.data)
    assert isinstance(found, dict)
    return found


def test_stored_data_are_canonical_and_keep_what_nobody_knows(composer: Composer) -> None:
    data = {
        "order_id": "o", "product_id": "p", "category": "c",
        "total": {"amount": "1E+3", "currency": "EUR"}, "mood": ["good", None],
    }  # fmt: skip
    found = stored(composer, "order.placed", data)
    assert found["total"] == {"amount": "1000", "currency": "EUR", "rate": "1"}
    assert found["mood"] == ["good", None]
    assert "address" not in found


def test_a_null_among_changes_is_kept_and_an_absent_one_is_not_made_up(composer: Composer) -> None:
    changes = {"telephone": None, "city": "Łódź", "attributes": {"age": None}}
    found = stored(composer, "contact.changed", {"id": str(CONTACT), "changes": changes})
    assert found["changes"] == changes


def test_a_batch_is_composed_in_order_with_a_key_per_subject(composer: Composer) -> None:
    some = [delivered(f"{n}@example.com") for n in range(5)] + [delivered(None)]
    envelopes = composer.compose(some)
    assert len({e.key for e in envelopes}) == 6
    keys = [orjson.loads(e.data)["address"]["sealed"]["$s"] for e in envelopes[:5]]
    assert len(set(keys)) == 5
    assert composer.compose([]) == []


def test_sealed_input_is_refused_before_anything_is_stored(composer: Composer) -> None:
    kind = CATALOGUE.newest("email.delivered")
    data = {"message_id": MESSAGE, "provider": "p", "address": {"hash": "0" * 64}}
    sealed = replace(delivered(), payload=kind.model.model_validate(data))
    with pytest.raises(InvalidInput):
        composer.compose([sealed])


def test_all_attributes_of_a_draft_reach_the_envelope(composer: Composer) -> None:
    more: dict[str, Any] = {
        "time": Instant(1), "source_time": "t", "subject": SUBJECT, "visitor_id": VISITOR,
        "stream": Stream("a", "b"), "version": 3, "external_id": "e", "source_seq": 4,
        "actor": "a", "causation_id": EVENT, "correlation_id": EVENT, "traceparent": "tp",
        "batch_id": EVENT, "campaign_id": EVENT, "flags": ("expired",), "test": True,
    }  # fmt: skip
    (envelope,) = composer.compose([delivered(**more)])
    assert isinstance(envelope, Envelope)
    assert {name: getattr(envelope, name) for name in more} == more
    assert (envelope.type, envelope.schema_version) == ("email.delivered", 1)
    assert envelope.topic is Topic.FACTS


@pytest.mark.parametrize("kind", list(CATALOGUE), ids=lambda kind: kind.wire)
def test_records_are_the_encoded_envelopes(composer: Composer, kind: EventType) -> None:
    some = [golden.draft(kind)]
    assert composer.records(some) == [encode(envelope) for envelope in composer.compose(some)]
