"""What the load is played on: a campaign with mails, a link, a form."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from schemas.ids import named_id
from services.demo.audience import imported_audience
from services.demo.steps import (
    API,
    add_content,
    distribute,
    plan_activity,
    plan_campaign,
    run_activity,
    run_campaign,
)
from services.importing.client import Client
from tests.support.served import Served

MAILS = 200
_BATCH = named_id("soak", "batch")


@dataclass(frozen=True)
class Stage:
    """Addresses that people reach the server by, and the campaign they belong to."""

    campaign: UUID
    form: UUID
    pixels: tuple[str, ...]
    clicks: tuple[str, ...]


def set_stage(served: Served, key: str) -> Stage:
    """Plan and launch the campaign, and ask for its messages."""
    with Client(served.address, key, threading.Event()) as client:
        campaign = plan_campaign(client, "soak", {
            "name": "Soak", "code": "SOAK", "kind": "standard", "currency": "EUR",
            "goal": "lead_generation", "goal_event": {"type": "form.submitted"},
            "expected_response": 15, "budget": {"amount": "900", "currency": "EUR"},
        })  # fmt: skip
        link = client.command(f"{API}/links", {"label": "l", "url": "https://example.com/"}, "l")
        content = add_content(client, "Soak mail", [str(link["number"])])
        activity = plan_activity(client, campaign, "soak", "email", "Soak mail")
        members = [named_id("soak", "person", number) for number in range(MAILS)]
        run_activity(client, activity, "soak", imported_audience(_BATCH, members), {})
        distribute(client, activity, "soak", _BATCH, content)
        form = {"name": "f", "campaign_id": str(campaign), "redirect_url": "https://example.com/",
                "fields": [{"name": "note"}]}  # fmt: skip
        form_id = UUID(client.command(f"{API}/forms", form, "soak-form")["form_id"])
        run_campaign(client, campaign, "soak")
        to = [
            {"recipient": str(member), "address": f"p{number}@example.com"}
            for number, member in enumerate(members)
        ]
        made = client.command(f"{API}/activities/{activity}/messages", to, "soak-messages")["data"]
    return Stage(
        campaign,
        form_id,
        tuple(urlsplit(item["pixel_url"]).path for item in made),
        tuple(urlsplit(next(iter(item["links"].values()))).path for item in made),
    )
