"""The few plain pages that people see at the doors."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from services.http import Response, response


def page(
    status: int, title: str, sentences: Sequence[str], *, button: str = "", **headers: str
) -> Response:
    """A page of a title and some sentences, all shown as text; a button posts to the page."""
    form = f'<form method="post"><button>{escape(button)}</button></form>' if button else ""
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="robots" content="noindex"></head><body><h1>{escape(title)}</h1>'
        f"{paragraphs}{form}</body></html>"
    )
    return response(
        status,
        body.encode(),
        "text/html; charset=utf-8",
        cache_control="no-store",
        referrer_policy="no-referrer",
        content_security_policy="default-src 'none'",
        **headers,
    )
