"""The simulated people of the live campaign, and what each of them will do.

Everything about a person follows from their number, so that a second start finds the same people
doing the same things.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from schemas.ids import named_id
from services.demo.agents import (
    APPLE_PRIVACY,
    BROWSERS,
    GMAIL_PROXY,
    OUTLOOK,
    Origin,
    address_of,
)

PEOPLE = 300

_FIRST = (
    "Ada", "Ben", "Chloe", "Dan", "Elif", "Farah", "Grace", "Hugo", "Ines", "Jonas",
    "Kira", "Liam", "Maya", "Noor", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara",
)  # fmt: skip
_LAST = (
    "Abbott", "Baker", "Clarke", "Dixon", "Evans", "Foster", "Green", "Hughes", "Irving",
    "Jones", "Khan", "Lewis", "Morgan", "Nolan", "Owens", "Parker", "Quill", "Reed",
)  # fmt: skip


class Outcome(Enum):
    """What became of a person's mail."""

    DELIVERED = "delivered"
    HARD_BOUNCE = "hard"
    SOFT_BOUNCE = "soft"


class Machine(Enum):
    """A machine that looks into a mail before or beside its reader."""

    LINK_CHECKER = "link checker"  # follows all links at once, the hidden one too
    HEAD_SCANNER = "head scanner"
    MAIL_SCANNER = "mail scanner"
    SEARCH_ENGINE = "search engine"


class Texting(Enum):
    """What a person texts back."""

    KEYWORD = "keyword"
    QUESTION = "question"
    STOP = "stop"


class Answer(Enum):
    """A mail that comes back."""

    REPLY = "reply"
    OUT_OF_OFFICE = "out of office"


class Call(Enum):
    """How a person's call to the number in the mail ends."""

    SPOKEN = "spoken"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One recipient, and their part in the play.

    ``opens_with`` is the program that fetches the picture when, or before, they read the mail.
    """

    number: int
    first_name: str
    last_name: str
    country: str
    mobile: str
    outcome: Outcome
    opens_with: str | None
    clicks: tuple[int, ...]
    visits_form: bool
    sends_form: bool
    machine: Machine | None
    sms_delivered: bool
    texting: Texting | None
    answer: Answer | None
    call: Call | None
    complains: bool
    unsubscribes: bool

    @property
    def contact_id(self) -> UUID:
        """The person's record."""
        return named_id("demo", "spring-offer", self.number)

    @property
    def visitor_id(self) -> UUID:
        """The person's browser, as the landing page knows it."""
        return named_id("demo", "spring-offer", "visitor", self.number)

    @property
    def email(self) -> str:
        """An address of the domain that is reserved for examples."""
        return f"{self.first_name}.{self.last_name}.{self.number}@example.com".lower()

    @property
    def browser(self) -> Origin:
        """The browser the person follows links with."""
        return Origin(address_of(self.number), BROWSERS[self.number % len(BROWSERS)])

    @property
    def reader(self) -> Origin | None:
        """The program that fetches the mail's picture."""
        if self.opens_with is None:
            return None
        return Origin(address_of(self.number), self.opens_with)

    @property
    def opens_as_human(self) -> bool:
        """Whether the mail counts as opened by a person (R13)."""
        delivered = self.outcome is Outcome.DELIVERED
        return delivered and self.opens_with not in (None, APPLE_PRIVACY)

    @property
    def responses(self) -> int:
        """How many campaign responses come of what the person does, by the built-in rules (R10)."""
        return (
            bool(self.clicks)
            + self.sends_form
            + (self.answer is Answer.REPLY)
            + (self.texting in (Texting.KEYWORD, Texting.QUESTION))
            + (self.call is not None)
        )


def all_people() -> Iterator[Person]:
    """Everybody, in order."""
    return map(person, range(1, PEOPLE + 1))


def person(number: int) -> Person:
    """The person with a number."""
    dice = random.Random(number)  # noqa: S311 - a play that must repeat itself, not a secret
    outcome = _outcome(number)
    machine = _machine(number) if outcome is Outcome.DELIVERED else None
    reads = outcome is Outcome.DELIVERED and dice.random() < 0.55
    opens_with = _reader(number, dice) if reads else None
    # Not behind a link checker: a click seconds after its burst would count as part of it.
    clicks = _clicks(dice) if reads and machine is not Machine.LINK_CHECKER else ()
    visits = bool(clicks) and dice.random() < 0.7
    return Person(
        number=number,
        first_name=dice.choice(_FIRST),
        last_name=dice.choice(_LAST),
        country="US" if number % 4 == 0 else "GB",
        mobile=_mobile(number),
        outcome=outcome,
        opens_with=opens_with,
        clicks=clicks,
        visits_form=visits,
        sends_form=visits and dice.random() < 0.6,
        machine=machine,
        sms_delivered=number % 23 != 0,
        texting=_texting(number),
        answer=_answer(number) if outcome is Outcome.DELIVERED else None,
        call=_CALLS.get(number),
        complains=outcome is Outcome.DELIVERED and number % 149 == 7,
        unsubscribes=outcome is Outcome.DELIVERED and number % 60 == 11,
    )


def _outcome(number: int) -> Outcome:
    if number % 33 == 0:
        return Outcome.HARD_BOUNCE
    return Outcome.SOFT_BOUNCE if number % 50 == 1 else Outcome.DELIVERED


def _machine(number: int) -> Machine | None:
    """One person in seven sits behind a machine, each kind in turn."""
    if number % 7:
        return None
    kinds = tuple(Machine)
    return kinds[number // 7 % len(kinds)]


def _reader(number: int, dice: random.Random) -> str:
    browser = BROWSERS[number % len(BROWSERS)]
    return dice.choices((browser, OUTLOOK, GMAIL_PROXY, APPLE_PRIVACY), (4, 2, 3, 2))[0]


def _clicks(dice: random.Random) -> tuple[int, ...]:
    """Which of the three content links, in order; two readers in five follow one or two."""
    if dice.random() > 0.4:
        return ()
    return tuple(dice.sample(range(3), dice.choice((1, 1, 2))))


def _mobile(number: int) -> str:
    """Numbers set aside for fiction: +44 7700 900000 to 900999, +1 202 555 0100 to 0199."""
    if number % 4 == 0:
        return f"+1202555{100 + number // 4:04d}"
    return f"+447700{900_000 + number}"


def _texting(number: int) -> Texting | None:
    if number == 42:
        return Texting.STOP
    if number % 19 == 3:
        return Texting.KEYWORD
    return Texting.QUESTION if number % 41 == 5 else None


def _answer(number: int) -> Answer | None:
    if number % 29 == 9:
        return Answer.REPLY
    return Answer.OUT_OF_OFFICE if number % 71 == 2 else None


_CALLS = {17: Call.SPOKEN, 60: Call.SPOKEN, 118: Call.MISSED}
