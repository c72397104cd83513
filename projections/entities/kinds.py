"""Types of events as bits: a type is looked at once, then conditions ask bits.

Comparing texts in each of 30 conditions took a third of a rebuild's time.
"""

from __future__ import annotations

from functools import cache

from schemas.catalogue import load_all

GROUPS: dict[str, tuple[str, ...]] = {
    "sent": ("email.sent", "sms.sent", "push.sent", "call.started"),
    "opens": ("email.opened", "push.opened"),
    "clicks": ("email.clicked", "sms.clicked", "push.clicked"),
    "lost": ("sms.failed", "push.failed", "call.missed", "call.failed", "call.voicemail_left"),
    "delivered": ("email.delivered", "sms.delivered", "sms.read", "email.delivery_assumed",
                  "call.completed"),
    "other_notices": ("email.deferred", "call.answered"),
    "bounced": ("email.bounced",),
    "replies": ("email.replied", "sms.received"),
    "stops": ("email.unsubscribed", "consent.withdrawn"),
    "texts": ("sms.received",),
    "complained": ("email.complained",),
    "autoresponded": ("email.autoresponded",),
    "rejected": ("email.rejected",),
    "excluded": ("recipient.excluded",),
    "prepared": ("message.prepared",),
    "completed": ("call.completed",),
    "pushed": ("push.sent",),
}  # fmt: skip


def kind_of(column: str) -> str:
    """The bits of a column of types."""
    names = ", ".join(f"'{name}'" for name in _bits())
    bits = ", ".join(str(number) for number in _bits().values())
    return f"transform({column}, [{names}], [{bits}], 0)"


def any_of(*groups: str) -> str:
    """The condition that ``kind`` is of one of the groups; ``named`` is one too."""
    order = (*GROUPS, "named")
    return f"bitAnd(kind, {sum(1 << order.index(group) for group in groups)}) != 0"


@cache
def _bits() -> dict[str, int]:
    """The groups of each type as a number."""
    found: dict[str, int] = {}
    names = sorted({entry.name for entry in load_all()})
    for place, types in enumerate((*GROUPS.values(), tuple(filter(_names_its_person, names)))):
        for name in types:
            found[name] = found.get(name, 0) | 1 << place
    return found


def _names_its_person(name: str) -> bool:
    """Whether an event of this type is keyed by the person that the message was for."""
    told = name in ("message.prepared", "recipient.excluded")
    return told or name.startswith("call.") or name.endswith(".sent")
