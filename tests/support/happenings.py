"""What can happen to the people of a campaign: one function per kind, for random histories.

Each takes a world, the number of a person and a moment, and answers records. The same arguments
always give the same records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from events.log import Record
from schemas.catalogue import Topic
from schemas.ids import named_id, response_id
from schemas.promotion import rule_id
from tests.support import campaign as c
from tests.support.world import World

PUSH = named_id("test", "push")
SHARE = named_id("test", "share")
WEBINAR = "w-1"
HOUR = 3_600_000
Happening = Callable[[World, int, int], list[Record]]


def prepared_world(world: World) -> list[Record]:
    """What must be in force before any fact: rules by which opens and orders are responses too."""
    opens = {"events": ["email.opened"], "response_type": "visit", "channel": "email"}
    orders = {"events": ["order.placed"], "response_type": "other", "channel": "others",
              "code": "interested"}  # fmt: skip
    records = []
    for name, body in (("opens", opens), ("orders", orders)):
        rule = named_id("test", "rule", name)
        records.append(
            world.decision(
                "definition.published",
                {"definition_id": str(rule), "kind": "promotion", "version": 1, "body": body},
                f"definition:{rule}", 1, rule,
            )
        )  # fmt: skip
    return records


def planned(world: World) -> list[Record]:
    """The campaign, with what else belongs to it."""
    push = {"activity_id": str(PUSH), "campaign_id": str(c.CAMPAIGN), "kind": "distribution",
            "channel": "push", "fields": {}}  # fmt: skip
    share = {"share_id": str(SHARE), "campaign_id": str(c.CAMPAIGN), "network": "x"}
    webinar = {"webinar_id": WEBINAR, "campaign_id": str(c.CAMPAIGN), "name": "Webinar"}
    return [
        *c.planned(world),
        world.decision("activity.planned", push, f"activity:{PUSH}", 1, c.CAMPAIGN),
        *(
            world.decision(
                "registry.changed", {"registry": name, "entry_id": entry, "changes": changes},
                f"registry:{name}/{entry}", 1, None,
            )
            for name, entry, changes in (
                ("share", str(SHARE), share), ("webinar", WEBINAR, webinar),
            )
        ),
    ]  # fmt: skip


def mobile(number: int) -> str:
    """A contact's telephone number."""
    return f"+4477009000{number:02d}"


def _fact(
    world: World, kind: str, data: dict[str, Any], number: int, at: int, **more: Any
) -> Record:
    named = more.pop("named", "")
    return world.fact(kind, data, f"{kind}-{number}-{at}{named}", at=at, **more)


def _neighbor(number: int) -> int:
    return (number + 1) % 3


def opened_by_provider_id(world: World, number: int, at: int) -> list[Record]:
    """Hits and notices that name the message by its provider's id only."""
    named = {"provider": "p", "provider_message_id": f"m{number}"}
    click = {"link_id": c.LINKS[0], "link_kind": "content", "url": "https://example.com/"}
    return [
        _fact(world, "email.opened", {**named, "hit": c.hit()}, number, at, named="by-id"),
        _fact(world, "email.clicked",
              {**named, **click, "hit": c.hit(), "address": c.address(number)},
              number, at + 90_000, named="by-id"),
    ]  # fmt: skip


def noticed_by_provider_id(kind: str, **data: Any) -> Happening:
    """A notice that names the message by its provider's id only."""

    def happen(world: World, number: int, at: int) -> list[Record]:
        named = {"provider": "p", "provider_message_id": f"m{number}", **data}
        return [_fact(world, kind, named, number, at, named="by-id")]

    return happen


def sent_under_a_taken_id(world: World, number: int, at: int) -> list[Record]:
    """A second message under the provider's id of the first."""
    other = c.message(number, named_id("test", "email", "second"))
    data = {"message_id": str(other), "activity_id": str(c.EMAIL), "provider": "p",
            "content_version_id": str(c.CONTENT), "provider_message_id": f"m{number}",
            "address": c.address(number)}  # fmt: skip
    return [_fact(world, "email.sent", data, number, at, recipient=c.person(number), named="again")]


