"""What the sales people do with the live campaign's responses, through the API like anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.demo.notebook import Notebook
from services.demo.people import all_people
from services.demo.steps import API
from services.importing.client import Client

OPEN = ("new", "reviewed")
Step = tuple[str, dict[str, Any]]

_LEAD = {"kind": "lead"}
_OPPORTUNITY = {"kind": "opportunity"}
_INTERESTED: tuple[Step, ...] = (
    ("classify", {"code": "interested"}),
    ("route", {"target": "sales"}),
    ("followup", {"medium": "call"}),
)
# What happens to a response, by the last digit of its id's number: two in ten are left for later.
_FATES: tuple[tuple[Step, ...], ...] = (
    (),
    (),
    (("classify", {"code": "not_interested"}), ("close", {"reason": "no interest"})),
    (("classify", {"code": "question"}), ("route", {"target": "service"})),
    (("review", {"reason": "read"}), *_INTERESTED),
    (("review", {"reason": "read"}), *_INTERESTED),
    (*_INTERESTED, ("convert", _LEAD)),
    (*_INTERESTED, ("convert", _LEAD)),
    (*_INTERESTED, ("convert", _OPPORTUNITY)),
    (("review", {"reason": "read"}),),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A response as far as its next steps depend on it."""

    response_id: UUID
    status: str
    customer: UUID | None


def count_responses(client: Client, campaign: UUID) -> int:
    """How many responses a campaign has now."""
    return sum(1 for _ in _responses(client, campaign))


def review_offer(client: Client, notebook: Notebook) -> None:
    """Work through the responses that nobody has closed or converted yet."""
    notes = notebook.notes
    for response in list(_responses(client, notes.ids["offer campaign"])):
        if response.status in OPEN:
            for step, body in steps_for(response):
                path = f"{API}/responses/{response.response_id}/{step}"
                reply = client.command(path, body, f"demo-{step}-{response.response_id}")
                notes.positions["offer campaign"] = reply["position"]
    notebook.mark("offer reviewed")


def steps_for(response: Pending) -> Iterator[Step]:
    """What is still to be done with a response; only a known customer gets an opportunity."""
    for step, body in _FATES[response.response_id.int % len(_FATES)]:
        if step == "review" and response.status != "new":
            continue
        if body != _OPPORTUNITY:
            yield step, body
        elif response.customer is None:
            yield step, _LEAD
        else:
            customer = {"kind": "contact", "id": str(response.customer)}
            yield step, {**_OPPORTUNITY, "customer": customer}


def _responses(client: Client, campaign: UUID) -> Iterator[Pending]:
    cursor: str | None = None
    while True:
        page = client.get(f"{API}/responses", campaign_id=str(campaign), cursor=cursor, limit=500)
        for row in page["data"]:
            yield Pending(UUID(row["response_id"]), row["status"], _contact(row["customer"]))
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _contact(text: str | None) -> UUID | None:
    """The contact that responded; somebody known by an address only is none."""
    _, _, name = (text or "").rpartition(":")
    return next((p.contact_id for p in all_people() if str(p.contact_id) == name), None)
