"""A load of a given rate: requests are sent when they are due, whether or not others are slow.

When every connection waits for a reply, what is due waits too, and is sent as soon as one is free.
"""

from __future__ import annotations

import select
from collections import deque
from time import perf_counter

from services.bench.load.generator import Connection, Generator
from services.bench.load.order import Order, Tally
from services.bench.processes import Meter

_PIECE = 65_536


class Paced(Generator):
    """Carries out one order at so many requests a second."""

    def __init__(self, order: Order, rate: float) -> None:
        super().__init__(order)
        self._gap = 1 / rate

    def run(self) -> Tally:
        """Ask until the time is over, then wait for every reply still due."""
        poll = select.epoll()
        sockets = self._connect(poll)
        idle = deque(sockets.values())
        meter = Meter(self._order.server)
        began = due = perf_counter()
        ends = began + self._order.seconds
        within = 0
        while True:
            now = perf_counter()
            if now < ends:
                within = self._good
            elif len(idle) == len(sockets):
                break
            while due <= now < ends and idle:
                self._send(idle.popleft().socket.sendall)
                due += self._gap
            pause = min(max(due, now) - now, ends - now) if idle and now < ends else 1.0
            for descriptor, _ in poll.poll(max(pause, 0.0)):
                self._take(sockets[descriptor], idle)
        for connection in sockets.values():
            connection.socket.close()
        return self._tally(within, self._order.seconds, meter.spent())

    def _take(self, connection: Connection, idle: deque[Connection]) -> None:
        piece = connection.socket.recv(_PIECE)
        if self._complete(connection, piece) is not None:
            idle.append(connection)
