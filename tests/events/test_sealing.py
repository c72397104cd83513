"""What is personal is stored sealed: always to the same bytes, under its subject's own key."""

from __future__ import annotations

import base64
import copy
from typing import Any
from uuid import UUID

import orjson
import pytest

from events.sealing import Sealer, needs_key
from events.vault import SubjectKey, Vault
from events.vault_memory import MemoryVault
from schemas.catalogue import Catalogue, EventType, Topic, event, load_all
from schemas.errors import InvalidInput
from schemas.fields import Addr, Model, SealedValue
from schemas.payload import Payload
from tests.support.randomness import seeded

CATALOGUE = load_all()
REPLIED = CATALOGUE.newest("email.replied")
CONTACT = CATALOGUE.newest("contact.changed")
CALL = CATALOGUE.newest("call.completed")
CONSENT = CATALOGUE.newest("consent.granted")
ONE = UUID("00000000-0000-4000-8000-000000000001")
TWO = UUID("00000000-0000-4000-8000-000000000002")


@pytest.fixture
def vault() -> Vault:
    return MemoryVault(seeded())


@pytest.fixture
def sealer(vault: Vault) -> Sealer:
    return Sealer(vault)


def key(sealer: Sealer, subject: str = "ann", workspace: str = "demo") -> SubjectKey:
    return sealer.prepare(workspace, [subject])[subject]


def seal(
    sealer: Sealer,
    kind: EventType,
    data: dict[str, Any],
    event_id: UUID = ONE,
    subject: str = "ann",
) -> dict[str, Any]:
    return sealer.seal("demo", kind, event_id, copy.deepcopy(data), key(sealer, subject))


def opened(sealer: Sealer, value: dict[str, Any], workspace: str = "demo") -> Any:
    return sealer.open(workspace, SealedValue.model_validate(value))


def test_a_text_is_sealed_and_opens_again(sealer: Sealer) -> None:
    stored = seal(sealer, REPLIED, {"text": "Ünïcode, please", "thread_id": "t"})
    assert stored["thread_id"] == "t"
    assert set(stored["text"]) == {"$s", "v"}
    assert opened(sealer, stored["text"]) == "Ünïcode, please"


def test_the_sealed_form_is_nonce_and_cipher_text(sealer: Sealer) -> None:
    stored = seal(sealer, REPLIED, {"text": "hello"})
    raw = base64.b64decode(stored["text"]["v"], validate=True)
    assert len(raw) == 12 + len(orjson.dumps("hello")) + 16
    assert stored["text"]["$s"] == key(sealer).id


def test_no_clear_text_is_left(sealer: Sealer) -> None:
    changes = {
        "first_name": "Annabelle", "email": ["annabelle@example.com", "b@example.com"],
        "telephone": "+44 7700 900123", "city": "London",
    }  # fmt: skip
    stored = orjson.dumps(seal(sealer, CONTACT, {"id": "x", "changes": changes})).decode()
    assert "London" in stored
    assert not any(word in stored for word in ("Annabelle", "annabelle", "b@", "7700"))


def test_sealing_again_gives_the_same_bytes(sealer: Sealer) -> None:
    data = {"text": "hello", "address": "ann@example.com"}
    assert seal(sealer, REPLIED, data) == seal(sealer, REPLIED, data)
    other = Sealer(MemoryVault(seeded()))
    assert orjson.dumps(seal(other, REPLIED, data)) == orjson.dumps(seal(sealer, REPLIED, data))


def test_the_order_of_a_maps_fields_does_not_matter(sealer: Sealer) -> None:
    kind = CATALOGUE.newest("form.submitted")
    one, other = ({"fields": {"a": "1", "b": "2"}}, {"fields": {"b": "2", "a": "1"}})
    assert seal(sealer, kind, one) == seal(sealer, kind, other)


def test_another_event_field_text_or_subject_looks_different(sealer: Sealer) -> None:
    base = {"first_name": "Ann", "last_name": "Ann"}
    stored = seal(sealer, CONTACT, {"changes": base})["changes"]
    elsewhere = seal(sealer, CONTACT, {"changes": base}, event_id=TWO)["changes"]
    other = seal(sealer, CONTACT, {"changes": base}, subject="bob")["changes"]
    values = [stored["first_name"], stored["last_name"], elsewhere["first_name"]]
    values += [other["first_name"]]
    assert len({value["v"] for value in values}) == 4
    assert [opened(sealer, value) for value in values] == ["Ann"] * 4


