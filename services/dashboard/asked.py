"""What an address of the page asks for: which campaign, which responses, which step of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.errors import MalformedRequest
from schemas.views import ResponseFilter
from services.dashboard.breakdown import Span
from services.dashboard.responses import FILTERS

SPANS: tuple[Span, ...] = get_args(Span)


@dataclass(frozen=True, slots=True)
class Asked:
    """An address of the overview, read."""

    filters: Mapping[str, str]
    campaign_id: UUID | None
    only: ResponseFilter
    span: Span
    cursor: str | None

    @property
    def oldest_first(self) -> bool:
        """Whether the list begins with the oldest response."""
        return self.filters.get("order") == "oldest"

    def address(self, **changed: str) -> str:
        """This overview's address, some of it changed."""
        said = {**self.filters, "span": self.span, "cursor": self.cursor or "", **changed}
        kept = {name: value for name, value in said.items() if value}
        return f"/?{urlencode(kept)}"


def read_address(query: Mapping[str, str], zone: str) -> Asked:
    """The parameters of an address; empty ones are none. Raises ``MalformedRequest``."""
    chosen = {name: query[name].strip()[:100] for name in FILTERS if query.get(name, "").strip()}
    try:
        campaign = UUID(chosen["campaign"]) if "campaign" in chosen else None
        only = ResponseFilter(
            campaign_id=campaign,
            channel=chosen.get("channel"),
            type=chosen.get("type"),
            status=chosen.get("status"),
            code=chosen.get("code"),
            country=chosen["country"].upper() if "country" in chosen else None,
            received_from=_start_of(chosen.get("from"), zone, 0),
            received_to=_start_of(chosen.get("to"), zone, 1),
        )
    except (ValueError, OverflowError) as error:
        raise MalformedRequest(
            "The address asks for a campaign or a date that is none. Choose again."
        ) from error
    span: Span = next((name for name in SPANS if name == query.get("span")), "day")
    return Asked(chosen, campaign, only, span, query.get("cursor") or None)


def _start_of(text: str | None, zone: str, later: int) -> int | None:
    if text is None:
        return None
    day = date.fromisoformat(text) + timedelta(days=later)
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return int(start.timestamp() * 1000)
