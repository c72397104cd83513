"""A launched campaign with a mail activity, a content, a link and a form, set up as users do."""

from __future__ import annotations

import os
import threading
from uuid import UUID

from schemas.ids import named_id
from services.bench.happenings import Campaign
from services.bench.installation import Installation
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


def open_client(installed: Installation) -> Client:
    """A client of the served installation, with its key."""
    return Client(installed.address, installed.key, threading.Event())


def set_up_campaign(client: Client, name: str, members: list[UUID]) -> Campaign:
    """Set it up by the management API, and launch it."""
    campaign = plan_campaign(client, name, {
        "name": f"Bench {name}", "code": name.upper(), "kind": "standard", "currency": "EUR",
        "goal": "product_sale", "goal_event": {"type": "order.placed"}, "goal_window": "P30D",
    })  # fmt: skip
    link = client.command(
        f"{API}/links", {"label": "offer", "url": "https://shop.example.com/offer"}, f"link-{name}"
    )
    batch = named_id("bench", name, "batch")
    content = add_content(client, f"bench {name}", [str(link["number"])])
    activity = plan_activity(client, campaign, name, "email", f"Bench {name}")
    run_activity(client, activity, name, imported_audience(batch, members), {})
    distribute(client, activity, name, batch, content)
    form = client.command(f"{API}/forms", {
        "name": f"Bench {name}", "campaign_id": str(campaign), "activity_id": str(activity),
        "redirect_url": "https://shop.example.com/thanks", "origins": ["https://shop.example.com"],
        "fields": [{"name": "email", "kind": "email", "required": True}],
    }, f"form-{name}")  # fmt: skip
    run_campaign(client, campaign, name)
    return Campaign(
        activity=activity,
        content=content,
        link=str(link["number"]),
        form=UUID(form["form_id"]),
        campaign=campaign,
        batch=batch,
    )


def set_up_by_itself(installed: Installation) -> Campaign:
    """Serve the installation for as long as setting it up takes."""
    everywhere = frozenset(os.sched_getaffinity(0))
    with installed.serving(everywhere), open_client(installed) as client:
        return set_up_campaign(client, "traffic", [named_id("bench", "member")])
