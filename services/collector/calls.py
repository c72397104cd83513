"""A call of an analytics script (the Segment shape; interfaces, section 2.1), read and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from schemas.errors import Fault, InvalidInput
from schemas.instants import CLOCK_TOLERANCE, EARLIEST, Instant, parse_instant

Kind: TypeAlias = Literal["track", "page", "screen", "identify", "group", "alias"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
LONGEST_ID = 200
LONGEST_MESSAGE_ID = 100
_LONGEST_TIME = 100
# What a batch says once for all of its items.
_SHARED = ("context", "integrations")

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, what, and the clocks it was told by."""

    kind: Kind
    name: str
    message_id: str | None
    visitor: str | None
    user: str | None
    group: str | None
    previous: str | None
    properties: Data
    traits: Data
    context: Data
    original: str | None
    sent: str | None

    def time(self, received: Instant) -> Instant | None:
        """When it happened by the sender's clock, corrected by what that clock was off.

        ``None`` if the clocks cannot be read or lead to a time that nobody could believe.
        """
        original, sent = _instant(self.original), _instant(self.sent)
        if original is None:
            return None
        corrected = Instant(received - (sent - original)) if sent is not None else original
        return corrected if EARLIEST <= corrected <= received + CLOCK_TOLERANCE else None


def items_of(body: Any) -> list[Any]:
    """The calls in a body, one or a batch; what a batch says for all is put into each.

    Raises ``InvalidInput``.
    """
    if not isinstance(body, dict):
        raise InvalidInput("Send an object: one call, or {'batch': [...]}.")
    if "batch" not in body:
        return [body]
    batch = body["batch"]
    if not isinstance(batch, list):
        detail = "A batch is a list of calls."
        raise InvalidInput(detail, (Fault("/batch", detail),))
    return [_whole(item, body) for item in batch]


def _whole(item: Any, batch: Data) -> Any:
    if not isinstance(item, dict):
        return item
    shared = {
        name: {**batch[name], **(item[name] if isinstance(item.get(name), dict) else {})}
        for name in _SHARED
        if isinstance(batch.get(name), dict)
    }
    return {"sentAt": batch.get("sentAt"), **item, **shared}


def read_call(item: Any) -> Call:
    """The call that a JSON value is. Raises ``InvalidInput``."""
    if not isinstance(item, dict):
        raise InvalidInput("A call is an object.")
    call = Call(
        kind=_kind(item),
        name=_text(item, "event") or _text(item, "name") or "",
        message_id=_text(item, "messageId", LONGEST_MESSAGE_ID),
        visitor=_text(item, "anonymousId"),
        user=_text(item, "userId"),
        group=_text(item, "groupId"),
        previous=_text(item, "previousId"),
        properties=_object(item, "properties"),
        traits=_object(item, "traits"),
        context=_object(item, "context"),
        original=_time(item, "originalTimestamp") or _time(item, "timestamp"),
        sent=_time(item, "sentAt"),
    )
    faults = tuple(_missing(call))
    if faults:
        raise InvalidInput("The call lacks something that it needs.", faults)
    return call


def _missing(call: Call) -> Iterator[Fault]:
    if call.visitor is None and call.user is None:
        yield Fault("/anonymousId", "Send anonymousId or userId.")
    needed = {
        "track": ("event", call.name), "group": ("groupId", call.group),
        "alias": ("previousId", call.previous), "identify": ("userId", call.user),
    }  # fmt: skip
    name, value = needed.get(call.kind, ("", "x"))
    if not value:
        yield Fault(f"/{name}", f"A call {call.kind} needs {name}.")
    if call.kind == "alias" and call.user is None:
        yield Fault("/userId", "A call alias needs userId.")


def _kind(item: Data) -> Kind:
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        fault = Fault("/type", f"Send one of {', '.join(sorted(KINDS))}.")
        raise InvalidInput("The call is of no known kind.", (fault,))
    return cast("Kind", kind)


def _text(item: Data, name: str, longest: int = LONGEST_ID) -> str | None:
    """An id or a name; some senders write ids as numbers."""
    value = item.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        detail = f"Send at most {longest} printable characters."
        raise InvalidInput(detail, (Fault(f"/{name}", detail),))
    return value.strip() or None


def _object(item: Data, name: str) -> Data:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _time(item: Data, name: str) -> str | None:
    value = item.get(name)
    return value[:_LONGEST_TIME] if isinstance(value, str) and value else None


def _instant(text: str | None) -> Instant | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        return None
