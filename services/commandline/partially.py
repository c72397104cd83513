"""``answerback replay partial``: all that some events touch, derived anew in the live tables."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter

from projections.replay.replays import Choice, Plan, Portion, Replays
from schemas.catalogue import Topic, load_all
from schemas.envelope import Position
from schemas.errors import Fault, InvalidInput
from schemas.instants import parse_instant
from services.commandline.replaying import bar_of, opened, tell_shares
from services.commandline.terminal import Terminal
from services.settings import load_settings


def partial(arguments: Namespace, terminal: Terminal) -> int:
    """Derive it, a portion at a time, or with ``--plan`` tell how much it is."""
    choice = _choice(arguments)
    with opened(load_settings()) as replays:
        plan = replays.chosen(choice)
        if arguments.plan:
            tell_shares(plan.shares, terminal)
            terminal.tell(f"events: {plan.events:,}")
            return 0
        told = _done(replays, choice, plan, arguments.after, terminal)
    for table, count in sorted(told.items()):
        terminal.tell(f"{table}: {count:,} {'row' if count == 1 else 'rows'} changed")
    if not told:
        terminal.tell("Nothing has changed: what is derived from these events was right.")
    return 0


def _done(
    replays: Replays, choice: Choice, plan: Plan, after: str, terminal: Terminal
) -> Counter[str]:
    changed: Counter[str] = Counter()
    done = 0
    try:
        while True:
            portion: Portion = replays.partial(choice, after)
            done, after = done + portion.events, portion.after
            changed += Counter(portion.changed)
            terminal.note(f"{bar_of(done, plan.events)} {done:,} of {plan.events:,} events")
            if not after:
                return changed
    except BaseException:
        if after:
            terminal.note(f"Broken off. To go on from here, add: --after {after}")
        raise


def _choice(arguments: Namespace) -> Choice:
    first, last = _places(arguments.position)
    return Choice(
        workspace=arguments.workspace,
        types=tuple(map(_known, arguments.type or ())),
        campaign=arguments.campaign,
        contact=arguments.contact,
        since=_moment(arguments.since, "--from"),
        until=_moment(arguments.until, "--to"),
        first=first,
        last=last,
    )


def _known(name: str) -> str:
    if name not in load_all():
        raise _refused("--type", f"There is no event type {name[:60]!r}; see docs/events.md.")
    return name


def _moment(text: str | None, name: str) -> int | None:
    try:
        return None if text is None else int(parse_instant(text))
    except ValueError:
        raise _refused(name, "Send an RFC 3339 time with an offset, or a date.") from None


def _places(text: str | None) -> tuple[Position | None, int | None]:
    """``answerback.facts.v1/3/401`` is one place, ``.../401-500`` a hundred."""
    if text is None:
        return None, None
    try:
        topic, partition, offsets = text.split("/")
        first, dash, last = offsets.partition("-")
        end = int(last) if dash else None
        return Position(Topic(topic), int(partition), int(first)), end
    except ValueError:
        detail = "Send a place as `replay why` tells it, or a range, as answerback.facts.v1/3/1-9."
        raise _refused("--position", detail) from None


def _refused(name: str, detail: str) -> InvalidInput:
    return InvalidInput("The choice of events cannot be read.", (Fault(name, detail),))
