"""The load's loop: bare sockets and epoll, since any library would be slower than the server.

Closed loop: each connection sends its next request when the last one was answered. Replies are
taken whole where they come as they always come, and read properly otherwise.
"""

from __future__ import annotations

import select
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, cycle
from time import perf_counter

import orjson

from services.bench.load.order import Order, Tally, read_requests
from services.bench.processes import Meter
from services.bench.stamps import stamped

_PIECE = 65_536
_BUFFER = 1 << 20
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Connection:
    """One connection, with what has come of a reply that is not complete yet."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._begun = b""

    def reply(self, piece: bytes) -> bytes | None:
        """The whole reply, once its last piece has come."""
        self._begun += piece
        head, found, body = self._begun.partition(_END)
        if not found or len(body) < _announced(head):
            return None
        whole, self._begun = self._begun, b""
        return whole


class Generator:
    """Carries out one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._next = self._requests(read_requests(order.requests))
        self._statuses: Counter[int] = Counter()
        self._good = self._sent = self._accepted = 0

    def run(self) -> Tally:
        """Ask until the time or the requests are over, then wait for every reply still due."""
        poll = select.epoll()
        open_ones = self._connect(poll)
        meter = Meter(self._order.server)
        busy: dict[int, float] = {}
        began = perf_counter()
        for connection in open_ones.values():
            self._send(connection.socket.sendall)
        ends = began + self._order.seconds
        waiting, within, spent = len(open_ones), 0, 0.0
        # The loop's own names: it turns as often as the server answers.
        sockets = {fd: (c, c.socket.recv, c.socket.sendall) for fd, c in open_ones.items()}
        usual, usual_head = 0, b"HTTP/1.1 %d" % self._order.status
        most = self._order.at_most or sys.maxsize
        while waiting:
            for descriptor, _ in poll.poll():
                connection, receive, send = sockets[descriptor]
                piece = receive(_PIECE)
                if len(piece) == usual and piece.startswith(usual_head):
                    self._good += 1
                elif (reply := self._complete(connection, piece)) is None:
                    continue
                elif not self._order.counts_accepted:
                    usual = len(reply)
                if spent or self._sent >= most:
                    waiting -= 1
                else:
                    self._sent += 1
                    send(next(self._next))
            now = perf_counter()
            if not spent and (now >= ends or (waiting == 0 and self._sent >= most)):
                within, spent, busy = self._good, now - began, meter.spent()
        for connection in open_ones.values():
            connection.socket.close()
        return self._tally(within, spent, busy)

    def _tally(self, within: int, seconds: float, busy: dict[int, float]) -> Tally:
        self._statuses[self._order.status] = self._good
        return Tally(
            seconds=seconds,
            within=within,
            good=self._good,
            sent=self._sent,
            accepted=self._accepted,
            statuses=dict(self._statuses),
            processor=busy,
        )

    def _connect(self, poll: select.epoll) -> dict[int, Connection]:
        most = min(self._order.connections, self._order.at_most or self._order.connections)
        made = [Connection(self._order.port) for _ in range(most)]
        for connection in made:
            poll.register(connection.socket.fileno(), select.EPOLLIN)
        return {connection.socket.fileno(): connection for connection in made}

    def _requests(self, templates: list[bytes]) -> Iterator[bytes]:
        blocks = self._order.blocks
        if blocks is None:
            return cycle(templates)
        numbers = count(self._order.first)
        return (
            stamped(template, number, blocks)
            for template, number in zip(cycle(templates), numbers, strict=False)
        )

    def _send(self, send: Callable[[bytes], None]) -> None:
        self._sent += 1
        send(next(self._next))

    def _complete(self, connection: Connection, piece: bytes) -> bytes | None:
        """Read a reply the long way, and count it."""
        if not piece:
            raise ConnectionError("The server has ended a connection of the load.")
        reply = connection.reply(piece)
        if reply is None:
            return None
        status = int(reply[9:12])
        if status != self._order.status:
            self._statuses[status] += 1
            return reply
        self._good += 1
        if self._order.counts_accepted:
            self._accepted += orjson.loads(reply.partition(_END)[2])["accepted"]
        return reply


def _announced(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    return 0
