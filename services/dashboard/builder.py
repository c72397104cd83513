"""The rule builder: forms that add clauses, and the text of the rule, which is what counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

import orjson

from schemas.documents import ListDocument
from schemas.facts.consent import Channel
from schemas.rules.vocabulary import ATTRIBUTED, FIELDS, event_types
from services.dashboard.markup import Content, Markup, tag

_OPERATORS = (
    ("eq", "is"), ("ne", "is not"), ("gt", "is more than"), ("ge", "is at least"),
    ("lt", "is less than"), ("le", "is at most"), ("contains", "contains"),
    ("starts_with", "starts with"), ("in", "is one of"), ("is_null", "is empty"),
    ("not_null", "is not empty"),
)  # fmt: skip
_COUNTS = (("ge", "at least"), ("le", "at most"), ("eq", "exactly"))


def builder(
    one: ListDocument, body: dict[str, Any] | None, time_zone: str, others: Sequence[ListDocument]
) -> Markup:
    """The rule as it is by now, or an empty one, and what helps to write it."""
    rule = body or {"v": 1, "member": one.member_type, "tz": time_zone, "where": {}}
    text = orjson.dumps(rule, option=orjson.OPT_INDENT_2).decode()
    clauses = (_field(one), _event(), _consent(), *([_on_list(others)] if others else []))
    return tag(
        "section",
        tag("p", "Clauses are added to those there are, and all of them must hold. Whatever the "
            "forms do not offer can be written in the text.", class_="quiet"),
        tag("div", clauses, class_="clauses"),
        tag("label", "The rule", for_="rule-text"),
        tag("textarea", text, id="rule-text", rows=16, spellcheck="false", autocomplete="off"),
        tag("div",
            tag("button", "In words", type="button", id="rule-explain", class_="plain"),
            tag("button", "What would change?", type="button", id="rule-preview", class_="plain"),
            tag("button", "Publish", type="button", id="rule-publish"),
            class_="row"),
        tag("p", "", id="rule-problem", class_="problem", role="alert"),
        tag("pre", "", id="rule-says", class_="panel", hidden=True),
        tag("p", "", id="rule-change", role="status"),
        id="rule", data_list=str(one.list_id), class_="builder",
    )  # fmt: skip


def _field(one: ListDocument) -> Markup:
    names = [*FIELDS[one.member_type], *(["attributes."] if one.member_type in ATTRIBUTED else [])]
    return _clause(
        "field", "What is known of the record",
        _typed("Field", "name", names, required=True),
        _choice("Condition", "op", _OPERATORS),
        _input("Value", "value"),
    )  # fmt: skip


def _event() -> Markup:
    return _clause(
        "event", "What the person did",
        _typed("Event", "name", sorted(event_types()), required=True),
        _choice("How often", "op", _COUNTS),
        _input("Times", "n", type_="number", min_=0, value=1, required=True),
        _input("In the last days", "days", type_="number", min_=1),
    )  # fmt: skip


def _consent() -> Markup:
    channels = [(name, name) for name in get_args(Channel)]
    return _clause(
        "consent", "What the person allows",
        _choice("Channel", "name", channels),
        _input("Purpose", "purpose", value="marketing", required=True),
        _choice("Is", "op", (("granted", "granted"), ("withdrawn", "withdrawn"))),
    )  # fmt: skip


def _on_list(others: Sequence[ListDocument]) -> Markup:
    named = [(str(one.list_id), one.name) for one in others]
    return _clause("list", "Who is on another list", _choice("List", "name", named))


def _clause(kind: str, title: str, *fields: Content) -> Markup:
    negated = tag("label", tag("input", type="checkbox", name="not"), " the opposite",
                  class_="check")  # fmt: skip
    return tag(
        "form", tag("h3", title), fields, negated, tag("button", "Add", class_="plain"),
        data_clause=kind, class_="panel",
    )  # fmt: skip


def _typed(label: str, name: str, known: Sequence[str], **more: Any) -> Markup:
    """An input that offers what is known."""
    here = f"known-{label.lower()}"
    offered = tag("datalist", [tag("option", value=one) for one in known], id=here)
    return tag("div", _input(label, name, list_=here, **more), offered)


def _input(label: str, name: str, **more: Any) -> Markup:
    said = {"autocomplete": "off", **more}
    return tag("label", label, tag("input", name=name, **said))


def _choice(label: str, name: str, known: Sequence[tuple[str, str]]) -> Markup:
    options = [tag("option", text, value=value) for value, text in known]
    return tag("label", label, tag("select", options, name=name))


def linked(list_id: UUID) -> Markup:
    """The way to the builder of a list."""
    return tag("p", tag("a", "Change the rule", href=f"/lists/{list_id}/rule"))
