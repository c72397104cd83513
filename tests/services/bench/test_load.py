"""The load: what it sends, what it counts, and what it refuses to count."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.errors import MeasurementSpoiled
from services.bench.load.generator import Generator
from services.bench.load.loading import put_load
from services.bench.load.order import Order, read_requests, write_requests
from services.bench.load.paced import Paced
from services.bench.stamps import BLOCK, REQUEST

Answer = Callable[[bytes], list[bytes]]


def reply(status: int = 200, body: bytes = b"image") -> bytes:
    return b"HTTP/1.1 %d Words\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


@contextmanager
def answering(answer: Answer) -> Iterator[int]:
    """A server on a port that answers each piece it gets with pieces of its own."""

    def talk(caller: socket.socket) -> None:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while piece := caller.recv(65_536):
            for part in answer(piece):
                caller.sendall(part)
        caller.close()

    def accept() -> None:
        try:
            while True:
                threading.Thread(target=talk, args=(listening.accept()[0],)).start()
        except OSError:  # the socket was shut: the test is over
            return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def order(port: int, folder: Path, *requests: bytes, **chosen: object) -> Order:
    write_requests(folder / "requests", requests)
    given = {"connections": 2, "seconds": 30.0, "at_most": 20, **chosen}
    return Order(port=port, server=os.getpid(), requests=folder / "requests",
                 cores=os.sched_getaffinity(0), **given)  # fmt: skip


def test_requests_come_back_from_their_file(tmp_path):
    write_requests(tmp_path / "some", [b"one", b"", b"three\r\n"])
    assert read_requests(tmp_path / "some") == [b"one", b"", b"three\r\n"]


def test_generator_counts_exactly_what_it_was_told_to_send(tmp_path):
    with answering(lambda _: [reply()]) as port:
        tally = Generator(order(port, tmp_path, b"ask")).run()
    assert (tally.sent, tally.good, tally.within) == (20, 20, 20)
    assert tally.statuses == {200: 20}
    assert set(tally.processor) >= {os.getpid()}


def test_generator_waits_for_all_pieces_of_a_reply(tmp_path):
    whole = reply(body=b"x" * 50)
    pieces = [whole[:9], whole[9:40], whole[40:]]
    with answering(lambda _: pieces) as port:
        tally = Generator(order(port, tmp_path, b"ask")).run()
    assert tally.good == 20


def test_generator_counts_other_statuses_apart(tmp_path):
    with answering(lambda asked: [reply(503 if asked == b"bad" else 200)]) as port:
        tally = Generator(order(port, tmp_path, b"good", b"bad")).run()
    assert tally.statuses == {200: 10, 503: 10}
    assert tally.good == 10


def test_generator_adds_up_what_replies_say_was_accepted(tmp_path):
    with answering(lambda _: [reply(202, b'{"accepted":7}')]) as port:
        tally = Generator(order(port, tmp_path, b"ask", status=202, counts_accepted=True)).run()
    assert tally.accepted == 140


def test_generator_stamps_every_request_with_its_own_number(tmp_path):
    seen: list[bytes] = []
    template = f"{REQUEST} {BLOCK}".encode()
    with answering(lambda asked: seen.append(asked) or [reply()]) as port:
        Generator(order(port, tmp_path, template, first=5, blocks=4)).run()
    assert sorted(seen) == [b"%08x %08x" % (n, n % 4) for n in range(5, 25)]


def test_generator_stops_when_its_time_is_over(tmp_path):
    with answering(lambda _: [reply()]) as port:
        tally = Generator(order(port, tmp_path, b"ask", seconds=0.05, at_most=None)).run()
    assert tally.good == tally.sent >= tally.within > 0


def test_paced_sends_what_is_due_and_no_more(tmp_path):
    with answering(lambda _: [reply()]) as port:
        tally = Paced(order(port, tmp_path, b"ask", seconds=0.2, at_most=None), 50).run()
    assert 0 < tally.good == tally.sent <= 11


def test_put_load_refuses_a_figure_with_other_replies_in_it(tmp_path):
    with answering(lambda _: [reply(429)]) as port, pytest.raises(MeasurementSpoiled, match="429"):
        put_load(order(port, tmp_path, b"ask"), tmp_path)


def test_put_load_tells_what_ended_the_load(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(MeasurementSpoiled, match="refused"):
        put_load(order(port, tmp_path, b"ask"), tmp_path)
