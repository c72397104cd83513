"""The bank-marketing file and the facts made of it."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

import services.demo
from schemas.catalogue import load_all
from schemas.ids import message_id, named_id
from services.demo.bank import BATCH_ID, CONTACTS, BankRow, parse_rows, read_rows, row_events

ACTIVITY = UUID("00000000-0000-4000-8000-00000000000a")
HEADER = (
    "id,age,job,marital,education,default,balance,housing,loan,contact,day,month,duration,"
    "campaign,pdays,previous,poutcome,y\n"
)


def line(number: int, day: int, month: str, *, contact: str = "cellular", y: str = "no") -> str:
    return (
        f"{number},58,management,married,tertiary,no,2143,yes,no,{contact},{day},{month},261,3,"
        f"-1,0,unknown,{y}\n"
    )


def rows(*lines: str) -> list[BankRow]:
    return list(parse_rows(io.StringIO(HEADER + "".join(lines))))


@pytest.fixture(scope="module")
def whole() -> list[BankRow]:
    return list(read_rows())


def test_year_starts_in_2008_and_rises_when_the_month_falls():
    read = rows(line(1, 5, "may"), line(2, 1, "dec"), line(3, 7, "jan"), line(4, 6, "jan"),
                line(5, 2, "nov"), line(6, 3, "feb"))  # fmt: skip
    assert [r.called_on for r in read] == [
        date(2008, 5, 5), date(2008, 12, 1), date(2009, 1, 7), date(2009, 1, 6),
        date(2009, 11, 2), date(2010, 2, 3),
    ]  # fmt: skip


def test_file_spans_the_campaigns_years(whole):
    assert whole[0].called_on == date(2008, 5, 5)
    assert whole[-1].called_on == date(2010, 11, 17)


def test_totals_equal_the_truths_of_the_readme(whole):
    subscribed = [r for r in whole if r.subscribed]
    assert len(whole) == CONTACTS == 45_211
    assert len(subscribed) == 5_289
    assert sum(r.attempts for r in whole) == 124_956
    assert sum(r.duration_s for r in whole) == 11_671_811
    assert Counter(r.line for r in whole) == {
        "cellular": 29_285, "landline": 2_906, "unknown": 13_020,
    }  # fmt: skip
    assert Counter(r.line for r in subscribed) == {
        "cellular": 4_369, "landline": 390, "unknown": 530,
    }  # fmt: skip
    assert Counter(r.called_on.month for r in whole)[5] == 13_766
    assert Counter(r.called_on.month for r in subscribed)[3] == 248


def test_rows_are_numbered_without_gaps(whole):
    assert [r.number for r in whole] == list(range(1, CONTACTS + 1))


def test_rows_agree_with_a_plain_reading_of_the_file(whole):
    packed = Path(services.demo.__file__).parent / "data" / "bank-marketing.csv.gz"
    with gzip.open(packed, "rt", encoding="ascii") as text:
        plain = list(csv.DictReader(text))
    assert [(r["day"], r["duration"], r["y"] == "yes") for r in plain] == [
        (str(r.called_on.day), str(r.duration_s), r.subscribed) for r in whole
    ]


def test_row_without_subscription_is_a_contact_and_a_call():
    (row,) = rows(line(17, 5, "may", contact="telephone"))
    contact, call = row_events(row, ACTIVITY)
    who = named_id("demo", "bank-marketing", 17)
    assert contact.wire() == {
        "specversion": "1.0",
        "id": "bank-17-contact.created",
        "source": "/demo/bank-marketing",
        "type": "contact.created",
        "time": "2008-05-05T00:00:00Z",
        "subject": f"contact:{who}",
        "precision": "day",
        "batchid": str(BATCH_ID),
        "data": {
            "id": str(who),
            "changes": {
                "attributes": {
                    "age": 58, "balance": 2143, "pdays": -1, "previous": 0, "default": False,
                    "housing": True, "loan": False, "job": "management", "marital": "married",
                    "education": "tertiary", "poutcome": "unknown",
                }
            },
        },
    }  # fmt: skip
    assert call.data == {
        "call_id": "bank-17",
        "direction": "out",
        "from": "sip:telemarketing@bank.invalid",
        "to": "sip:customer-17@bank.invalid",
        "line": "landline",
        "duration_s": 261,
        "attempts": 3,
        "message_id": str(message_id(ACTIVITY, who)),
        "activity_id": str(ACTIVITY),
        "outcome": "not_subscribed",
    }


def test_row_with_subscription_is_also_an_order():
    (row,) = rows(line(17, 5, "may", y="yes"))
    _, call, order = row_events(row, ACTIVITY)
    assert call.data["outcome"] == "subscribed"
    assert order.type == "order.placed"
    assert order.data == {
        "order_id": "bank-17",
        "product_id": "term-deposit",
        "category": "deposit",
        "total": {"amount": "0", "currency": "EUR"},
    }


@pytest.mark.parametrize("y", ["yes", "no"])
def test_row_events_fit_the_catalogue(y):
    catalogue = load_all()
    (row,) = rows(line(17, 5, "may", y=y))
    for event in row_events(row, ACTIVITY):
        catalogue.newest(event.type).model.model_validate(event.data)


def test_event_ids_are_unique_over_the_whole_file(whole):
    ids = [event.id for row in whole for event in row_events(row, ACTIVITY)]
    assert len(ids) == len(set(ids)) == 2 * CONTACTS + 5_289
