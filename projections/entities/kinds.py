"""What may happen to a message, as bits: an event is looked at once, then conditions ask its bits.

Comparing texts in each of 30 conditions took a third of a rebuild's time; spelling out verdicts and
reasons in each took a quarter of the time in which the engine analyses an increment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from schemas.catalogue import load_all

HUMAN, MACHINE, PROXY, UNKNOWN = 1, 2, 3, 4
"""Verdicts, as the column store numbers them; 0 is none yet."""
_VERDICTS = (0, HUMAN, MACHINE, PROXY, UNKNOWN)
_OPENS = ("email.opened", "push.opened")
_CLICKS = ("email.clicked", "sms.clicked", "push.clicked")


@dataclass(frozen=True, slots=True)
class Happening:
    """A condition on an event: all that is said of it holds."""

    types: tuple[str, ...]
    verdicts: tuple[int, ...] = _VERDICTS
    reasons: tuple[str, ...] = ()
    """Those that count; none: all do but ``other_than``."""
    other_than: tuple[str, ...] = ()
    is_final: bool = False

    def has_reason(self, reason: str | None) -> bool:
        """Whether it may be for this reason; None is one that no happening names."""
        return reason in self.reasons if self.reasons else reason not in self.other_than


HAPPENINGS = {
    "prepared": Happening(("message.prepared",)),
    "sent": Happening(("email.sent", "sms.sent", "push.sent", "call.started")),
    "pushed": Happening(("push.sent",)),
    "lost": Happening(("sms.failed", "push.failed", "call.missed", "call.failed",
                       "call.voicemail_left")),
    "delivered": Happening(("email.delivered", "sms.delivered", "sms.read",
                            "email.delivery_assumed", "call.completed")),
    "completed": Happening(("call.completed",)),
    "other_notices": Happening(("email.deferred", "call.answered")),
    "bounced": Happening(("email.bounced",)),
    "hard": Happening(("email.bounced",), reasons=("hard",)),
    "soft": Happening(("email.bounced",), other_than=("hard",), is_final=True),
    "rejected": Happening(("email.rejected",)),
    "excluded": Happening(("recipient.excluded",)),
    "replied": Happening(("email.replied", "sms.received"), other_than=("stop", "start", "help")),
    "stopped": Happening(("email.unsubscribed", "consent.withdrawn")),
    "stop_text": Happening(("sms.received",), reasons=("stop",)),
    "complained": Happening(("email.complained",)),
    "autoresponded": Happening(("email.autoresponded",)),
    "opened_any": Happening(_OPENS),
    "opened": Happening(_OPENS, (HUMAN,)),
    "unmeasurable": Happening(_OPENS, (PROXY, UNKNOWN)),
    "human_hit": Happening((*_OPENS, *_CLICKS), (HUMAN,)),
    "proof_hit": Happening((*_OPENS, *_CLICKS), (HUMAN, PROXY, UNKNOWN)),
    "content_click": Happening(_CLICKS, (HUMAN,), reasons=("content",)),
}  # fmt: skip
_NAMED = "named"
_ORDER = (*HAPPENINGS, _NAMED)


def happened(*names: str) -> str:
    """The condition that one of the happenings is among ``bits``; ``named`` is one too."""
    return f"bitAnd(bits, {_number(name in names for name in _ORDER)}) != 0"


def bits_of(kind: str, verdict: str, reason: str, final: str) -> str:
    """The bits of an event, from the columns of its type, number of verdict, reason, finality."""
    ones = HAPPENINGS.values()
    reasons = sorted({name for one in ones for name in (*one.reasons, *one.other_than)})
    by_verdict = {number: _those(number in one.verdicts for one in ones) for number in _VERDICTS}
    by_reason = {name: _those(one.has_reason(name) for one in ones) for name in reasons}
    other = _those(one.has_reason(None) for one in ones)
    is_final, is_not = _those(True for _ in ones), _those(not one.is_final for one in ones)
    return (
        f"bitAnd(bitAnd({_transform(kind, _bits_of_types(), 0)}, "
        f"{_transform(verdict, by_verdict, 0)}), bitAnd({_transform(reason, by_reason, other)}, "
        f"if({final}, {is_final}, {is_not})))"
    )


def _transform(column: str, known: dict[str, int] | dict[int, int], other: int) -> str:
    return f"transform({column}, {[*known]}, {[*known.values()]}, {other})"


def _those(hold: Iterable[bool]) -> int:
    """The happenings for which something holds; that an event names its person always does."""
    return _number((*hold, True))


def _number(bits: Iterable[bool]) -> int:
    return sum(1 << place for place, bit in enumerate(bits) if bit)


@cache
def _bits_of_types() -> dict[str, int]:
    """What an event of each type may be, whatever else is said of it."""
    names = sorted({entry.name for entry in load_all()})
    found = {
        name: _number(
            (*(name in one.types for one in HAPPENINGS.values()), _names_its_person(name))
        )
        for name in names
    }
    return {name: number for name, number in found.items() if number}


def _names_its_person(name: str) -> bool:
    """Whether an event of this type is keyed by the person that the message was for."""
    told = name in ("message.prepared", "recipient.excluded")
    return told or name.startswith("call.") or name.endswith(".sent")
