"""The bank's campaign: set up by commands, then filled by the file's facts."""

from __future__ import annotations

from itertools import islice
from typing import TextIO
from uuid import UUID

from schemas.clock import Clock
from services.demo.audience import imported_audience
from services.demo.bank import BATCH_ID, CONTACTS, PRODUCT, contact_id, read_rows, row_events
from services.demo.notebook import Notebook
from services.demo.steps import (
    Planned,
    add_content,
    distribute,
    plan_activity,
    plan_campaign,
    run_activity,
    run_campaign,
)
from services.importing.client import Client
from services.importing.groups import in_groups
from services.importing.progress import Progress

NAME = "Term deposit 2008-2010"
ROWS_PER_REQUEST = 300  # three facts a row at most, and the door takes 1,000 at a time


def set_up_bank(client: Client, notebook: Notebook) -> None:
    """Plan the campaign with its one activity, pin its audience, and launch it."""
    planned = _campaign(client)
    notebook.notes.ids |= {"bank campaign": planned.campaign, "bank activity": planned.activity}
    notebook.mark("bank set up")


def _campaign(client: Client) -> Planned:
    campaign = plan_campaign(client, "bank", {
        "name": NAME,
        "code": "TERM-DEPOSIT",
        "kind": "standard",
        "currency": "EUR",
        "goal": "product_sale",
        "goal_event": {
            "type": "order.placed",
            "where": [{"prop": "product_id", "op": "eq", "value": PRODUCT}],
        },
        "goal_window": "P30D",
    })  # fmt: skip
    activity = plan_activity(client, campaign, "bank-calls", "phone", "Calls to customers")
    members = [contact_id(number) for number in range(1, CONTACTS + 1)]
    run_activity(client, activity, "bank-calls", imported_audience(BATCH_ID, members), {
        "scheduled_start": "2008-05-05T00:00:00Z", "scheduled_end": "2010-11-17T00:00:00Z",
    })  # fmt: skip
    script = add_content(client, "Term deposit, what to say", [])
    distribute(client, activity, "bank-calls", BATCH_ID, script)
    run_campaign(client, campaign, "bank")
    return Planned(campaign, activity)


def import_bank(client: Client, notebook: Notebook, out: TextIO, clock: Clock) -> None:
    """Send the rows that have not been sent yet, in order."""
    notes = notebook.notes
    activity: UUID = notes.ids["bank activity"]
    progress = Progress("Importing the bank's campaign", CONTACTS, notes.bank_rows, out, clock)
    for group in in_groups(islice(read_rows(), notes.bank_rows, None), ROWS_PER_REQUEST):
        receipt = client.send([fact for row in group for fact in row_events(row, activity)])
        notes.bank_rows += len(group)
        notes.positions["bank campaign"] = receipt.position
        notebook.save()
        progress.advance(len(group))
    progress.finish()
    notebook.mark("bank imported")
