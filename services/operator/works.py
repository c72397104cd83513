"""What the operator's door does, by path: a piece of work, and how much of it is done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from projections.replay.replays import Progress, Promotion, Replays
from schemas.errors import Abandoned, AnswerbackError, InvalidInput, NotFound
from services.backup.taking import Backups, part_of, size_of
from services.operator import messages
from services.operator.messages import BackupOrder, Line, ReplayAnswer, ReplayOrder

Work = Callable[[Event], Line]
Measure = Callable[[], int]
Order = TypeVar("Order", bound=BaseModel)
log = logging.getLogger(__name__)


def work_of(
    backups: Backups, replays: Replays | None, path: str, body: bytes
) -> tuple[Work, Measure]:
    """The work, and how many bytes of it are done. Raises ``NotFound`` or ``InvalidInput``."""
    if path == messages.VERIFY:
        return lambda _given_up: _verified(backups), lambda: 0
    if path == messages.BACKUP:
        return _backup(backups, _read(BackupOrder, body))
    if path == messages.REPLAY and replays is not None:
        order = _read(ReplayOrder, body)
        return lambda _given_up: Line(kind="replay", replay=replayed(replays, order)), lambda: 0
    raise NotFound("There is nothing at this address.")


def done(work: Work, given_up: Event) -> Line:
    """How the work ended; nothing that goes wrong in it is lost."""
    try:
        return work(given_up)
    except AnswerbackError as error:
        return Line(kind="failed", failed=str(error))
    except Exception:
        log.exception("Work for the operator has failed.")
        return Line(kind="failed", failed="Something went wrong. The server's log says what.")


def replayed(replays: Replays, order: ReplayOrder) -> ReplayAnswer:
    """Take one step of a replay."""
    match order.step:
        case "promote" | "rollback":
            return ReplayAnswer(promotion=_switched(replays, order))
        case "begin" | "pause" | "resume" | "cancel" | "retire" as step:
            return ReplayAnswer(replays=[_changed(replays, step, order.number)])
        case "partial":
            return ReplayAnswer(portion=replays.partial(order.choice, order.after))
        case look:
            return _seen(replays, look, order)


def _seen(
    replays: Replays, look: Literal["plan", "status", "compare", "diff", "history", "chosen"],
    order: ReplayOrder,
) -> ReplayAnswer:  # fmt: skip
    match look:
        case "plan":
            return ReplayAnswer(plan=replays.plan())
        case "chosen":
            return ReplayAnswer(plan=replays.chosen(order.choice))
        case "status":
            return ReplayAnswer(replays=replays.replays())
        case "compare":
            return ReplayAnswer(compared=replays.compare(order.number))
        case "diff":
            return ReplayAnswer(diff=replays.diff(order.number))
        case "history":
            row = (order.number, order.table, order.workspace, order.row)
            return ReplayAnswer(history=replays.history(*row))


def _switched(replays: Replays, order: ReplayOrder) -> Promotion:
    if order.step == "rollback":
        return replays.rollback()
    return replays.promote(order.number, order.anyway)


def _changed(
    replays: Replays, step: Literal["begin", "pause", "resume", "cancel", "retire"], number: int
) -> Progress:
    if step == "begin":
        return replays.begin()
    steps = {
        "pause": replays.pause,
        "resume": replays.resume,
        "cancel": replays.cancel,
        "retire": replays.retire,
    }
    return steps[step](number)


def _verified(backups: Backups) -> Line:
    return Line(kind="verified", verified=backups.maintenance.verify())


def _backup(backups: Backups, order: BackupOrder) -> tuple[Work, Measure]:
    target = Path(order.target)
    if not target.is_absolute():
        raise InvalidInput("Send target as a path from the root.")

    def take(given_up: Event) -> Line:
        def going() -> None:
            if given_up.is_set():
                raise Abandoned("The backup was given up before its end.")

        return Line(kind="manifest", manifest=backups.take(target, going, with_key=order.with_key))

    return take, lambda: size_of(part_of(target))


def _read(kind: type[Order], body: bytes) -> Order:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        names = ", ".join(kind.model_fields)
        raise InvalidInput(f"Send a JSON object with what is needed of {names}.") from None
