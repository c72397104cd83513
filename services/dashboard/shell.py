"""The document around every page: head, navigation, what the script needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.access import Principal, Scope
from services.dashboard.assets import address_of
from services.dashboard.markup import NOTHING, Content, Markup, tag

Place = Literal["overview", "contacts", "lists", "replays"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks, and the token that their changes need."""

    principal: Principal
    csrf: str


def document(
    title: str, visitor: Visitor, place: Place, *content: Content, scripts: Sequence[str] = ()
) -> Markup:
    """A page for somebody who has logged in; ``scripts`` are files that it needs beside its own."""
    head = tag(
        "header",
        tag("a", "Skip to the content", href="#main", class_="skip"),
        tag("p", tag("a", tag("img", src=address_of("icon.svg"), alt="", width=22, height=22),
                     "Answerback", href="/"), class_="brand"),
        tag("nav", _link("/", "Overview", place == "overview"),
            _link("/contacts", "Contacts", place == "contacts"),
            _link("/lists", "Lists", place == "lists"),
            _link("/replays", "Replays", place == "replays")
            if Scope.ADMIN in visitor.principal.scopes else None, aria_label="Pages"),
        tag("p", "Connecting…", id="live", role="status", class_="live"),
        _leave(visitor),
        class_="top",
    )  # fmt: skip
    return _whole(
        title,
        tag("meta", name="csrf-token", content=visitor.csrf),
        [tag("script", type="module", src=address_of(name)) for name in ("page.js", *scripts)],
        body=[
            head,
            tag("main", content, id="main", tabindex=-1),
            tag("p", id="news", role="status", aria_live="polite", class_="unseen"),
        ],
    )


def gate(content: Content) -> Markup:
    """A page for somebody who has not."""
    return _whole("Log in", body=[tag("main", content, id="main", class_="gate")])


def part(address: str, seconds: float, name: str, *content: Content, ticks: bool = False) -> Markup:
    """A piece that the script asks for again, at most so often, when something has moved.

    With ``ticks`` it is asked for so often anyway: what it shows moves by itself.
    """
    return tag("div", content, id=name, data_part=address, data_seconds=seconds, data_ticks=ticks)


def trouble(text: str) -> Markup:
    """A sentence about what went wrong."""
    return tag("p", text, class_="problem", role="alert") if text else NOTHING


def _whole(title: str, *head: Content, body: Content) -> Markup:
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", f"{title} · Answerback"),
            tag("link", rel="stylesheet", href=address_of("page.css")),
            tag("link", rel="icon", href=address_of("icon.svg"), type="image/svg+xml"),
            head,
        ),
        tag("body", body),
        lang="en",
    )
    return Markup(f"<!doctype html>\n{page}\n")


def _link(address: str, label: str, here: bool) -> Markup:
    return tag("a", label, href=address, aria_current="page" if here else None)


def _leave(visitor: Visitor) -> Markup:
    who = f"{visitor.principal.workspace} · {visitor.principal.name}"
    return tag(
        "form", tag("span", who), tag("input", type="hidden", name="csrf_token",
        value=visitor.csrf), tag("button", "Log out", class_="plain"),
        method="post", action="/logout", class_="leave",
    )  # fmt: skip
