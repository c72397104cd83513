"""Texts as values."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from schemas.ids import named_id
from schemas.instants import Precision, format_instant
from services.importing.cells import Manner, Moment, Reads, read, record_id


def manner(**more: object) -> Manner:
    usual: dict[str, object] = {
        "source": "crm", "decimal": ".", "thousands": "", "time_zone": ZoneInfo("Europe/Warsaw"),
        "formats": (),
    }  # fmt: skip
    return Manner(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "more", "value"),
    [
        ("12", {}, "12"),
        ("-3.50", {}, "-3.50"),
        ("1.250.000,5", {"decimal": ",", "thousands": "."}, "1250000.5"),
        ("1 250", {"thousands": " "}, "1250"),
        ("1\u00a0250,00", {"decimal": ",", "thousands": " "}, "1250.00"),
    ],
)
def test_number_is_read_as_the_file_writes_it(text, more, value):
    assert read(text, Reads.NUMBER, manner(**more)) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "more"),
    [("1,5", {}), ("1.5", {"decimal": ","}), ("NaN", {}), ("1e5", {}), ("", {}), ("٣", {}),
     ("--1", {}), ("inf", {})],
)  # fmt: skip
def test_number_of_another_form_is_not_guessed(text, more):
    with pytest.raises(ValueError, match="is no number"):
        read(text, Reads.NUMBER, manner(**more))


@pytest.mark.parametrize(
    ("text", "formats", "at", "precision"),
    [
        ("2026-10-14", (), "2026-10-14T00:00:00.000Z", Precision.DAY),
        ("2026-10-14 12:30", (), "2026-10-14T10:30:00.000Z", Precision.MINUTE),
        ("2026-10-14T12:30:05", (), "2026-10-14T10:30:05.000Z", Precision.SECOND),
        ("2026-10-14T12:30:05.25Z", (), "2026-10-14T12:30:05.250Z", Precision.MILLISECOND),
        ("2026-10-14T12:30+05:00", (), "2026-10-14T07:30:00.000Z", Precision.MINUTE),
        ("14.10.2026", ("%d.%m.%Y",), "2026-10-14T00:00:00.000Z", Precision.DAY),
        ("14.10.2026 8:05", ("%d.%m.%Y", "%d.%m.%Y %H:%M"), "2026-10-14T06:05:00.000Z",
         Precision.MINUTE),
        # The clocks jump from 2 to 3 on 29 March and pass 2:30 twice on 25 October.
        ("2026-03-29 02:30:00", (), "2026-03-29T01:30:00.000Z", Precision.SECOND),
        ("2026-10-25 02:30:00", (), "2026-10-25T00:30:00.000Z", Precision.SECOND),
    ],
)  # fmt: skip
def test_time_is_read_in_its_zone_and_precision(text, formats, at, precision):
    moment = read(text, Reads.TIME, manner(formats=formats))
    assert isinstance(moment, Moment)
    assert (format_instant(moment.at), moment.precision) == (at, precision)


@pytest.mark.parametrize(
    ("text", "formats"),
    [("14.10.2026", ()), ("2026-13-01", ()), ("2026-02-30", ()), ("20261014", ()), ("now", ()),
     ("2026-10-14", ("%d.%m.%Y",)), ("0001-01-01T00:00:00+14:00", ())],
)  # fmt: skip
def test_time_that_is_none_is_told(text, formats):
    with pytest.raises(ValueError, match="time"):
        read(text, Reads.TIME, manner(formats=formats))


def test_record_has_one_id_in_all_files_of_its_source():
    own = UUID(int=5)
    assert record_id("contact", "crm", "17") == named_id("contact", "crm", "17")
    assert record_id("contact", "crm", str(own)) == own
    assert read("17", Reads.CONTACT, manner()) != read("17", Reads.CONTACT, manner(source="x"))
    assert read("17", Reads.CONTACT, manner()) != read("17", Reads.ACCOUNT, manner())


@pytest.mark.parametrize(
    ("text", "reads"),
    [("x", Reads.UUID), ("1.5", Reads.INTEGER), ("9" * 20, Reads.INTEGER), ("2", Reads.BOOLEAN)],
)
def test_value_of_another_kind_is_told(text, reads):
    with pytest.raises(ValueError, match="is n"):
        read(text, reads, manner())


@pytest.mark.parametrize(("text", "value"), [("Yes", True), ("0", False)])
def test_boolean_has_the_usual_words(text, value):
    assert read(text, Reads.BOOLEAN, manner()) is value
