"""The live campaign before its launch: links, contents, form, keyword, number, activities."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.demo.audience import imported_audience
from services.demo.notebook import Notebook
from services.demo.offer_facts import BATCH_ID, LANDING_PAGE, TRACKING_NUMBER
from services.demo.people import all_people
from services.demo.steps import (
    API,
    add_content,
    distribute,
    plan_activity,
    plan_campaign,
    register,
    run_activity,
    run_campaign,
)
from services.importing.client import Client

ORIGIN = "https://shop.example.com"
HONEYPOT = "website"

_LINKS: tuple[dict[str, Any], ...] = (
    {"label": "offer", "url": LANDING_PAGE, "group": "offer"},
    {"label": "prices", "url": f"{ORIGIN}/prices", "group": "pricing"},
    {"label": "stores", "url": f"{ORIGIN}/stores", "group": "stores"},
    {"label": "unsubscribe", "url": f"{ORIGIN}/preferences", "kind": "unsubscribe"},
    {"label": "hidden", "url": ORIGIN, "kind": "honeypot"},
)
CONTENT_LINKS = ("offer", "prices", "stores")
ALL_LINKS = tuple(link["label"] for link in _LINKS)


def set_up_offer(client: Client, notebook: Notebook) -> None:
    """Register all that the campaign needs, plan its three channels, and launch it."""
    campaign = plan_campaign(client, "offer", {
        "name": "Spring offer",
        "code": "SPRING",
        "kind": "standard",
        "currency": "EUR",
        "goal": "lead_generation",
        "goal_event": {"type": "form.submitted"},
        "expected_response": 15,
        "budget": {"amount": "900", "currency": "EUR"},
    })  # fmt: skip
    ids = {"offer campaign": campaign}
    ids["offer mail"], ids["mail content"] = _mail(client, campaign)
    ids["offer text"], ids["text content"] = _text(client, campaign)
    ids["offer web"] = plan_activity(client, campaign, "offer-web", "web_form", "Landing page")
    ids["offer form"] = _form(client, campaign, ids["offer web"])
    register(client, "keyword", {"keyword": "spring", "campaign_id": str(campaign)})
    register(client, "tracking_number", {"number": TRACKING_NUMBER, "campaign_id": str(campaign)})
    run_campaign(client, campaign, "offer")
    notebook.notes.ids |= ids
    notebook.mark("offer set up")


def _mail(client: Client, campaign: UUID) -> tuple[UUID, UUID]:
    numbers = [_link(client, link) for link in _LINKS]
    content = add_content(client, "Spring offer, mail", numbers)
    return _messages(client, campaign, "mail", "email", content), content


def _text(client: Client, campaign: UUID) -> tuple[UUID, UUID]:
    content = add_content(client, "Spring offer, text", [])
    return _messages(client, campaign, "text", "sms", content), content


def _messages(client: Client, campaign: UUID, name: str, channel: str, content: UUID) -> UUID:
    """An activity whose messages go to everybody; it has cost something."""
    name = f"offer-{name}"
    activity = plan_activity(client, campaign, name, channel, f"Spring offer by {channel}")
    members = [person.contact_id for person in all_people()]
    run_activity(client, activity, name, imported_audience(BATCH_ID, members), {})
    distribute(client, activity, name, BATCH_ID, content)
    cost = {"cost": {"amount": "120", "currency": "EUR"}}
    client.command(f"{API}/activities/{activity}/costs", cost, f"demo-{name}-cost")
    return activity


def _link(client: Client, link: dict[str, Any]) -> str:
    key = f"demo-link-{link['label']}"
    return str(client.command(f"{API}/links", link, key)["number"])


def _form(client: Client, campaign: UUID, activity: UUID) -> UUID:
    form = {
        "name": "Spring offer, landing page",
        "campaign_id": str(campaign),
        "activity_id": str(activity),
        "redirect_url": f"{ORIGIN}/thanks",
        "origins": [ORIGIN],
        "honeypot": HONEYPOT,
        "fields": [
            {"name": "name", "required": True},
            {"name": "email", "kind": "email", "required": True},
            {"name": "country", "kind": "country"},
        ],
    }
    return UUID(client.command(f"{API}/forms", form, "demo-offer-form")["form_id"])
