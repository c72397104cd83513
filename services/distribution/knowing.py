"""What was accepted by now, as a cursor: decisions that rest on it must pass nothing over."""

from __future__ import annotations

import time

from events.cursor import Cursor
from events.gate import Gate
from events.log import EventLog
from schemas.errors import Stale

_PATIENCE_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


def all_accepted(gate: Gate, log: EventLog) -> Cursor:
    """A cursor behind everything that the gate and the doors have accepted by now.

    In the distributed mode decisions are relayed to the log after they were accepted: they are
    waited for. Raises ``Stale`` when that takes too long.
    """
    mark = gate.mark()
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not gate.has_logged(mark):
        if time.monotonic() > ends:
            raise Stale("What was decided is not in the log yet. Ask again.")
        time.sleep(_LOOK_AGAIN_SECONDS)
    return log.heads()
