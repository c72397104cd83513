"""Promotion rules: which interactions become campaign responses (R9, R10).

The rules below are in force in every workspace from the beginning. A workspace changes one by
publishing a new version of the definition with the same id, and adds its own under new ids.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.channels import Channel
from schemas.decisions.response import ResponseCode, ResponseType
from schemas.fields import Model, Prop
from schemas.ids import named_id

Anchor = Literal["event", "message", "call", "webinar", "share_visitor", "submission"]


class PromotionRule(Model):
    """Makes a response out of an event of one of ``events`` for which all of ``where`` hold.

    ``campaigns`` limits the rule to some campaigns; ``order`` decides which rule an event that
    several match goes to (lowest first).
    """

    enabled: bool = True
    order: Annotated[int, Field(ge=0, le=10_000)] = 1000
    events: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    where: Annotated[tuple[Prop, ...], Field(max_length=20)] = ()
    campaigns: tuple[UUID, ...] | None = None
    anchor: Anchor = "event"
    response_type: ResponseType
    channel: Channel
    code: ResponseCode | None = None
    subject: Annotated[str, Field(min_length=1, max_length=150)] = "Response"


class VersionedRule(Model):
    """A promotion rule with the definition it is."""

    rule_id: UUID
    version: int
    rule: PromotionRule


def rule_id(name: str) -> UUID:
    """The definition id of a built-in rule."""
    return named_id("promotion", name)


def _rule(
    order: int, name: str, kind: ResponseType, channel: Channel, subject: str,
    *events: str, where: tuple[Prop, ...] = (), anchor: Anchor = "event",
) -> VersionedRule:  # fmt: skip
    rule = PromotionRule(
        order=order, events=events, where=where, anchor=anchor, response_type=kind,
        channel=channel, subject=subject,
    )  # fmt: skip
    return VersionedRule(rule_id=rule_id(name), version=1, rule=rule)


def _is(prop: str, value: str) -> Prop:
    return Prop(prop=prop, op="eq", value=value)


_CONTENT = (_is("link_kind", "content"),)
_INBOUND = (_is("direction", "in"), Prop(prop="tracking_number", op="not_null"))

BUILT_IN: tuple[VersionedRule, ...] = (
    _rule(10, "share", "share", "social", "Arrived by a shared link",
          "form.submitted", "page.viewed", anchor="share_visitor",
          where=(Prop(prop="share_id", op="not_null"),)),
    _rule(20, "webinar-registered", "registration", "event", "Registered for an event",
          "webinar.registered", anchor="webinar"),
    _rule(21, "webinar-attended", "attendance", "event", "Attended an event",
          "webinar.attended", anchor="webinar"),
    _rule(30, "promotion-code", "redemption", "promo_code", "Redeemed a promotion code",
          "promo_code.redeemed"),
    _rule(40, "form", "form", "web_form", "Sent a form", "form.submitted", anchor="submission"),
    _rule(50, "reply", "reply", "email", "Replied to a mail", "email.replied"),
    _rule(60, "email-click", "click", "email", "Clicked in a mail", "email.clicked",
          where=_CONTENT, anchor="message"),
    _rule(61, "sms-click", "click", "sms", "Clicked in a text message", "sms.clicked",
          where=_CONTENT, anchor="message"),
    _rule(62, "push-click", "click", "push", "Clicked in a push message", "push.clicked",
          where=_CONTENT, anchor="message"),
    _rule(70, "sms", "sms", "sms", "Sent a text message", "sms.received",
          where=(Prop(prop="keyword", op="in", value=["campaign", "none"]),)),
    _rule(80, "call", "call", "phone", "Called", "call.completed", "call.missed",
          "call.voicemail_left", where=_INBOUND, anchor="call"),
)  # fmt: skip
