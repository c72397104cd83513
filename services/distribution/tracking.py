"""The signed addresses that go into a message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schemas.instants import to_datetime
from schemas.registries import LinkEntry
from services.collector.tokens import Purpose, Token, sign
from services.parts import Parts

YEARS_VALID = 10


class Tracking:
    """Makes the addresses of one content version's messages."""

    def __init__(self, parts: Parts, workspace: str, content_version: UUID | None) -> None:
        self._base = parts.settings.public_url
        self._keys = parts.vault.token_keys(workspace)
        self._number = parts.access.workspace(workspace).number
        self._expiry = _expiry(parts.clock())
        self._links = _links(parts, workspace, content_version)

    def pixel_url(self, recipient: UUID, message: UUID) -> str:
        """The picture that tells of an open."""
        return f"{self._base}/o/{self._token(Purpose.OPEN, recipient, message)}.gif"

    def unsubscribe_url(self, recipient: UUID, message: UUID) -> str:
        """Where the person takes back their consent."""
        return f"{self._base}/u/{self._token(Purpose.UNSUBSCRIBE, recipient, message)}"

    def link_urls(self, recipient: UUID, message: UUID) -> dict[str, str]:
        """The content's links by label, or by number where a link has none."""
        return {
            name: f"{self._base}/c/{self._token(Purpose.CLICK, recipient, message, number)}"
            for name, number in self._links.items()
        }

    def _token(self, purpose: Purpose, recipient: UUID, message: UUID, link: int = 0) -> str:
        token = Token(self._number, recipient, message, self._expiry, link)
        return sign(purpose, token, self._keys)


def addresses_of(tracking: Tracking, recipient: UUID, message_id: UUID) -> dict[str, Any]:
    """A message's id and the addresses that go into it, as JSON data."""
    unsubscribe = tracking.unsubscribe_url(recipient, message_id)
    return {
        "recipient": str(recipient),
        "message_id": str(message_id),
        "pixel_url": tracking.pixel_url(recipient, message_id),
        "links": tracking.link_urls(recipient, message_id),
        "unsubscribe_url": unsubscribe,
        "headers": {
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "metadata": {"ab_recipient": str(recipient), "ab_message": str(message_id)},
    }


def _expiry(now: int) -> int:
    """The turn of a year some years on, so that a repeat within the year gives the same address."""
    year = to_datetime(now).year + YEARS_VALID
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _links(parts: Parts, workspace: str, content_version: UUID | None) -> dict[str, int]:
    if content_version is None:
        return {}
    content = parts.reference.content_version(workspace, content_version)
    numbers = content.links if content else ()
    entries = [parts.reference.link(workspace, number) for number in numbers]
    return _named([entry for entry in entries if entry is not None])


def _named(entries: list[LinkEntry]) -> dict[str, int]:
    named: dict[str, int] = {}
    for entry in entries:
        # Two links of one label must not hide each other.
        name = entry.label if entry.label and entry.label not in named else entry.number
        named[name] = int(entry.number, 16)
    return named
