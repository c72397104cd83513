"""The back's main function: ``python -m services.back.process DESCRIPTOR``; the front runs it."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading

from projections.maintenance import Maintenance
from projections.reading.reads import Reads
from projections.replay.replays import Replays
from schemas.clock import system_clock, system_random
from schemas.errors import AnswerbackError, OutOfRoom
from services.back.bootstrap import open_back
from services.back.link import Link
from services.back.stub import answering

THREADS = 16
FAILED = 3
# A page makes some 100,000 objects that live until it is stored. With the interpreter's 700 the
# collector went over them, and over all that start-up had made, again and again: a quarter of what
# the sink of rows took. Objects in circles, which alone need it, are few here.
COLLECTED_AT = 10_000
NICENESS = 19  # the doors first: derived tables may be late, an answer may not


def main(descriptor: int) -> int:
    """Serve the front until it says ``stop``, or is gone."""
    # Ctrl-C reaches the whole group of processes; the front decides when the back ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    stopping = threading.Event()
    link = Link(socket.socket(fileno=descriptor), {"stop": stopping.set}, THREADS)
    link.start(on_end=_front_is_gone)
    try:
        _serve(link, stopping)
    except OutOfRoom as error:
        link.call("full", str(error))
        return FAILED
    except AnswerbackError as error:
        link.call("failed", str(error))
        return FAILED
    return 0


def _serve(link: Link, stopping: threading.Event) -> None:
    with open_back(
        link.call("settings"),
        lambda records: link.submit("append", list(records)),
        on_failure=lambda error: link.call("failed", str(error)),
        clock=system_clock,
        random=system_random,
    ) as back:
        link.serve(answering(Reads, back.reads))
        link.serve(answering(Maintenance, back.maintenance))
        link.serve(answering(Replays, back.replays))
        gc.freeze()  # what is open now stays till the end
        gc.set_threshold(COLLECTED_AT)
        link.call("ready")
        stopping.wait()


def _front_is_gone() -> None:
    # Whatever is under way is found open at the next start, as after a power cut.
    os._exit(1)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    sys.exit(main(int(sys.argv[1])))
