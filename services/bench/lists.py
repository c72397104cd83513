"""``lists``: events a second that the sink of rows follows, a hundred dynamic lists in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.codec import encode
from events.compose import Composer, Draft
from events.log import EventLog
from events.sealing import Sealer
from events.sql.tables import reading
from projections.folds.members.rules import RulesInForce
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.judgements.classifiers import Classifiers
from projections.reading.previewing import preview_of
from projections.rows_sink import RowsSink
from projections.stores.rows import open_rows
from schemas.catalogue import Topic, load_all
from schemas.clock import Clock
from schemas.envelope import Stream
from schemas.ids import named_id
from schemas.instants import EFFECTIVE_DELAY, Instant
from schemas.rules.parsing import parse_rule
from services.bench.alone import open_log, open_vault
from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.processes import peak_memory, reset_peak

NAME = "lists"
LISTS = 100
_CONTACTS = 10_000
_EVENTS = 1_000
_WORKSPACE = "bench"
_PAGE = 500
_SETTLE = 15_000
_CITIES = 20
_PART = 1000
_ANOTHER = 1  # the rule that a list gets later
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Rates:
    """With so many contacts: looked at when the rules took effect, previewed by one more rule,
    looked at again when that took effect, and events followed, a second, with the rules and
    without; and the most memory before there was any list, and from then on, in bytes.
    """

    contacts: int
    looked_at: float
    previewed: float
    changed: float
    ruled: float
    free: float
    memory: int
    memory_before: int


def measure(plan: Plan) -> Measured:
    """With a hundredth of the contacts, a tenth, and all of them: in one run, one after another."""
    most = plan.events or _CONTACTS
    rates = []
    for contacts in sorted({max(1, most // 100), max(1, most // 10), most}):
        with _world(plan, f"lists-{contacts}") as world:
            rates.append(world.measure(contacts))
        plan.note(f"{NAME}, {contacts:,} contacts: {rates[-1].ruled:,.0f} events/s")
    return Measured(tuple(_results(rates)), (
        f"{LISTS} dynamic lists of contacts: fields, events in windows, their absence, trends,"
        f" consent. {_EVENTS:,} events after the rules took effect: clicks and changed contacts.",
        "Looked at: contacts a second whose membership of all lists was worked out for all times.",
        "Previewed: contacts a second that another rule of one list was tried on; one changed: that"
        " were looked at when it took effect. Memory: the most that the process held, from before"
        " the rules on.",
    ))  # fmt: skip


def _results(rates: Sequence[_Rates]) -> Iterator[Result]:
    for one in rates:
        name = f"{NAME}, {one.contacts:,} contacts"
        yield Result(name, "events/s", Rounds((one.ruled,)), "the same with no rule in force",
                     Rounds((one.free,)))  # fmt: skip
        yield Result(f"{name}, looked at", "contacts/s", Rounds((one.looked_at,)),
                     "events with no rule in force", Rounds((one.free,)))  # fmt: skip
        yield Result(f"{name}, previewed", "contacts/s", Rounds((one.previewed,)),
                     "events with no rule in force", Rounds((one.free,)))  # fmt: skip
        yield Result(f"{name}, one changed", "contacts/s", Rounds((one.changed,)),
                     "events with no rule in force", Rounds((one.free,)))  # fmt: skip
        yield Result(f"{name}, memory", "MiB", Rounds((one.memory / _MIB,)),
                     "the same before any list", Rounds((one.memory_before / _MIB,)))  # fmt: skip


@contextmanager
def _world(plan: Plan, name: str) -> Iterator[_World]:
    folder = plan.folder / name
    folder.mkdir(parents=True)
    log = open_log(folder, plan.clock)
    rows = open_rows(f"sqlite:///{folder / 'rows.db'}")
    vault = open_vault(folder, bytes(32), plan.random)
    try:
        yield _World(log, rows, Composer(Sealer(vault), plan.clock), plan.clock)
    finally:
        rows.dispose()
        log.close()


class _World:
    """A log and the sink of rows that follows it."""

    def __init__(self, log: EventLog, rows: sa.Engine, composer: Composer, clock: Clock) -> None:
        book = ReferenceBook()
        folds = all_folds(book, _SETTLE)
        self._log = log
        self._composer = composer
        self._clock = clock
        self._sink = RowsSink(rows, log, composer, book, folds, Classifiers(log, {}), generation=1)
        self._rows = rows
        self._rules = RulesInForce(book)
        self._drawn = 0

    def measure(self, contacts: int) -> _Rates:
        self._append(self._contact(n, "contact.created") for n in range(contacts))
        self._follow()
        free = self._follow_deeds(contacts)
        before = peak_memory()
        reset_peak()
        looked_at = contacts / self._put_in_force(self._rule(number) for number in range(LISTS))
        ruled = self._follow_deeds(contacts)
        previewed = self._preview()
        changed = contacts / self._put_in_force(iter([self._rule(0, _ANOTHER, version=2)]))
        return _Rates(contacts, looked_at, previewed, changed, ruled, free, peak_memory(), before)

    def _put_in_force(self, rules: Iterator[Draft]) -> float:
        """How many seconds it takes until everybody was looked at."""
        self._append(rules)
        self._follow()
        # Rules take effect some seconds after they were published: the sink is told of that time.
        later = max(self._clock(), self._sink.logical_time()) + 2 * EFFECTIVE_DELAY
        began = perf_counter()
        while self._sink.tick(later):
            pass
        return perf_counter() - began

    def _preview(self) -> float:
        """Try another rule on everybody, a part at a time, as the API does."""
        list_id = named_id("bench", "list", 0)
        body = {"v": 1, "member": "contact", "tz": "UTC", "where": _where(_ANOTHER)}
        rule = parse_rule(body, UUID)
        lists = self._rules.at(_WORKSPACE, self._clock() + 2 * EFFECTIVE_DELAY)
        looked, cursor, more = 0, None, True
        began = perf_counter()
        while more:
            with reading(self._rows).begin() as rows:
                part = preview_of(rows, 1, _WORKSPACE, list_id, rule, lists, cursor, _PART)
            looked += part.looked_at
            cursor, more = part.next_cursor, part.next_cursor is not None
        return looked / (perf_counter() - began)

    def _follow_deeds(self, contacts: int) -> float:
        self._append(self._deed(number, contacts) for number in range(_EVENTS))
        began = perf_counter()
        self._follow()
        return _EVENTS / (perf_counter() - began)

    def _follow(self) -> None:
        while self._sink.step(_PAGE):
            pass

    def _append(self, drafts: Iterator[Draft]) -> None:
        records = [encode(envelope) for envelope in self._composer.compose(list(drafts))]
        for start in range(0, len(records), 5_000):
            self._log.append(records[start : start + 5_000]).result()

    def _deed(self, number: int, contacts: int) -> Draft:
        who = number * 7919 % contacts
        if number % 2:
            return self._contact(who, "contact.changed")
        click = {
            "message_id": str(named_id("bench", who)), "link_id": f"{number % 9:016x}",
            "link_kind": "content", "url": "https://example.com/", "hit": {"user_agent": "x"},
        }  # fmt: skip
        return self._fact("email.clicked", click, _contact_id(who))

    def _contact(self, number: int, kind: str) -> Draft:
        self._drawn += 1
        changes = {
            "city": f"city {(number + self._drawn) % _CITIES}", "country": "PL",
            "attributes": {"size": self._drawn % 100},
        }  # fmt: skip
        data = {"id": str(_contact_id(number)), "changes": changes}
        return self._fact(kind, data, _contact_id(number))

    def _fact(self, kind: str, data: dict[str, Any], who: UUID) -> Draft:
        self._drawn += 1
        entry = load_all().newest(kind)
        return Draft(
            kind=entry, topic=Topic.FACTS, workspace=_WORKSPACE, producer="bench",
            event_id=named_id("bench", kind, self._drawn),
            payload=entry.model.model_validate(data),
            received_at=Instant(self._clock()), time=Instant(self._clock()), recipient=who,
        )  # fmt: skip

    def _rule(self, number: int, kind: int | None = None, version: int = 1) -> Draft:
        list_id = named_id("bench", "list", number)
        body = {"v": 1, "member": "contact", "tz": "UTC",
                "where": _where(number if kind is None else kind)}  # fmt: skip
        step = {"definition_id": str(list_id), "kind": "list", "version": version, "body": body}
        entry = load_all().newest("definition.published")
        return Draft(
            kind=entry, topic=Topic.DECISIONS, workspace=_WORKSPACE, producer="bench",
            event_id=named_id("bench", "rule", number, version),
            payload=entry.model.model_validate(step),
            received_at=Instant(self._clock()), time=Instant(self._clock()),
            key_name=str(list_id), stream=Stream("definition", str(list_id)), version=version,
        )  # fmt: skip


def _contact_id(number: int) -> UUID:
    return named_id("bench", "contact", number)


def _where(number: int) -> dict[str, Any]:
    """One of five kinds of rule."""
    days = number % 28 + 1
    city = {"field": "city", "op": "eq", "value": f"city {number % _CITIES}"}
    clicked = {"did": "email.clicked", "verdict": "any", "within": {"last": f"P{days}D"}}
    grows = {"trend": "attributes.size", "over": f"P{days}D", "op": "rising", "by": 10,
             "unit": "percent"}  # fmt: skip
    allowed = {"consent": "email", "purpose": "marketing", "is": "withdrawn"}
    kinds: tuple[dict[str, Any], ...] = (
        city, {"all": [city, clicked]}, {"all": [city, {"not": clicked}]},
        {"any": [grows, clicked]},
        {"all": [clicked, {"not": allowed}]},
    )  # fmt: skip
    return kinds[number % len(kinds)]
