"""Rows as facts: what each kind becomes, and what is told of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from schemas.ids import message_id, named_id
from schemas.instants import parse_instant
from services.importing.facts import Facts
from services.importing.fields import RECIPES
from services.importing.kinds import Kind
from services.importing.mapping import Mapping
from services.importing.plan import Plan
from services.importing.rows import Row, Rows, State
from services.importing.table import Table

BATCH = UUID(int=9)
CAMPAIGN = str(UUID(int=1))
ACTIVITY = str(UUID(int=2))
CONTENT = str(UUID(int=3))
NOW = parse_instant("2026-10-14T12:00:00Z")
WHO = named_id("contact", "csv", "K-1")


def rows_of(folder: Path, kind: Kind, *lines: str, **said: Any) -> list[Row]:
    path = folder / "file.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    table = Table(path, None, None)
    plan = Plan(RECIPES[kind], Mapping(**said), table.header)
    rows = list(Rows(table, plan, Facts(plan.recipe, plan.mapping, BATCH, NOW)))
    table.close()
    return rows


def event_of(folder: Path, kind: Kind, header: str, line: str, **said: Any) -> dict[str, Any]:
    (row,) = rows_of(folder, kind, header, line, **said)
    assert row.reason == ""
    return dict(orjson.loads(row.wire))


def reason_of(folder: Path, kind: Kind, header: str, line: str, **said: Any) -> str:
    (row,) = rows_of(folder, kind, header, line, **said)
    assert (row.state, row.wire) == (State.WRONG, b"")
    return row.reason


def test_contact(tmp_path):
    assert event_of(
        tmp_path, "contacts",
        "id,first_name,email,email3,account,country,attributes.size,occurred_at",
        "K-1,Zofia,a@example.com,b@example.com,ACME,PL,big,2024-03-14",
    ) == {
        "specversion": "1.0", "id": f"contacts:csv:{WHO}:contact.created",
        "source": "/import/contacts", "type": "contact.created",
        "time": "2024-03-14T00:00:00.000Z", "precision": "day", "subject": f"contact:{WHO}",
        "batchid": str(BATCH),
        "data": {"id": str(WHO), "changes": {
            "first_name": "Zofia", "email": ["a@example.com", "b@example.com"],
            "account_id": str(named_id("account", "csv", "ACME")), "country": "PL",
            "attributes": {"size": "big"},
        }},
    }  # fmt: skip


def test_account(tmp_path):
    company = named_id("account", "csv", "C-1")
    told = event_of(
        tmp_path, "accounts",
        "id,event,occurred_at,name,employees,annual_revenue,primary_contact,attributes.size",
        "C-1,account.changed,2024-03-14,Ship,120,2000000,K-1,big", currency="EUR",
    )  # fmt: skip
    assert told["id"] == f"accounts:csv:{company}:account.changed:1710374400000"
    assert told["subject"] == f"account:{company}"
    assert told["data"] == {"id": str(company), "changes": {
        "name": "Ship", "employees": 120,
        "annual_revenue": {"amount": "2000000", "currency": "EUR"},
        "primary_contact_id": str(WHO), "attributes": {"size": "big"},
    }}  # fmt: skip
    header = "id,event,occurred_at,currency"
    assert "Say when" in reason_of(tmp_path, "accounts", header, "C-1,account.changed,,")
    assert "empty" in reason_of(tmp_path, "accounts", header, "C-1,,2024-03-14,EUR")


def test_lead(tmp_path):
    lead = named_id("lead", "csv", "L-1")
    header = "id,event,occurred_at,status,subject,quality,contact"
    told = event_of(tmp_path, "leads", header, "L-1,lead.contacted,2024-03-14,,Price,2,K-1")
    assert told["subject"] == f"lead:{lead}"
    assert told["data"] == {
        "lead_id": str(lead), "status": 2,
        "changes": {"subject": "Price", "quality": 2, "contact_id": str(WHO)},
    }  # fmt: skip
    first = event_of(tmp_path, "leads", header, "L-1,,,,,,")
    assert (first["type"], first["data"]["status"]) == ("lead.created", 1)
    assert "Say when" in reason_of(tmp_path, "leads", header, "L-1,lead.changed,,,,,")


def test_order_of_a_company(tmp_path):
    header = "order_id,contact,account,occurred_at,product_id,category,total,currency,status"
    company = named_id("account", "csv", "C-1")
    line = "A-1,,C-1,2026-09-05,erp,implementation,9000,EUR,fulfilled"
    told = event_of(tmp_path, "orders", header, line)
    assert (told["subject"], told["data"]["status"]) == (f"account:{company}", "fulfilled")
    both = line.replace("A-1,,", "A-1,K-1,")
    assert "Name one record" in reason_of(tmp_path, "orders", header, both)


def test_contact_that_changed_is_named_by_its_moment(tmp_path):
    header = "id,event,occurred_at"
    first, second = rows_of(
        tmp_path, "contacts", header, "1,contact.changed,2024-03-14", "1,contact.changed,2024-03-15"
    )
    assert (first.state, second.state) == (State.READY, State.READY)
    assert "Say when" in reason_of(tmp_path, "contacts", header, "1,contact.changed,")


def test_send_is_named_by_its_activity_and_recipient(tmp_path):
    header = (
        "contact,activity_id,content_version_id,provider,provider_message_id,address,occurred_at"
    )
    line = f"K-1,{ACTIVITY},{CONTENT},p,m-1,a@example.com,2026-09-01T09:00:00Z"
    event = event_of(tmp_path, "sends", header, line)
    assert event["type"] == "email.sent"
    assert event["id"] == "sends:csv:p:m-1:email.sent"
    assert event["subject"] == f"contact:{WHO}"
    assert event["data"]["message_id"] == str(message_id(UUID(ACTIVITY), WHO))
    unknown = event_of(tmp_path, "sends", header, line.replace("K-1", ""))
    assert unknown["data"]["message_id"] != event["data"]["message_id"]
    assert "subject" not in unknown


def test_order(tmp_path):
    header = "order_id,contact,occurred_at,product_id,category,total"
    event = event_of(tmp_path, "orders", header, "17,K-1,2026-09-01,p,c,12.50", currency="EUR")
    assert event["data"] == {
        "order_id": "17", "product_id": "p", "category": "c",
        "total": {"amount": "12.50", "currency": "EUR"},
    }  # fmt: skip
    assert event["subject"] == f"contact:{WHO}"
    assert "field currency: " in reason_of(
        tmp_path, "orders", header, "17,K-1,2026-09-01,p,c,12.50"
    )


RESPONSE = "id,campaign_id,received_at,email,code,status,channel,ab_channel,type,contact"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("1,,,,,", {"code": "interested", "classified_by": "import"}),
        ("2,1,,,,", {"code": "not_interested", "status": "closed"}),
        ("3,2,6,,,", {"code": "do_not_send", "status": "canceled", "channel": "others"}),
        ("4,0,6,qr,,", {"code": "error", "status": "new", "channel": "qr"}),
        ("question,converted,2,,,", {"code": "question", "status": "closed", "channel": "phone"}),
        (",reviewed,,,form,", {"status": "reviewed", "channel": "web_form", "type": "form"}),
        (",,,,,K-1", {"customer": {"kind": "contact", "id": str(WHO)}, "channel": "others"}),
    ],
)
def test_response_in_words_or_in_dynamics_integers(tmp_path, cells, expected):
    event = event_of(
        tmp_path, "responses", RESPONSE, f"1,{CAMPAIGN},2026-09-03,a@example.com,{cells}"
    )
    data = event["data"]
    assert {name: data[name] for name in expected} == expected
    assert (data["source"], data["precision"]) == ("import", "day")
    assert data["received_at"] == "2026-09-03T00:00:00.000Z"
    assert event["campaignid"] == CAMPAIGN
    assert ("classified_by" in data) == ("classified_by" in expected)


def test_response_without_a_number_is_named_by_its_content(tmp_path):
    header = "campaign_id,received_at,last_name,import_no"
    rows = rows_of(
        tmp_path, "responses", header,
        f"{CAMPAIGN},2026-09-03,Nowak,1", f"{CAMPAIGN},2026-09-03,Nowak,1",
        f"{CAMPAIGN},2026-09-03,Kowal,1",
    )  # fmt: skip
    assert [row.state for row in rows] == [State.READY, State.DUPLICATE, State.READY]


def test_row_that_says_something_else_under_the_same_id_is_a_conflict(tmp_path):
    rows = rows_of(tmp_path, "contacts", "id,city", "1,Kraków", "1,Kraków", "1,Gdynia", "2,Gdynia")
    assert [row.state for row in rows] == [
        State.READY, State.DUPLICATE, State.CONFLICT, State.READY,
    ]  # fmt: skip
    assert "same id" in rows[2].reason


@pytest.mark.parametrize(
    ("kind", "header", "line", "words"),
    [
        ("contacts", "id,country", "1,Poland", "column country: .*two capital letters"),
        ("contacts", "id,event", "1,order.placed", "column event: 'order.placed' is none of"),
        ("contacts", "id,occurred_at", "1,1999-12-31", "column occurred_at: .* year 2000"),
        ("contacts", "id,occurred_at", "1,2026-10-16", "column occurred_at: .* year 2000"),
        ("contacts", "id,city", "1,Kraków,x", "The row has 3 cells"),
        ("orders", "order_id,occurred_at,product_id,category,total,currency",
         "1,2026-09-01,p,c,1,EUR", "contact, or address"),
        ("orders", "order_id,occurred_at,product_id,category,total,currency,address",
         "1,2026-09-01,p,c,1.23456,EUR,a", "column total: .*decimal places"),
        ("orders", "order_id,occurred_at,product_id,category,total,currency,address",
         f"{'9' * 400},2026-09-01,p,c,1,EUR,a", "column order_id: .*too long"),
        ("responses", "campaign_id,received_at,email", f"{CAMPAIGN},2026-09-03,", "who responded"),
        ("responses", "campaign_id,received_at,email", "x,2026-09-03,a", "column campaign_id"),
        ("responses", "campaign_id,received_at,contact,lead", f"{CAMPAIGN},2026-09-03,a,b",
         "Name one record"),
        ("responses", "campaign_id,received_at,email,code", f"{CAMPAIGN},2026-09-03,a,9",
         "column code: Input should be 'interested'"),
        ("responses", "campaign_id,received_at,email,description",
         f"{CAMPAIGN},2026-09-03,a,{'x' * 70_000}", "70,.* bytes"),
    ],
)  # fmt: skip
def test_wrong_row_is_told_with_column_and_remedy(tmp_path, kind, header, line, words):
    assert re.search(words, reason_of(tmp_path, kind, header, line))


def test_tomorrow_of_day_precision_may_be_today_somewhere(tmp_path):
    assert rows_of(tmp_path, "contacts", "id,occurred_at", "1,2026-10-15")[0].state is State.READY
