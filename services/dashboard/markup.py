"""HTML made of elements: text is escaped unless it was made here, so nothing can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

_VOID = frozenset(("br", "img", "input", "link", "meta"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = str | int | Iterable["Content"] | None
Attribute: TypeAlias = str | int | float | bool | None
NOTHING = Markup("")


def join(content: Content) -> Markup:
    """Content as HTML; plain text in it is escaped."""
    if content is None:
        return NOTHING
    if isinstance(content, Markup):
        return content
    if isinstance(content, str | int):
        return Markup(escape(str(content)))
    return Markup("".join(map(join, content)))


def tag(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """An element. ``class_`` becomes class, ``data_key`` data-key; false and none are left out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{join(content)}</{name}>")


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
