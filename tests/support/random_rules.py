"""Rules and histories by chance: small worlds, so that what matters coincides often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from projections.rules.history import (
    Allowed,
    Done,
    History,
    Listed,
    Related,
    Said,
    Tie,
    Verdict,
    with_others,
)
from schemas.instants import parse_instant
from schemas.rules.language import Rule
from schemas.rules.parsing import parse_rule

STATIC = UUID(int=1)
DYNAMIC = UUID(int=2)
NAMES = {"static": STATIC, "dynamic": DYNAMIC}
ZONES = ("UTC", "Europe/Warsaw", "America/New_York")
DAYS = ("2024-02-28", "2024-02-29", "2024-03-30", "2024-03-31", "2024-04-30", "2024-10-26",
        "2024-10-27", "2024-11-03", "2025-02-28")  # fmt: skip
TIMES = ("00:00:00", "00:30:00", "01:30:00", "06:59:59.999", "07:00:00", "23:59:59")
DURATIONS = ("P1D", "P1M", "P30D", "P1W", "PT1H", "P1Y", "P1DT12H")
TEXTS = ("PL", "DE", "2024-03-31", "2024-10-27T01:30:00Z")
NUMBERS = (0, 10, 11, 12.5, 100, -5)
FIELDS = ("region", "attributes.size", "attributes.since")
_COUNTED = ("eq", "lt", "le", "gt", "ge")
_DAY = 86_400_000
T = TypeVar("T")


class Chance:
    """Makes everything from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a case is to be repeatable
        self._events = 0

    def one(self, *of: T) -> T:
        return self._random.choice(of)

    def some(self, make: Callable[[], T], least: int = 0, most: int = 4) -> list[T]:
        return [make() for _ in range(self._random.randint(least, most))]

    def shuffle(self, ones: list[Any]) -> None:
        self._random.shuffle(ones)

    def instant(self) -> int:
        return parse_instant(f"{self.one(*DAYS)}T{self.one(*TIMES)}Z")

    # Rules

    def rule(self) -> Rule:
        """A rule over accounts that may read a static and a dynamic list."""
        return parse_rule(self._rule(), NAMES.get, lambda _score: True)

    def rule_without_lists(self) -> Rule:
        """One that reads no dynamic list."""
        return parse_rule(self._rule(), dict.fromkeys(NAMES, STATIC).get, lambda _score: True)

    def _rule(self) -> dict[str, Any]:
        where = self.expression(self.one(0, 1, 1, 2), related=True)
        return {"v": 1, "member": "account", "tz": self.one(*ZONES), "where": where}

    def expression(self, depth: int, *, related: bool) -> dict[str, Any]:
        if depth:
            parts = self.some(lambda: self.expression(depth - 1, related=related), 1, 3)
            return self.one({"all": parts}, {"any": parts}, {"not": parts[0]})
        leaves = [self._field, self._age, self._did, self._trend, self._consent, self._score,
                  self._in_list]  # fmt: skip
        return self.one(*leaves, *([self._has] * 2 if related else []))()

    def _count(self) -> dict[str, Any]:
        return self.one({}, {"count": {"op": self.one(*_COUNTED), "n": self.one(0, 1, 2, 3)}})

    def _compared(self) -> dict[str, Any]:
        value = self.one(*TEXTS, *NUMBERS, True)
        plain = {"op": self.one("eq", "ne", "lt", "le", "gt", "ge"), "value": value}
        more = [self.one(*TEXTS, *NUMBERS, False) for _ in range(2)]
        return self.one(
            plain, plain, {"op": "in", "value": more}, {"op": "between", "value": more},
            {"op": self.one("is_null", "not_null")},
        )  # fmt: skip

    def _field(self) -> dict[str, Any]:
        return {"field": self.one(*FIELDS), **self._compared()}

    def _age(self) -> dict[str, Any]:
        op = self.one("older_than", "younger_than")
        return {"field": "attributes.since", "op": op, "value": self.one(*DURATIONS)}

    def _did(self) -> dict[str, Any]:
        window: dict[str, Any] = self.one(
            {}, {"last": self.one(*DURATIONS)}, {"last": self.one(*DURATIONS)},
            {"from": "2024-03-01T00:00:00Z", "to": "2024-10-27T01:30:00Z"},
            {"from": "2024-03-31T01:30:00Z"},
        )  # fmt: skip
        where = {"where": [{"prop": "link_group", **self._compared()}]}
        return {
            "did": "email.clicked", **self._count(), **({"within": window} if window else {}),
            **self.one({}, where), **self.one({}, {"verdict": "any"}),
        }  # fmt: skip

    def _has(self) -> dict[str, Any]:
        where = {"where": self.expression(self.one(0, 1), related=False)}
        return {"has": "contacts", **self.one(where, where, {}), **self._count()}

    def _trend(self) -> dict[str, Any]:
        return {
            "trend": "attributes.size", "over": self.one(*DURATIONS),
            "op": self.one("rising", "falling", "flat"), "by": self.one(0, 1, 10, 12.5),
            "unit": self.one("percent", "absolute"),
        }  # fmt: skip

    def _consent(self) -> dict[str, Any]:
        state = self.one("granted", "withdrawn")
        return {"consent": self.one("email", "sms"), "purpose": "marketing", "is": state}

    def _score(self) -> dict[str, Any]:
        op = self.one("lt", "le", "gt", "ge")
        return {"score": "engagement", "op": op, "value": self.one(10, 40)}

    def _in_list(self) -> dict[str, Any]:
        as_of = self.one({}, {"as_of": "2024-03-31T01:30:00Z"})
        return {"in_list": self.one("static", "dynamic"), **as_of}

    # Histories

    def history(self, depth: int = 1) -> History:
        """A record, with related ones, and now and then with others that are the same."""
        kin = [self._kin(depth, number) for number in range(self.one(0, 0, 0, 0, 0, 1, 2))]
        gone = self._ties() if self.one(True, False, False, False) else ()
        return with_others(self._alone(depth), kin, gone, kin)

    def _kin(self, depth: int, number: int) -> Related:
        # What another record is called is in its ledger's name and in those of its lists.
        alone = self._alone(
            self.one(0, depth), f"kin {depth} {number}", self.one("account", "contact")
        )
        gone = self._ties() if self.one(True, False) else ()
        allowed = tuple(replace(one, record=f"{number}{one.record}") for one in alone.allowed)
        return Related(replace(alone, allowed=allowed, gone=gone, truths={}, _values={}),
                       self._ties())  # fmt: skip

    def _ties(self) -> tuple[Tie, ...]:
        return self._dated(lambda at, event: Tie(at, self.one(True, True, False), event))

    def _alone(self, depth: int, name: str = "x", kind: str = "account") -> History:
        related = self.some(self._related, 0, 3) if depth else []
        return History(
            id=name,
            kind=kind,
            said={"region": self._said(*TEXTS, None), "attributes.size": self._said(*NUMBERS),
                  "attributes.since": self._said("2024-03-31", "2024-10-27T01:30:00Z", None, 5)},
            done={"email.clicked": self._dated(self._done)},
            related={"contacts": tuple(related)},
            allowed=self._dated(self._allowed),
            listed={str(STATIC): self._dated(lambda at, e: Listed(at, self.one(True, False), e))},
            scored={"engagement": self._said(0, 10, 40, 50)},
            begins=self.one(None, Said(self.instant(), None, self._event())),
        )  # fmt: skip

    def _event(self) -> str:
        self._events += 1
        return f"e{self._events}"

    def _dated(self, make: Callable[[int, str], T], most: int = 4) -> tuple[T, ...]:
        moments = sorted(self.instant() for _ in range(self._random.randint(0, most)))
        return tuple(make(at, self._event()) for at in moments)

    def _said(self, *values: Any) -> tuple[Said, ...]:
        return self._dated(lambda at, event: Said(at, self.one(*values), event))

    def _related(self) -> Related:
        return Related(self.history(0), self._ties())

    def _done(self, at: int, event: str) -> Done:
        props = self.one({}, {"link_group": self.one(*TEXTS, *NUMBERS, None, True)})
        verdicts = self._dated(lambda a, e: Verdict(a, self.one(True, False), e), 2)
        return Done(at, event, props, self.one(True, False), verdicts)

    def _allowed(self, at: int, event: str) -> Allowed:
        is_day = self.one(True, False)
        return Allowed(
            at - at % _DAY if is_day else at, event, self.one("email", "sms", "all"),
            self.one("marketing", "marketing", "other"), self.one(True, False),
            self.one("a", "b"), is_day,
        )  # fmt: skip
