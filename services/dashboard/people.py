"""Contacts, and the way each of them has gone, as one timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import groupby
from uuid import UUID

from schemas.views import ContactView, JourneyItem
from services.dashboard import words
from services.dashboard.markup import NOTHING, Content, Markup, tag

_VERDICTS = {
    "human": "a human",
    "machine": "a machine",
    "privacy_proxy": "a privacy proxy",
    "unknown": "unknown",
}
_OURS = ("response", "lead", "opportunity", "conversion", "order", "contract", "quote", "followup")


def search(asked: str, trouble: str) -> Markup:
    """The form that finds one contact; values are sealed, so only whole addresses are found."""
    return tag(
        "form",
        tag("label", "E-mail address, telephone number or id", for_="search"),
        tag("span", tag("input", id="search", name="q", value=asked, maxlength=320, required=True,
                        autocomplete="off", type="search"), tag("button", "Find")),
        tag("p", trouble, class_="problem", role="alert") if trouble else None,
        method="get", action="/contacts", class_="search",
    )  # fmt: skip


def listing(contacts: Sequence[ContactView], zone: tzinfo, further: str | None) -> Markup:
    """Contacts as a table."""
    if not contacts:
        return tag("p", "There are no contacts yet.", class_="quiet")
    heads = [tag("th", h, scope="col") for h in ("Contact", "Addresses", "Place", "Since")]
    more = tag("p", tag("a", "Show the next ones", href=further)) if further else NOTHING
    return tag(
        "div",
        tag("table", tag("caption", "Contacts", class_="unseen"), tag("thead", tag("tr", heads)),
            tag("tbody", [_row(contact, zone) for contact in contacts]), class_="stack"),
        more,
    )  # fmt: skip


def _row(contact: ContactView, zone: tzinfo) -> Markup:
    name = words.name_of_contact(contact)
    place = ", ".join(filter(None, (contact.city, contact.region, contact.country)))
    return tag(
        "tr",
        tag("th", tag("a", name, href=f"/contacts/{contact.contact_id}"), scope="row"),
        tag("td", ", ".join(_addresses(contact)) or words.NONE, data_label="Addresses"),
        tag("td", place or words.NONE, data_label="Place"),
        tag("td", words.moment(contact.created_at, "ms", zone), data_label="Since"),
    )


def _addresses(contact: ContactView) -> list[str]:
    return [*contact.email, *filter(None, (contact.telephone, contact.mobile))]


def about(contact: ContactView) -> Markup:
    """Who a contact is."""
    facts: list[tuple[str, str]] = [("Addresses", ", ".join(_addresses(contact)))]
    place = ", ".join(filter(None, (contact.city, contact.region, contact.country)))
    facts.append(("Place", place))
    facts += [(words.plain(name), str(value)) for name, value in contact.attributes.items()]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value]
    return tag("dl", shown, class_="facts")


def timeline(
    items: Sequence[JourneyItem], campaigns: Mapping[UUID, str], zone: tzinfo, further: str | None
) -> Markup:
    """All that happened, day by day; the verdict stands beside every hit."""
    if not items:
        return tag("p", "Nothing has happened with this contact yet.", class_="quiet")
    days: list[Content] = []
    for day, steps in groupby(items, lambda item: _day(item, zone)):
        shown = [_step(item, campaigns, zone) for item in steps]
        heading = tag("h3", tag("time", day, datetime=day))
        days.append(tag("li", heading, tag("ol", shown), data_key=f"day-{day}"))
    more = tag("p", tag("a", "Show what came after", href=further)) if further else NOTHING
    return tag("div", tag("ol", days, class_="timeline"), more)


def _day(item: JourneyItem, zone: tzinfo) -> str:
    return words.moment(item.occurred_at, item.precision, zone)[:10]


def _step(item: JourneyItem, campaigns: Mapping[UUID, str], zone: tzinfo) -> Markup:
    subject, _, verb = item.type.partition(".")
    at = words.moment(item.occurred_at, item.precision, zone)[11:] or "that day"
    campaign = campaigns.get(item.campaign_id) if item.campaign_id else None
    facts = [words.plain(item.channel) if item.channel else "", campaign or "", item.detail]
    kind = "outcome" if subject in _OURS else "machine" if item.verdict == "machine" else "touch"
    return tag(
        "li",
        tag("time", at, datetime=item.occurred_at.isoformat()),
        tag("div", tag("b", f"{words.plain(subject)} {verb.replace('_', ' ')}"), _verdict(item),
            tag("small", " · ".join(filter(None, facts)))),
        class_=kind, data_key=str(item.event_id),
    )  # fmt: skip


def _verdict(item: JourneyItem) -> Markup:
    if item.verdict is None:
        return NOTHING
    said = f"judged: {_VERDICTS.get(item.verdict, item.verdict)}"
    reasons = ", ".join(words.plain(reason).lower() for reason in item.reasons)
    return tag(
        "span", tag("span", said, class_=f"badge verdict-{item.verdict}"),
        tag("small", reasons) if reasons else None, class_="verdict",
    )  # fmt: skip
