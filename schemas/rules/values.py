"""The values a rule is made of: read, or told as faults at their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.durations import DurationText, parse_duration
from schemas.errors import Fault, InvalidInput
from schemas.fields import Model
from schemas.instants import parse_instant
from schemas.rules.language import Last

LONGEST_TEXT = 500


class _Bounded(Model):
    text: DurationText


class Values:
    """A fault ends the reading of its part; it is noted, and the next part is read."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def names(self, body: Any, at: str, needed: set[str], allowed: set[str]) -> None:
        if not isinstance(body, dict):
            self.fail(at, f"Give an object with {', '.join(sorted(needed))}.")
        for name in sorted(body.keys() - allowed):
            self.note(f"{at}/{name}", f"Unknown here; {', '.join(sorted(allowed))} are known.")
        missing = sorted(needed - body.keys())
        if missing:
            self.fail(at, f"{', '.join(missing)} must be given.")

    def each(self, items: list[Any], read: Callable[[Any, int], Any]) -> tuple[Any, ...]:
        """Read every item, also behind one that is wrong."""
        found, wrong = [], False
        for index, item in enumerate(items):
            try:
                found.append(read(item, index))
            except InvalidInput as error:
                self.faults += error.faults
                wrong = True
        if wrong:
            raise InvalidInput("Parts of it are wrong, and noted.")
        return tuple(found)

    def note(self, at: str, detail: str) -> None:
        self.faults.append(Fault(at, detail))

    def fail(self, at: str, detail: str) -> NoReturn:
        raise InvalidInput(detail, (Fault(at, detail),))

    def single(self, value: Any, at: str) -> None:
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            self.fail(at, f"A text has {LONGEST_TEXT} characters at most.")
        is_money = isinstance(value, dict) and {"amount", "currency"} <= value.keys()
        if not isinstance(value, str | int | float | bool) and not is_money:
            self.fail(at, "A value is a text, a number, true, false, or money.")

    def duration(self, value: Any, at: str) -> Last:
        text = self.text(value, at)
        try:
            _Bounded(text=text)
        except ValueError:
            self.fail(at, f"{text[:40]!r} is no ISO 8601 duration such as P30D, 100 years at most.")
        duration = parse_duration(text)
        if not any(duration):
            self.fail(at, "A duration of nothing is no window.")
        return Last(duration, text)

    def instant(self, value: Any, at: str) -> int:
        text = self.text(value, at)
        try:
            return parse_instant(text)
        except ValueError:
            self.fail(at, f"{text[:40]!r} is no RFC 3339 time such as 2026-01-01T00:00:00Z.")

    def number(self, value: Any, at: str) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(at, "Give a number.")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            self.fail(at, "Give a finite number.")
        return number

    def zone(self, value: Any) -> ZoneInfo:
        name = self.text(value, "/tz")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                "/tz", f"There is no time zone {name[:60]!r}; name one such as Europe/Warsaw."
            )

    def text(self, value: Any, at: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
            self.fail(at, f"Give a text of 1 to {LONGEST_TEXT} characters.")
        return value

    def one_of(self, value: Any, at: str, allowed: Sequence[str]) -> str:
        if not isinstance(value, str) or value not in allowed:
            self.fail(at, f"Give one of {', '.join(allowed)}.")
        return value
