"""Calls between two processes of ours: numbered requests and replies over a pair of sockets.

Values are pickled. Both ends are this program, and the sockets have no address, so nobody else can
send anything.
"""

from __future__ import annotations

import logging
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any

from schemas.errors import AnswerbackError, StoreUnavailable

_LENGTH = struct.Struct(">Q")
_REQUEST, _RESULT, _FAILURE = range(3)
Handler = Callable[..., Any]
log = logging.getLogger(__name__)


class Link:
    """One end. Any thread may call; what the other end asks is answered by threads of ours."""

    def __init__(self, end: socket.socket, handlers: Mapping[str, Handler], threads: int) -> None:
        self._socket = end
        self._handlers = dict(handlers)
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="link")
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._number = 0
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="link-reader", daemon=True)
        self._on_end: Callable[[], None] = lambda: None

    def start(self, on_end: Callable[[], None]) -> None:
        """Begin to read; ``on_end`` is called once when the other end has gone."""
        self._on_end = on_end
        self._reader.start()

    def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Answer more kinds of requests from now on."""
        self._handlers |= handlers

    def submit(self, name: str, *arguments: Any) -> Future[Any]:
        """Ask the other end; the future has its answer, or raises what was raised there."""
        answer: Future[Any] = Future()
        with self._state:
            if self._ended:
                answer.set_exception(_gone())
                return answer
            self._number += 1
            number = self._number
            self._waiting[number] = answer
        try:
            self._send((_REQUEST, number, name, arguments))
        except OSError:
            self._forget(number, _gone())
        return answer

    def call(self, name: str, *arguments: Any, seconds: float | None = None) -> Any:
        """Ask and wait. Raises ``StoreUnavailable`` when the other end is gone or silent."""
        try:
            return self.submit(name, *arguments).result(seconds)
        except TimeoutError:
            raise StoreUnavailable(f"The read models gave no answer in {seconds:g} s.") from None

    def close(self) -> None:
        """Let go of the other end."""
        self._socket.close()
        self._workers.shutdown(wait=False)

    # Inside

    def _send(self, message: tuple[Any, ...]) -> None:
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._sending:
            self._socket.sendall(_LENGTH.pack(len(body)) + body)

    def _read(self) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(self._receive(_LENGTH.size))
                self._take(pickle.loads(self._receive(length)))  # noqa: S301 - see the module's docstring
        except (OSError, EOFError):
            self._end()

    def _receive(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def _take(self, message: tuple[Any, ...]) -> None:
        kind, number, *rest = message
        if kind == _REQUEST:
            self._workers.submit(self._answer, number, *rest)
            return
        with self._state:
            answer = self._waiting.pop(number, None)
        if answer is None:
            return
        try:
            if kind == _RESULT:
                answer.set_result(rest[0])
            else:
                answer.set_exception(rest[0])
        except InvalidStateError:  # its caller waits no longer
            log.debug("An answer came too late.")

    def _answer(self, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        try:
            reply: tuple[Any, ...] = (_RESULT, number, self._handlers[name](*arguments))
        except AnswerbackError as error:
            reply = (_FAILURE, number, error)
        except Exception as error:
            log.exception("A call of %s failed.", name)
            # Not the error itself: it may hold what cannot be pickled.
            reply = (_FAILURE, number, RuntimeError(f"{name}: {error!r}"))
        try:
            self._send(reply)
        except OSError:
            log.debug("Nobody is left to answer.")

    def _forget(self, number: int, error: Exception) -> None:
        with self._state:
            answer = self._waiting.pop(number, None)
        if answer is not None:
            answer.set_exception(error)

    def _end(self) -> None:
        with self._state:
            self._ended = True
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(_gone())
        self._on_end()


def _gone() -> StoreUnavailable:
    return StoreUnavailable("The read models are out of reach for a moment. Ask again.")
