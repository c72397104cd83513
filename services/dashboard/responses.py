"""The newest responses: filters, one row each, and the steps that a person may take on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import get_args
from urllib.parse import urlencode
from uuid import UUID

from schemas.channels import Channel
from schemas.decisions.response import ResponseCode, ResponseType
from schemas.lifecycles import ResponseStatus
from schemas.views import ContactView, ResponseView
from services.dashboard import words
from services.dashboard.markup import NOTHING, Content, Markup, tag

FILTERS = ("campaign", "status", "type", "channel", "code", "country", "from", "to", "order")
_CHOICES: dict[str, tuple[str, ...]] = {
    "status": tuple(status.value for status in ResponseStatus),
    "type": get_args(ResponseType),
    "channel": ("web", *get_args(Channel)),
    "code": get_args(ResponseCode),
}
_OPEN = ("new", "reviewed")
_SHUT = ("closed", "canceled")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a list of responses is shown with, beside the responses."""

    zone: tzinfo
    campaigns: Mapping[UUID, str]
    contacts: Mapping[UUID, ContactView]
    may_write: bool
    owners: Sequence[UUID] = field(default_factory=tuple)


def filters(chosen: Mapping[str, str], campaigns: Mapping[UUID, str]) -> Markup:
    """The form that narrows the list; it works by its address alone, without any script."""
    names = [(str(key), name) for key, name in campaigns.items()]
    boxes = [_select("campaign", names, chosen)]
    for name, values in _CHOICES.items():
        boxes.append(_select(name, [(v, words.plain(v)) for v in values], chosen))
    boxes += [
        _input("country", chosen, size=3, maxlength=2, pattern="[A-Za-z]{2}", placeholder="PL"),
        _input("from", chosen, type="date"),
        _input("to", chosen, type="date"),
        _select("order", [("oldest", "Oldest first")], chosen, "Newest first"),
    ]
    return tag(
        "form", boxes, tag("div", tag("button", "Show"), " ", tag("a", "Clear", href="/#responses"),
        class_="ends"), class_="filters", method="get", action="/#responses", aria_label="Filters",
    )  # fmt: skip


def _select(
    name: str, values: Sequence[tuple[str, str]], chosen: Mapping[str, str], none: str = "All"
) -> Markup:
    now = chosen.get(name, "")
    options = [tag("option", label, value=value, selected=value == now) for value, label in values]
    first = tag("option", none, value="")
    return _label(name, tag("select", first, options, name=name, id=f"filter-{name}"))


def _input(name: str, chosen: Mapping[str, str], **attributes: str | int) -> Markup:
    box = tag("input", name=name, id=f"filter-{name}", value=chosen.get(name, ""), **attributes)
    return _label(name, box)


def _label(name: str, box: Markup) -> Markup:
    return tag("div", tag("label", words.plain(name), for_=f"filter-{name}"), box)


def listing(responses: Sequence[ResponseView], sight: Sight, further: str | None) -> Markup:
    """The responses as a table, and the way to the ones behind them."""
    if not responses:
        return tag("p", "No response fits.", class_="quiet")
    heads = [tag("th", head, scope="col") for head in
             ("Received", "Who", "What", "Campaign", "Status", "Meaning", "Owner", "")]  # fmt: skip
    table = tag(
        "table",
        tag("caption", "Responses", class_="unseen"),
        tag("thead", tag("tr", heads)),
        tag("tbody", [row(response, sight) for response in responses]),
        class_="stack responses",
    )
    owners = tag("datalist", [tag("option", value=str(o)) for o in sight.owners], id="owners")
    more = tag("p", tag("a", "Show the ones behind these", href=further)) if further else NOTHING
    return tag("div", table, owners, more)


def further_address(chosen: Mapping[str, str], cursor: str) -> str:
    """The address of the next page of the list, under the same filters."""
    return f"/?{urlencode({**chosen, 'cursor': cursor})}#responses"