def test_an_address_has_one_hash_however_it_was_typed(sealer: Sealer) -> None:
    one = seal(sealer, REPLIED, {"address": " Ann@Example.com"})["address"]
    other = seal(sealer, REPLIED, {"address": "ann@example.COM"}, subject="bob")["address"]
    assert one["hash"] == other["hash"] == sealer.hash_of("demo", "ann@example.com")
    assert one["sealed"] != other["sealed"]
    assert opened(sealer, one["sealed"]) == " Ann@Example.com"
    assert sealer.hash_of("other", "ann@example.com") != one["hash"]


def test_a_telephone_number_tells_its_country(sealer: Sealer) -> None:
    stored = seal(sealer, CALL, {"from": "+44 20 7946 0000", "to": "sip:desk@bank.invalid"})
    assert stored["from"]["country"] == "GB"
    assert "country" not in stored["to"]


def test_every_address_of_a_list_is_sealed_in_its_place(sealer: Sealer) -> None:
    mails = ["a@example.com", "b@example.com"]
    stored = seal(sealer, CONTACT, {"changes": {"email": mails}})["changes"]["email"]
    assert [opened(sealer, address["sealed"]) for address in stored] == mails
    assert len({address["hash"] for address in stored}) == 2


def test_models_in_lists_are_sealed_too(sealer: Sealer) -> None:
    class Guest(Model):
        mail: Addr | None = None

    class Dinner(Payload):
        guests: tuple[Guest, ...] = ()

    own = Catalogue()
    event("dinner.held", origin=Topic.FACTS, catalogue=own)(Dinner)
    guests = [{"mail": "a@example.com"}, {}, {"mail": None}, {"mail": "b@example.com"}]
    stored = seal(sealer, own.newest("dinner.held"), {"guests": guests})["guests"]
    assert stored[1:3] == [{}, {"mail": None}]
    assert [opened(sealer, stored[n]["mail"]["sealed"]) for n in (0, 3)] == [
        "a@example.com",
        "b@example.com",
    ]


def test_a_hashed_address_keeps_nothing_else(sealer: Sealer) -> None:
    data = {"channel": "email", "address": "ann@example.com"}
    assert not needs_key(CONSENT, data)
    stored = sealer.seal("demo", CONSENT, ONE, data, None)
    assert stored["address"] == sealer.hash_of("demo", "ann@example.com")


def test_emptied_fields_stay_empty(sealer: Sealer) -> None:
    data = {"id": "x", "changes": {"telephone": None, "email": None}}
    assert not needs_key(CONTACT, data)
    assert sealer.seal("demo", CONTACT, ONE, copy.deepcopy(data), None) == data


@pytest.mark.parametrize(
    ("kind", "data", "pointer"),
    [
        (REPLIED, {"address": {"hash": "0" * 64}}, "/address"),
        (REPLIED, {"text": {"$s": "k", "v": "x"}}, "/text"),
        (CALL, {"from": "a", "to": {"hash": "0" * 64}}, "/to"),
        (CONTACT, {"changes": {"email": ["a@b", {"hash": "0" * 64}]}}, "/changes/email/1"),
        (CATALOGUE.newest("form.submitted"), {"fields": {"$s": "k"}}, "/fields"),
    ],
)
def test_sealed_input_is_refused_at_the_door(
    sealer: Sealer, kind: EventType, data: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInput, match="in clear") as caught:
        seal(sealer, kind, data)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_a_destroyed_or_foreign_key_opens_nothing(sealer: Sealer) -> None:
    stored = seal(sealer, REPLIED, {"text": "hello"})["text"]
    assert opened(sealer, stored, workspace="other") is None
    assert opened(sealer, {**stored, "$s": "0" * 24}) is None
    bobs = key(sealer, "bob").id
    assert opened(sealer, {**stored, "$s": bobs}) is None
    assert sealer.open("demo", None) is None


@pytest.mark.parametrize("value", ["", "AAAA", "not base64!", "A" * 40, "é"])
def test_damaged_cipher_text_opens_nothing(sealer: Sealer, value: str) -> None:
    assert opened(sealer, {"$s": key(sealer).id, "v": value}) is None