def bounced(world: World, number: int, at: int) -> list[Record]:
    """A mail comes back, for good or not."""
    data = {"message_id": str(c.message(number)), "class": ("hard", "soft", "block")[at % 3],
            "final": at % 2 == 0, "code": "550", "reason": "no"}  # fmt: skip
    return [_fact(world, "email.bounced", data, number, at, recipient=c.person(number))]


def refused(world: World, number: int, at: int) -> list[Record]:
    """The provider does not take a mail."""
    data = {"message_id": str(c.message(number)), "reason": "blocked"}
    return [_fact(world, "email.rejected", data, number, at, recipient=c.person(number))]


def replied(world: World, number: int, at: int) -> list[Record]:
    """A reply, which a person looks at, classifies and converts."""
    data = {"message_id": str(c.message(number)), "provider": "p", "thread_id": "t",
            "provider_message_id": f"r{number}-{at}", "text": "Yes"}  # fmt: skip
    fact = _fact(world, "email.replied", data, number, at, recipient=c.person(number))
    name = response_id(world.workspace, c.CAMPAIGN, rule_id("reply"), fact.event_id)
    lead = named_id(name, "lead", 0)
    return [fact, *_decided(world, name, number, at, lead), *_lead(world, lead, name, at)]


def _decided(world: World, name: UUID, number: int, at: int, lead: UUID) -> list[Record]:
    target = {"kind": "lead", "id": str(lead)}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("response.reviewed", {}),
        ("response.classified", {"code": "interested", "classified_by": "user"}),
        ("response.routed", {"target": "sales"}),
        ("response.converted", {"target": target, "kind": "lead", "ordinal": 0, "matched": False}),
        ("followup.recorded", {"medium": "email"}),
        ("conversion.reversed", {"target": target, "reason": "A mistake."}),
    ]
    return [
        world.decision(kind, {"response_id": str(name), **data}, f"response:{name}", i + 1,
                       c.person(number), at + i * 60_000)
        for i, (kind, data) in enumerate(steps[: 1 + at // 60_000 % len(steps)])
    ]  # fmt: skip


def _lead(world: World, lead: UUID, name: UUID, at: int) -> list[Record]:
    sale = {"opportunity_id": str(named_id(lead, "sale")),
            "customer": {"kind": "contact", "id": str(c.person(0))}}  # fmt: skip
    won = {**sale, "lead_id": str(lead), "actual_value": {"amount": "99.5", "currency": "EUR"}}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("lead.created", {"lead_id": str(lead), "status": 1, "response_id": str(name)}),
        ("lead.contacted", {"lead_id": str(lead), "status": 2}),
        ("opportunity.created", {**sale, "campaign_id": str(c.CAMPAIGN)}),
        ("opportunity.won", won),
        ("opportunity.lost", sale),
    ]
    return [
        world.fact(kind, data, f"{kind}-{lead}", at=at + i * HOUR)
        for i, (kind, data) in enumerate(steps[: at // 60_000 % 6])
    ]


def manual_response(world: World, number: int, at: int) -> list[Record]:
    """A person enters a response, which is canceled or routed."""
    name = response_id(world.workspace, c.CAMPAIGN, "manual", number, at)
    customer = {"kind": "contact", "id": str(c.person(number))}
    captured = {"response_id": str(name), "campaign_id": str(c.CAMPAIGN), "subject": "Said so",
                "type": "other", "channel": "others", "source": "manual",
                "customer": customer}  # fmt: skip
    step = ("response.canceled", {}) if at % 2 else ("response.routed", {"target": "service"})
    return [
        world.decision("response.captured", captured, f"response:{name}", 1, c.person(number), at),
        world.decision(step[0], {"response_id": str(name), **step[1]}, f"response:{name}", 2,
                       c.person(number), at + 60_000),
    ]  # fmt: skip


def identified(world: World, number: int, at: int) -> list[Record]:
    """Somebody is recognized on a browser that others use too."""
    data = {"visitor_id": str(c.visitor(at // 60_000 % 2)), "evidence": "login", "confidence": "1",
            "subject": {"kind": "contact", "id": str(c.person(number))}}  # fmt: skip
    return [_fact(world, "visitor.identified", data, number, at)]


def form_sent_without_address(world: World, number: int, at: int) -> list[Record]:
    """A browser sends the form and says nothing of who it is."""
    data = {"form_id": str(c.FORM), "visitor_id": str(c.visitor(number)), "hit": c.hit(),
            "url": "https://example.com/form", "submission_id": f"a-{number}-{at}",
            "fields": {}}  # fmt: skip
    return [_fact(world, "form.submitted", data, number, at, named="nameless")]


def page_viewed(world: World, number: int, at: int) -> list[Record]:
    """A browser arrives by a shared link."""
    data = {"visitor_id": str(c.visitor(number)), "url": "https://example.com/", "hit": c.hit(),
            "share_id": str(SHARE)}  # fmt: skip
    return [_fact(world, "page.viewed", data, number, at)]


def address_moved(world: World, number: int, at: int) -> list[Record]:
    """A contact's addresses change: it takes those of its neighbor."""
    changes = {"email": [c.address(_neighbor(number))], "mobile": mobile(at // 60_000 % 3)}
    data = {"id": str(c.person(number)), "changes": changes}
    return [_fact(world, "contact.changed", data, number, at)]


def contact_with_mobile(world: World, number: int, at: int) -> list[Record]:
    """A contact's telephone number becomes known, earlier than anything else."""
    data = {"id": str(c.person(number)), "changes": {"mobile": mobile(number)}}
    return [_fact(world, "contact.changed", data, number, at - 90 * 24 * HOUR, named="mobile")]


def texted(world: World, number: int, at: int) -> list[Record]:
    """A text message out, to a number alone, with what became of it."""
    named = {"message_id": str(c.message(number, c.SMS)), "address": mobile(number)}
    sent = {**named, "activity_id": str(c.SMS), "content_version_id": str(c.CONTENT),
            "provider": "q", "provider_message_id": f"s{number}"}  # fmt: skip
    notice: tuple[str, dict[str, Any]] = (
        ("sms.delivered", {}), ("sms.failed", {"code": "30003"}), ("sms.read", {}),
    )[at // 60_000 % 3]  # fmt: skip
    return [
        world.fact("sms.sent", sent, f"sms-sent-{number}", at=at),
        _fact(world, notice[0], {**named, **notice[1]}, number, at + 60_000),
    ]


def text_received(world: World, number: int, at: int) -> list[Record]:
    """A text message in, sometimes one that says stop."""
    data = {"provider_message_id": f"in-{number}-{at}", "from": mobile(number), "to": "+1",
            "text": "Yes", "keyword": ("none", "stop", "help")[at // 60_000 % 3]}  # fmt: skip
    if at // 60_000 % 2:
        data["message_id"] = str(c.message(number, c.SMS))
    return [_fact(world, "sms.received", data, number, at)]


def pushed(world: World, number: int, at: int) -> list[Record]:
    """A push message, with what became of it."""
    named = {"message_id": str(c.message(number, PUSH))}
    sent = {**named, "activity_id": str(PUSH), "content_version_id": str(c.CONTENT),
            "provider": "r", "provider_message_id": f"p{number}"}  # fmt: skip
    notice: tuple[str, dict[str, Any]] = (
        ("push.failed", {"code": "gone"}), ("push.opened", {"hit": c.hit()}),
    )[at // 60_000 % 2]  # fmt: skip
    return [
        world.fact("push.sent", sent, f"push-sent-{number}", at=at, recipient=c.person(number)),
        _fact(world, notice[0], {**named, **notice[1]}, number, at + 60_000,
              recipient=c.person(number)),
    ]  # fmt: skip


def prepared(world: World, number: int, at: int) -> list[Record]:
    """A message is made ready, or its recipient is left out."""
    mine = {"message_id": str(c.message(number, c.SMS)), "activity_id": str(c.SMS)}
    made = {**mine, "campaign_id": str(c.CAMPAIGN), "address": mobile(number)}
    out = {**mine, "reason": ("consent", "holdout", "no_outcome")[at // 60_000 % 3]}
    kind, data = ("message.prepared", made) if at % 2 else ("recipient.excluded", out)
    return [_fact(world, kind, data, number, at, topic=Topic.DECISIONS, recipient=c.person(number))]


def withdrawn(world: World, number: int, at: int) -> list[Record]:
    """A person opts out because of a message."""
    data = {"channel": "email", "purpose": "marketing", "address": c.address(number),
            "source": "page", "message_id": str(c.message(number))}  # fmt: skip
    return [_fact(world, "consent.withdrawn", data, number, at, recipient=c.person(number))]


def at_webinar(world: World, number: int, at: int) -> list[Record]:
    """A registration, its cancellation, or attendance."""
    kind = ("webinar.registered", "webinar.canceled", "webinar.attended")[at // 60_000 % 3]
    data: dict[str, Any] = {"webinar_id": WEBINAR, "mode": "online", "registrant_id": f"g{number}",
                            "address": c.address(number)}  # fmt: skip
    if kind == "webinar.attended":
        data["joined_at"] = "2026-10-01T10:00:00Z"
    return [_fact(world, kind, data, number, at)]


def ordered_by_address(world: World, number: int, at: int) -> list[Record]:
    """An order that names nobody but an address."""
    data = {"order_id": f"oa-{number}-{at}", "product_id": "offer", "category": "goods",
            "total": {"amount": "5", "currency": "EUR"}, "address": c.address(number)}  # fmt: skip
    return [_fact(world, "order.placed", data, number, at, named="by-address")]


def tested(world: World, number: int, at: int) -> list[Record]:
    """A click on trial."""
    data = {"message_id": str(c.message(number)), "link_id": c.LINKS[0], "link_kind": "content",
            "url": "https://example.com/", "hit": c.hit()}  # fmt: skip
    return [_fact(world, "email.clicked", data, number, at, recipient=c.person(number), test=True)]


def weak_click(world: World, number: int, at: int) -> list[Record]:
    """A click without agent or address: human only with a sign of a person soon after."""
    return [c.clicked(world, number, at + 2, link=c.LINKS[2], agent="", ip="")]


HAPPENINGS: tuple[Happening, ...] = (
    lambda w, n, at: [c.opened(w, n, at)],
    lambda w, n, at: [c.opened(w, n, at, agent=c.CRAWLER, name="bot")],
    lambda w, n, at: [c.opened(w, n, at, agent="Mozilla/5.0", name="proxy")],
    lambda w, n, at: [c.clicked(w, n, at)],
    lambda w, n, at: [c.clicked(w, n, at + 1, link=c.LINKS[1])],
    lambda w, n, at: [c.clicked(w, n, at, link=c.HONEYPOT, kind="honeypot")],
    weak_click,
    lambda w, n, at: [c.form_seen(w, n, at)],
    lambda w, n, at: [c.form_sent(w, n, at)],
    lambda w, n, at: [c.called(w, n, at)],
    lambda w, n, at: [c.called(w, n, at, direction="out")],
    lambda w, n, at: [c.ordered(w, n, at)],
    opened_by_provider_id,
    noticed_by_provider_id("email.complained", via="provider", purpose="marketing"),
    noticed_by_provider_id("email.deferred", code="421"),
    sent_under_a_taken_id, bounced, refused, replied, manual_response, identified,
    form_sent_without_address, page_viewed, address_moved, contact_with_mobile, texted,
    text_received, pushed, prepared, withdrawn, at_webinar, ordered_by_address, tested,
)  # fmt: skip