def row(response: ResponseView, sight: Sight) -> Markup:
    """One response."""
    key = str(response.response_id)
    campaign = sight.campaigns.get(response.campaign_id, words.short_id(response.campaign_id))
    received = words.moment(response.occurred_at, response.precision, sight.zone)
    owner = words.short_id(response.owner_id) if response.owner_id else words.NONE
    return tag(
        "tr",
        tag("td", tag("time", received, datetime=response.occurred_at.isoformat()),
            data_label="Received"),
        tag("th", _who(response, sight), scope="row", data_label="Who"),
        tag("td", _what(response), data_label="What"),
        tag("td", campaign, data_label="Campaign"),
        tag("td", tag("span", words.plain(response.status),
                      class_=f"badge {response.status}"), data_label="Status"),
        tag("td", words.plain(response.code) if response.code else words.NONE,
            data_label="Meaning"),
        tag("td", tag("span", owner, title=str(response.owner_id or "") or None),
            data_label="Owner"),
        tag("td", _steps(response, sight), class_="steps"),
        id=f"response-{key}", data_key=f"response-{key}", data_version=response.version,
    )  # fmt: skip


def _who(response: ResponseView, sight: Sight) -> Markup:
    contact = _contact_id(response)
    name = words.name_of_responder(response, sight.contacts.get(contact) if contact else None)
    shown: Content = tag("a", name, href=f"/contacts/{contact}") if contact else name
    return tag("span", shown, tag("small", response.country) if response.country else None)


def contact_ids(responses: Sequence[ResponseView]) -> list[UUID]:
    """The contacts behind some responses, each once."""
    found = {_contact_id(response) for response in responses}
    return sorted(name for name in found if name is not None)


def _contact_id(response: ResponseView) -> UUID | None:
    kind, _, name = (response.customer or "").partition(":")
    return UUID(name) if kind == "contact" else None


def _what(response: ResponseView) -> Markup:
    medium = "" if response.channel == response.type else f" · {words.plain(response.channel)}"
    return tag("span", response.subject, tag("small", words.plain(response.type) + medium))


# The steps


def _steps(response: ResponseView, sight: Sight) -> Markup:
    if not sight.may_write:
        return NOTHING
    key = str(response.response_id)
    who = _contact_id(response)
    name = words.name_of_responder(response, sight.contacts.get(who) if who else None)
    return tag(
        "details",
        tag("summary", "Act", tag("span", f" on the response of {name}", class_="unseen")),
        tag("div", _forms(response, key), tag("p", class_="problem", role="alert",
            id=f"problem-{key}"), class_="panel actions"),
        id=f"act-{key}", name="act",
    )  # fmt: skip


def _forms(response: ResponseView, key: str) -> list[Content]:
    if response.status in _SHUT:
        return [_form("reopen", key, "Reopen")]
    codes = [tag("option", words.plain(c), value=c, selected=c == response.code)
             for c in _CHOICES["code"]]  # fmt: skip
    forms: list[Content] = []
    if response.status == "new":
        forms.append(_form("review", key, "Review"))
    forms.append(
        _form("classify", key, "Classify", _field("code", key, "Meaning", tag(
            "select", codes, name="code", id=f"code-{key}", required=True)))
    )  # fmt: skip
    forms.append(
        _form("assign", key, "Assign", _field("owner_id", key, "Owner's id", tag(
            "input", name="owner_id", id=f"owner_id-{key}", required=True, list="owners",
            value=str(response.owner_id or ""), autocomplete="off", spellcheck="false",
            maxlength=36)))
    )  # fmt: skip
    forms.append(
        _form("close", key, "Close", _field("reason", key, "Reason", tag(
            "input", name="reason", id=f"reason-{key}", maxlength=200, autocomplete="off")))
    )  # fmt: skip
    return forms


def _form(step: str, key: str, label: str, box: Markup = NOTHING) -> Markup:
    button = tag("button", label, id=f"{step}-{key}")
    return tag("form", box, button, data_step=step, data_response=key)


def _field(name: str, key: str, label: str, box: Markup) -> Markup:
    return tag("span", tag("label", label, for_=f"{name}-{key}"), box)
