"""The commands that every campaign of the demo goes through, each with a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.importing.client import Client

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign with its one activity."""

    campaign: UUID
    activity: UUID


def plan_campaign(client: Client, name: str, body: dict[str, Any]) -> UUID:
    """Create a campaign."""
    reply = client.command(f"{API}/campaigns", body, f"demo-{name}-campaign")
    return UUID(reply["campaign_id"])


def plan_activity(client: Client, campaign: UUID, name: str, channel: str, subject: str) -> UUID:
    """Plan a distribution in one channel."""
    body = {"kind": "distribution", "channel": channel, "subject": subject}
    path = f"{API}/campaigns/{campaign}/activities"
    return UUID(client.command(path, body, f"demo-{name}-activity")["activity_id"])


def run_activity(
    client: Client,
    activity: UUID,
    name: str,
    audience: dict[str, Any],
    times: dict[str, str],
) -> None:
    """Give an activity its audience and its time."""
    path = f"{API}/activities/{activity}"
    client.command(f"{path}/audience", audience, f"demo-{name}-audience")
    client.command(f"{path}/schedule", times, f"demo-{name}-schedule")


def distribute(client: Client, activity: UUID, name: str, batch: UUID, content: UUID) -> None:
    """Fix the audience and let the messages go out."""
    body = {"batch_id": str(batch), "content_version_id": str(content)}
    client.command(f"{API}/activities/{activity}/distribute", body, f"demo-{name}-distribute")


def run_campaign(client: Client, campaign: UUID, name: str) -> None:
    """Approve a campaign and launch it."""
    for step in ("approve", "launch"):
        client.command(f"{API}/campaigns/{campaign}/{step}", {}, f"demo-{name}-{step}")


def add_content(client: Client, name: str, links: list[str]) -> UUID:
    """Register a version of what is sent, or said."""
    entry = register(client, "content_version", {"name": name, "links": links})
    return UUID(entry["content_version_id"])


def register(client: Client, registry: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Put an entry into a small registry."""
    key = f"demo-{registry}-{entry.get('name', registry)}".replace(" ", "-").replace(",", "")
    reply: dict[str, Any] = client.command(f"{API}/registries/{registry}", entry, key)
    return reply
