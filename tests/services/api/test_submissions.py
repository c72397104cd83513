"""A form's submissions over HTTP: listed, accepted after all, asked to confirm."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from events.codec import decode, payload_of
from schemas.catalogue import Topic
from schemas.envelope import Event
from schemas.facts.form import FormSubmitted
from schemas.ids import submission_id
from schemas.instants import to_datetime
from schemas.views import SubmissionView
from services.collector.tokens import Purpose, unpack
from services.parts import Parts
from tests.services.api.caller import Caller, problem
from tests.services.api.fake_reads import FakeReads
from tests.support.records import stored

FORM = {
    "name": "Offer", "redirect_url": "https://shop.example.com/thanks", "double_opt_in": True,
    "fields": [{"name": "email", "kind": "email", "required": True}],
}  # fmt: skip


@pytest.fixture
def form(admin: Caller) -> UUID:
    return UUID(admin.done("/forms", FORM)["form_id"])


def rejected(reads: FakeReads, form: UUID, **more: Any) -> SubmissionView:
    """A submission that the door has turned away."""
    name = submission_id("demo", form, "s-1")
    told: dict[str, Any] = {
        "submission": name, "form_id": form, "submission_id": "s-1", "state": "rejected",
        "reason": "honeypot", "event_id": uuid4(), "visitor_id": None, "asked_at": None,
        "fields": {"email": "Ann@example.com", "website": "x", "country": "de"},
        "occurred_at": to_datetime(1_790_000_000_000), "confirmed_at": None, "test": False,
        "flags": ("gpc",), "hit": {"ip": "192.0.2.0", "user_agent": "Agent"},
        "url": "https://shop.example.com/offer", "utm": {"utm_source": "mail"},
        "share_id": None, "seconds_on_form": "1.5", **more,
    }  # fmt: skip
    view = reads.forms["demo", form, name] = SubmissionView.model_validate(told)
    return view


def facts(parts: Parts) -> list[Event]:
    return [decode(record) for record in stored(parts.log, Topic.FACTS)]


def test_submissions_are_listed_by_state_and_read(
    admin: Caller, reads: FakeReads, form: UUID
) -> None:
    view = rejected(reads, form)
    path = f"/forms/{form}/submissions"
    (row,) = admin.get(path, state="rejected").json()["data"]
    assert (row["reason"], row["fields"]["email"]) == ("honeypot", "Ann@example.com")
    assert admin.get(path, state="confirmed").json()["data"] == []
    assert admin.get(f"{path}/{view.submission}").json()["state"] == "rejected"
    problem(admin.get(path, state="lost"), 400)
    problem(admin.get(path, cursor="rubbish"), 400)
    problem(admin.get(f"{path}/{uuid4()}"), 404)
    problem(admin.get(f"/forms/{uuid4()}/submissions"), 404)


def test_an_accepted_submission_is_one_that_was_sent(
    admin: Caller, reads: FakeReads, parts: Parts, form: UUID
) -> None:
    view = rejected(reads, form)
    path = f"/forms/{form}/submissions/{view.submission}/accept"
    told = admin.done(path)
    assert (told["state"], told["repeated"]) == ("submitted", False)
    (event,) = facts(parts)
    payload = payload_of(event)
    assert isinstance(payload, FormSubmitted)
    assert event.event_id == view.submission
    assert (event.actor, event.causation_id) == ("admin", view.event_id)
    assert (event.occurred_at, event.flags) == (1_790_000_000_000, ("gpc",))
    assert event.subject_id == parts.sealer.hash_of("demo", "ann@example.com")
    assert payload.hit.user_agent == "Agent"
    assert payload.utm == {"utm_source": "mail"}
    sealed: Any = payload.fields
    assert "website" not in parts.sealer.open("demo", sealed)
    assert admin.done(path)["repeated"] is True
    assert len(facts(parts)) == 1


@pytest.mark.parametrize(
    "more", [{"state": "submitted"}, {"fields": None}], ids=["not rejected", "its key is gone"]
)
def test_what_cannot_be_accepted_is_refused(
    admin: Caller, reads: FakeReads, parts: Parts, form: UUID, more: dict[str, Any]
) -> None:
    view = rejected(reads, form, **more)
    problem(admin.post(f"/forms/{form}/submissions/{view.submission}/accept"), 409)
    assert facts(parts) == []


def asked(admin: Caller, form: UUID, name: str = "s-1") -> httpx.Response:
    return admin.post(f"/forms/{form}/confirmations", {"submission_id": name})


def test_a_sender_gets_the_address_that_confirms(admin: Caller, parts: Parts, form: UUID) -> None:
    told = asked(admin, form).json()
    base, _, text = told["confirm_url"].rpartition("/")
    signed = unpack(text)
    assert base == parts.settings.public_url + "/d"
    assert signed is not None
    assert signed.is_genuine(Purpose.CONFIRM, parts.vault.token_keys("demo"))
    assert (signed.token.recipient, signed.token.about) == (form, UUID(told["submission"]))
    assert signed.token.about == submission_id("demo", form, "s-1")
    (event,) = facts(parts)
    assert (event.type, event.subject_id) == ("form.confirmation_sent", told["submission"])
    assert b"token" not in event.data
    again = asked(admin, form).json()
    assert (again["repeated"], again["confirm_url"]) == (True, told["confirm_url"])
    assert len(facts(parts)) == 1


def test_a_form_without_double_opt_in_asks_for_nothing(admin: Caller, parts: Parts) -> None:
    form = UUID(admin.done("/forms", {**FORM, "double_opt_in": False})["form_id"])
    problem(asked(admin, form), 422)
    assert facts(parts) == []


def test_another_workspaces_form_is_unknown(
    admin: Caller, stranger: Caller, reads: FakeReads, parts: Parts, form: UUID
) -> None:
    view = rejected(reads, form)
    problem(stranger.get(f"/forms/{form}/submissions"), 404)
    problem(stranger.get(f"/forms/{form}/submissions/{view.submission}"), 404)
    problem(stranger.post(f"/forms/{form}/submissions/{view.submission}/accept"), 404)
    problem(asked(stranger, form), 404)
    assert facts(parts) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"submission_id": ""},
        {"submission_id": 5},
        {"submission_id": "x" * 201},
        {"submission_id": "s", "x": 1},
    ],
)
def test_rubbish_is_a_problem(admin: Caller, form: UUID, body: Any) -> None:
    problem(admin.post(f"/forms/{form}/confirmations", body), 422)
