"""Answers that are good until the tables move, each computed once however many ask for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """The answers to the ``most`` newest questions.

    A question has to say what state of the tables it is about: then an answer never grows old, and
    those to earlier states are the first to be forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, Future[Answer]] = OrderedDict()

    def answer(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The answer known, or under way, or computed now. Raises what ``compute`` raises."""
        with self._lock:
            known = self._answers.get(question)
            if known is None:
                mine = self._answers[question] = Future()
                if len(self._answers) > self._most:
                    self._answers.popitem(last=False)
        if known is not None:
            return known.result()
        try:
            mine.set_result(compute())
        except BaseException as error:  # noqa: BLE001 - whoever waits is told whatever it was
            with self._lock:
                self._answers.pop(question, None)
            mine.set_exception(error)
        return mine.result()
