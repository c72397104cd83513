"""The port of replay as a command has it that asks the server."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from projections.maintenance import Comparison
from projections.replay.replays import (
    Caused,
    Choice,
    Plan,
    Portion,
    Progress,
    Promotion,
    Replays,
    Step,
)
from schemas.errors import StoreUnavailable
from services.folder import Owner
from services.operator.client import ask
from services.operator.messages import REPLAY, ReplayAnswer, ReplayOrder, ReplayStep

Answer = TypeVar("Answer")


class AskedReplays(Replays):
    """Asks the server that owns a folder. Whatever it refuses is raised as ``StoreUnavailable``."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._folder = folder
        self._owner = owner

    def plan(self) -> Plan:
        return _there(self._ask("plan").plan)

    def chosen(self, choice: Choice) -> Plan:
        return _there(self._send(ReplayOrder(step="chosen", choice=choice)).plan)

    def partial(self, choice: Choice, after: str) -> Portion:
        order = ReplayOrder(step="partial", choice=choice, after=after)
        return _there(self._send(order).portion)

    def begin(self) -> Progress:
        return self._one("begin", 0)

    def replays(self) -> list[Progress]:
        return self._ask("status").replays

    def pause(self, number: int) -> Progress:
        return self._one("pause", number)

    def resume(self, number: int) -> Progress:
        return self._one("resume", number)

    def cancel(self, number: int) -> Progress:
        return self._one("cancel", number)

    def retire(self, number: int) -> Progress:
        return self._one("retire", number)

    def compare(self, number: int) -> list[Comparison]:
        return self._ask("compare", number).compared

    def diff(self, number: int) -> list[Caused]:
        return self._ask("diff", number).diff

    def history(self, number: int, table: str, workspace: str, row: str) -> list[Step]:
        order = ReplayOrder(
            step="history", number=number, table=table, workspace=workspace, row=row
        )
        return self._send(order).history

    def promote(self, number: int, anyway: bool) -> Promotion:
        return _there(self._ask("promote", number, anyway=anyway).promotion)

    def rollback(self) -> Promotion:
        return _there(self._ask("rollback").promotion)

    def _one(self, step: ReplayStep, number: int) -> Progress:
        return next(iter(_there(self._ask(step, number).replays)))

    def _ask(self, step: ReplayStep, number: int = 0, *, anyway: bool = False) -> ReplayAnswer:
        return self._send(ReplayOrder(step=step, number=number, anyway=anyway))

    def _send(self, order: ReplayOrder) -> ReplayAnswer:
        line = ask(self._folder, self._owner, REPLAY, order, lambda _copied: None)
        return _there(line.replay)


def _there(answer: Answer | None) -> Answer:
    if not answer:
        raise StoreUnavailable("The server's answer is not the one to this step. Is it older?")
    return answer
