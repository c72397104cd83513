"""The small types: what they take, what they refuse, and the one form they are written in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.facts.contact import ContactChanges, ContactTold
from schemas.facts.email import EmailDelivered, EmailReplied
from schemas.facts.form import FormSubmitted
from schemas.facts.page import AssetDownloaded
from schemas.fields import Hit, Model, Money, Ref, Timestamp

ID = "00000000-0000-4000-8000-00000000000a"


def money(amount: object, rate: object = "1") -> Money:
    return Money.model_validate_json(
        orjson.dumps({"amount": amount, "currency": "EUR", "rate": rate})
    )


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("12.50", "12.50"),
        (12.5, "12.5"),
        (12, "12"),
        ("-3", "-3"),
        ("1E+3", "1000"),
        ("1e-4", "0.0001"),
    ],
)
def test_an_amount_is_written_without_an_exponent(amount: object, written: str) -> None:
    assert orjson.loads(money(amount).model_dump_json())["amount"] == written


@pytest.mark.parametrize(
    "amount",
    ["NaN", "Infinity", "-Infinity", "1e400", "0.00001", "1" * 19, "", "ten", None, [], True],
)
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        money(amount)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1e-11"])
def test_a_rate_is_positive_and_of_ten_decimals(rate: str) -> None:
    with pytest.raises(ValidationError):
        money("1", rate)


@given(st.decimals(-(10**13), 10**13, places=4))
def test_an_amount_is_never_a_float(amount: Decimal) -> None:
    written = orjson.loads(money(str(amount)).model_dump_json())["amount"]
    assert Decimal(written) == amount


def test_money_in_base_is_exact() -> None:
    assert money("0.10", "1.1").in_base == Decimal("0.110")


@pytest.mark.parametrize("currency", ["eur", "EURO", "EU", "€", ""])
def test_a_currency_has_three_capitals(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": "1", "currency": currency})


class Moment(Model):
    """A model with a time."""

    at: Timestamp


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "2026-10-14T17:46:40.123Z"])
def test_a_time_is_written_as_it_is_read(text: str) -> None:
    written = orjson.loads(Moment(at=text).model_dump_json())["at"]
    assert orjson.loads(Moment(at=written).model_dump_json())["at"] == written
    assert written[:10] == text[:10]


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-01:00", "noon", "2026-10-14T17:46:40"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Moment(at=text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"asn": "9" * 40},
        {"asn": -1},
        {"user_agent": "x" * 1025},
        {"headers": {str(n): "x" for n in range(33)}},
        {"headers": {"x": "y" * 513}},
        {"method": "x" * 17},
    ],
    ids=["number", "negative", "agent", "headers", "header", "method"],
)
def test_a_hit_is_bounded(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hit.model_validate(wrong)


@pytest.mark.parametrize("number", [str(2**63), "-" + "9" * 40, 2**63])
def test_whole_numbers_are_those_that_can_be_stored(number: object) -> None:
    data = {"literature_id": ID, "document_version": number, "hit": {}}
    with pytest.raises(ValidationError):
        AssetDownloaded.model_validate(data)


@pytest.mark.parametrize("seconds", ["1e999", "NaN", "-1", "99999999"])
def test_seconds_on_a_form_are_bounded(seconds: str) -> None:
    data = {
        "form_id": ID, "url": "https://example.com/", "hit": {}, "submission_id": "s",
        "fields": {}, "seconds_on_form": seconds,
    }  # fmt: skip
    with pytest.raises(ValidationError, match="seconds_on_form"):
        FormSubmitted.model_validate(data)


def test_models_keep_what_they_do_not_know_and_cannot_be_changed() -> None:
    ref = Ref.model_validate({"kind": "contact", "id": ID, "mood": "good"})
    assert ref.model_extra == {"mood": "good"}
    assert str(ref) == f"contact:{ID}"
    with pytest.raises(ValidationError):
        ref.id = UUID(int=0)


def test_a_notice_names_its_message() -> None:
    with pytest.raises(ValidationError, match="Name the message"):
        EmailDelivered.model_validate({"provider": "p"})
    with pytest.raises(ValidationError, match="needs provider"):
        EmailReplied.model_validate({"provider_message_id": "m", "thread_id": "t", "text": "x"})
    by_theirs = EmailDelivered.model_validate({"provider": "p", "provider_message_id": "m"})
    assert by_theirs.message_id is None


def test_changes_tell_emptied_from_unchanged() -> None:
    said = ContactChanges.model_validate({"telephone": None, "city": "Łódź", "nick": None})
    written = {"telephone": None, "city": "Łódź", "nick": None}
    assert said.model_dump(mode="json", exclude_none=True) == written
    assert ContactChanges.model_validate(written) == said
    assert ContactTold.model_validate({"id": ID}).model_dump(exclude_none=True)["changes"] == {}
