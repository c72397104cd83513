"""The bank-marketing file: its rows, their dates, and the facts each row stands for."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import IO, Any
from uuid import UUID

from schemas.ids import message_id, named_id
from services.importing.cloudevent import CloudEvent

CONTACTS = 45_211
FIRST_YEAR = 2008
SOURCE = "/demo/bank-marketing"
PRODUCT = "term-deposit"
BATCH_ID = named_id("demo", "bank-marketing", "batch")
CALLER = "sip:telemarketing@bank.invalid"  # the file names no numbers; .invalid says so

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LINES = {"cellular": "cellular", "telephone": "landline", "unknown": "unknown"}
_NUMBERS = ("age", "balance", "pdays", "previous")
_FLAGS = ("default", "housing", "loan")
_WORDS = ("job", "marital", "education", "poutcome")


@dataclass(frozen=True, slots=True)
class BankRow:
    """One customer, with the campaign's last call to them."""

    number: int
    called_on: date
    line: str
    duration_s: int
    attempts: int
    subscribed: bool
    attributes: dict[str, Any]

    @property
    def contact_id(self) -> UUID:
        """The customer's record."""
        return contact_id(self.number)


def contact_id(number: int) -> UUID:
    """The record of the customer in a row."""
    return named_id("demo", "bank-marketing", number)


def read_rows() -> Iterator[BankRow]:
    """The rows of the file that comes with the package, in its order."""
    packed = files("services.demo").joinpath("data", "bank-marketing.csv.gz")
    with packed.open("rb") as raw, gzip.open(raw, "rt", encoding="ascii", newline="") as text:
        yield from parse_rows(text)


def parse_rows(text: IO[str]) -> Iterator[BankRow]:
    """The rows of a file of this form."""
    year, month_before = FIRST_YEAR, 0
    for record in csv.DictReader(text):
        month = _MONTHS.index(record["month"]) + 1
        year += month < month_before  # the file has no years, but its rows are in order
        month_before = month
        yield _row(record, date(year, month, int(record["day"])))


def _row(record: Mapping[str, str], called_on: date) -> BankRow:
    attributes: dict[str, Any] = {name: int(record[name]) for name in _NUMBERS}
    attributes |= {name: record[name] == "yes" for name in _FLAGS}
    attributes |= {name: record[name] for name in _WORDS}
    return BankRow(
        number=int(record["id"]),
        called_on=called_on,
        line=_LINES[record["contact"]],
        duration_s=int(record["duration"]),
        attempts=int(record["campaign"]),
        subscribed=record["y"] == "yes",
        attributes=attributes,
    )


def row_events(row: BankRow, activity_id: UUID) -> Iterator[CloudEvent]:
    """The facts a row stands for: a contact, the last call with its count, perhaps an order."""
    contact = row.contact_id
    yield _fact(row, contact, "contact.created", {
        "id": str(contact), "changes": {"attributes": row.attributes},
    })  # fmt: skip
    yield _fact(row, contact, "call.completed", {
        "call_id": f"bank-{row.number}",
        "direction": "out",
        "from": CALLER,
        "to": f"sip:customer-{row.number}@bank.invalid",
        "line": row.line,
        "duration_s": row.duration_s,
        "attempts": row.attempts,
        "message_id": str(message_id(activity_id, contact)),
        "activity_id": str(activity_id),
        "outcome": "subscribed" if row.subscribed else "not_subscribed",
    })  # fmt: skip
    if row.subscribed:
        yield _fact(row, contact, "order.placed", {
            "order_id": f"bank-{row.number}",
            "product_id": PRODUCT,
            "category": "deposit",
            "total": {"amount": "0", "currency": "EUR"},  # the file tells no amounts
        })  # fmt: skip


def _fact(row: BankRow, contact: UUID, kind: str, data: dict[str, Any]) -> CloudEvent:
    return CloudEvent(
        id=f"bank-{row.number}-{kind}",
        source=SOURCE,
        type=kind,
        time=f"{row.called_on.isoformat()}T00:00:00Z",
        data=data,
        subject=f"contact:{contact}",
        precision="day",
        batch=BATCH_ID,
    )
