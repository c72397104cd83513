"""A campaign with an e-mail, an SMS and a phone activity, a form, and what people do with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from events.log import Record
from schemas.ids import message_id, named_id
from tests.support.world import World

CAMPAIGN = named_id("test", "campaign")
EMAIL = named_id("test", "email")
SMS = named_id("test", "sms")
PHONE = named_id("test", "phone")
CONTENT = named_id("test", "content")
FORM = named_id("test", "form")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
LINKS = tuple(f"{n:016x}" for n in range(1, 7))
HONEYPOT = LINKS[5]


def person(number: int) -> UUID:
    """A contact's id."""
    return named_id("test", "person", number)


def visitor(number: int) -> UUID:
    """A browser's id."""
    return named_id("test", "visitor", number)


def message(number: int, activity: UUID = EMAIL) -> UUID:
    """The message of an activity to a contact."""
    return message_id(activity, person(number))


def address(number: int) -> str:
    """A contact's e-mail address."""
    return f"person{number}@example.com"


def hit(agent: str = BROWSER, method: str = "GET", ip: str = "192.0.2.0") -> dict[str, Any]:
    """A request behind an interaction."""
    return {"user_agent": agent, "method": method, "ip": ip}


def planned(world: World) -> list[Record]:
    """The decisions that set the campaign up."""
    goal = {"type": "order.placed", "where": [{"prop": "product_id", "op": "eq", "value": "offer"}]}
    records = [
        world.decision(
            "campaign.created",
            {"name": "Offer", "kind": "standard", "currency": "EUR",
             "fields": {"goal_event": goal, "goal_window": "P30D", "code": "OFFER",
                        "budget": {"amount": "500", "currency": "EUR"},
                        "misc_cost": {"amount": "100", "currency": "EUR"}}},
            f"campaign:{CAMPAIGN}", 1, CAMPAIGN,
        )
    ]  # fmt: skip
    for activity, channel in ((EMAIL, "email"), (SMS, "sms"), (PHONE, "phone")):
        records.append(
            world.decision(
                "activity.planned",
                {"activity_id": str(activity), "campaign_id": str(CAMPAIGN),
                 "kind": "distribution", "channel": channel,
                 "fields": {"content_version_id": str(CONTENT)} if activity == EMAIL else {}},
                f"activity:{activity}", 1, CAMPAIGN,
            )
        )  # fmt: skip
    entries = [
        ("content_version", str(CONTENT), {"content_version_id": str(CONTENT), "name": "Letter",
                                           "links": list(LINKS[:5])}),
        ("form", str(FORM), {"form_id": str(FORM), "name": "Form", "campaign_id": str(CAMPAIGN),
                             "redirect_url": "https://example.com/thanks"}),
        ("tracking_number", "+442079460000", {"number": "+442079460000",
                                              "campaign_id": str(CAMPAIGN)}),
    ]  # fmt: skip
    for registry, entry_id, changes in entries:
        records.append(
            world.decision(
                "registry.changed",
                {"registry": registry, "entry_id": entry_id, "changes": changes},
                f"registry:{registry}/{entry_id}", 1, None,
            )
        )  # fmt: skip
    return records


def contact(world: World, number: int) -> Record:
    """A contact comes into being."""
    data = {"id": str(person(number)), "changes": {"email": [address(number)], "country": "PL"}}
    return world.fact("contact.created", data, f"contact-{number}")


def sent(world: World, number: int, at: int) -> list[Record]:
    """An e-mail is sent and delivered two minutes later."""
    named = {"message_id": str(message(number)), "provider": "p", "address": address(number)}
    return [
        world.fact(
            "email.sent",
            {**named, "activity_id": str(EMAIL), "content_version_id": str(CONTENT),
             "provider_message_id": f"m{number}"},
            f"sent-{number}", at=at, recipient=person(number),
        ),
        world.fact(
            "email.delivered", named, f"delivered-{number}", at=at + 120_000,
            recipient=person(number),
        ),
    ]  # fmt: skip


def opened(world: World, number: int, at: int, agent: str = BROWSER, name: str = "") -> Record:
    """The pixel of an e-mail is fetched."""
    data = {"message_id": str(message(number)), "hit": hit(agent)}
    return world.fact(
        "email.opened", data, f"open-{number}-{at}{name}", at=at, recipient=person(number)
    )


def clicked(
    world: World, number: int, at: int, link: str = LINKS[0], agent: str = BROWSER,
    kind: str = "content", **request: Any,
) -> Record:  # fmt: skip
    """A link of an e-mail is followed."""
    data = {
        "message_id": str(message(number)), "link_id": link, "link_kind": kind,
        "url": "https://example.com/", "hit": hit(agent, **request),
    }  # fmt: skip
    return world.fact(
        "email.clicked", data, f"click-{number}-{link}-{at}", at=at, recipient=person(number)
    )


def form_seen(world: World, number: int, at: int) -> Record:
    """A browser shows the form."""
    data = {"form_id": str(FORM), "visitor_id": str(visitor(number)),
            "url": "https://example.com/form", "hit": hit()}  # fmt: skip
    return world.fact("form.visited", data, f"visit-{number}-{at}", at=at)


def form_sent(world: World, number: int, at: int) -> Record:
    """A browser sends the form with the contact's address."""
    data = {
        "form_id": str(FORM), "visitor_id": str(visitor(number)), "hit": hit(),
        "url": "https://example.com/form", "submission_id": f"s-{number}-{at}",
        "fields": {"email": address(number)}, "address": address(number),
    }  # fmt: skip
    return world.fact("form.submitted", data, f"form-{number}-{at}", at=at)


def called(
    world: World, number: int, at: int, direction: str = "in", kind: str = "call.completed"
) -> Record:
    """A call with the contact, on the campaign's number."""
    far, ours = f"+4420794601{number:02d}", "+442079460000"
    data: dict[str, Any] = {
        "call_id": f"c-{number}-{at}", "direction": direction, "duration_s": 60, "attempts": 2,
        "from": far if direction == "in" else ours, "to": ours if direction == "in" else far,
    }  # fmt: skip
    if direction == "in":
        data["tracking_number"] = ours
    else:
        data |= {"message_id": str(message(number, PHONE)), "activity_id": str(PHONE),
                 "line": "cellular"}  # fmt: skip
    recipient = person(number) if direction == "out" else None
    return world.fact(kind, data, f"call-{number}-{at}-{direction}", at=at, recipient=recipient)


def ordered(world: World, number: int, at: int, product: str = "offer") -> Record:
    """The contact orders something."""
    data = {"order_id": f"o-{number}-{at}", "product_id": product, "category": "goods",
            "total": {"amount": "10", "currency": "EUR"}}  # fmt: skip
    return world.fact("order.placed", data, f"order-{number}-{at}", at=at, recipient=person(number))
