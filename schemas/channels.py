"""Channels: one vocabulary for activities, events, responses and reports."""

from __future__ import annotations

from typing import Literal, get_args

Channel = Literal[
    "email", "phone", "fax", "letter", "appointment", "others", "web_form", "web_click", "sms",
    "push", "event", "social", "chat", "qr", "promo_code", "advertising",
]  # fmt: skip
CHANNELS: frozenset[str] = frozenset(get_args(Channel))
_OF_FIRST_WORD = {
    "call": "phone",
    "webinar": "event",
    "form": "web_form",
    "page": "web_click",
    "link": "web_click",
    "asset": "web_click",
}


def channel_of(event_type: str) -> str:
    """The channel that follows from a type's first word; empty where it has none."""
    word = event_type.partition(".")[0]
    return _OF_FIRST_WORD.get(word, word if word in CHANNELS else "")
