"""Calls between processes: answers, errors as they were raised, and ends that go away."""

from __future__ import annotations

import inspect
import pickle
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import wait

import pytest

from projections.reading.reads import Reads
from schemas import errors
from schemas.errors import Fault, InvalidInput, RateExceeded, StoreUnavailable, VersionConflict
from services.back.link import Link
from services.back.stub import answering, stub
from tests.support.parts import NoReads

EXAMPLES = {
    "VersionConflict": VersionConflict("campaign:1", 2, 3),
    "PreconditionFailed": errors.PreconditionFailed("campaign:1", 2, 3),
    "RateExceeded": RateExceeded("Too fast.", 7),
    "InvalidInput": InvalidInput("Wrong.", (Fault("/a", "Mend it."),)),
    "MalformedRequest": errors.MalformedRequest("Wrong.", (Fault("/a", "Mend it."),)),
}


class Ends:
    """Both ends in one process; the far one answers what a test tells it to."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        self.far = Link(far, {}, 4)
        self.near = Link(near, {"back": lambda n: n * 10}, 4)
        self.gone = threading.Event()
        self.far.start(on_end=lambda: None)
        self.near.start(on_end=self.gone.set)


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.near.close()
    made.far.close()


def test_a_call_is_answered(ends: Ends) -> None:
    ends.far.serve({"add": lambda a, b: a + b})
    assert ends.near.call("add", 2, 3) == 5


def test_a_large_value_comes_whole(ends: Ends) -> None:
    ends.far.serve({"same": lambda value: value})
    value = [bytes((n % 256,)) * 100_000 for n in range(40)]
    assert ends.near.call("same", value) == value


def test_the_answering_end_may_call_back(ends: Ends) -> None:
    ends.far.serve({"ask": lambda n: ends.far.call("back", n) + 1})
    assert ends.near.call("ask", 4) == 41


def test_many_calls_at_once_get_their_own_answers(ends: Ends) -> None:
    ends.far.serve({"same": lambda value: value})
    asked = [ends.near.submit("same", n) for n in range(200)]
    wait(asked, 10)
    assert [answer.result(0) for answer in asked] == list(range(200))


def test_an_error_comes_as_it_was_raised(ends: Ends) -> None:
    def fail() -> None:
        raise InvalidInput("Wrong.", (Fault("/a", "Mend it."),))

    ends.far.serve({"fail": fail})
    with pytest.raises(InvalidInput, match="Wrong") as caught:
        ends.near.call("fail")
    assert caught.value.faults == (Fault("/a", "Mend it."),)


def test_what_nobody_raised_on_purpose_is_told_and_logged(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    ends.far.serve({"fail": lambda: 1 / 0})
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        ends.near.call("fail")
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_that_takes_too_long_is_not_waited_for(ends: Ends) -> None:
    free = threading.Event()
    ends.far.serve({"slow": lambda: free.wait(10)})
    with pytest.raises(StoreUnavailable, match="no answer"):
        ends.near.call("slow", seconds=0.05)
    free.set()


def test_an_end_that_goes_fails_those_who_wait_and_those_who_come(ends: Ends) -> None:
    free, asked = threading.Event(), threading.Event()

    def wait_for_it() -> None:
        asked.set()
        free.wait(10)

    ends.far.serve({"slow": wait_for_it})
    waiting = ends.near.submit("slow")
    assert asked.wait(10)
    ends.far._socket.shutdown(socket.SHUT_RDWR)
    with pytest.raises(StoreUnavailable, match="out of reach"):
        waiting.result(10)
    assert ends.gone.wait(10)
    with pytest.raises(StoreUnavailable):
        ends.near.call("slow")
    free.set()


def test_a_port_is_asked_through_its_stub(ends: Ends) -> None:
    class Cursors(NoReads):
        def cursors(self) -> dict[str, str]:  # type: ignore[override]  # any value will do
            return {"rows": "here"}

    ends.far.serve(answering(Reads, Cursors()))  # type: ignore[type-abstract]  # as the program does
    reads = stub(Reads, lambda: ends.near)  # type: ignore[type-abstract]  # as the program does
    assert reads.cursors() == {"rows": "here"}


@pytest.mark.parametrize(
    "kind",
    [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, Exception)],
    ids=lambda kind: kind.__name__,
)
def test_every_error_survives_the_way(kind: type[Exception]) -> None:
    error = EXAMPLES.get(kind.__name__) or kind("What happened.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the line itself
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)
