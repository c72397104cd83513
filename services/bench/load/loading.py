"""Starts the load's process, and reads what it tells."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

from schemas.errors import MeasurementSpoiled
from services.bench.load.order import Order, Tally
from services.bench.machine import python_words

_numbers = itertools.count()
_PATIENCE = 120.0


def put_load(order: Order, folder: Path) -> Tally:
    """Carry out an order to its end. Raises ``MeasurementSpoiled`` if the load fails.

    A reply of another status spoils the figure too: a refused request costs the server less.
    """
    path = folder / f"order-{next(_numbers)}.json"
    path.write_text(order.model_dump_json(), encoding="utf-8")
    words = python_words("services.bench.load.generator", str(path))
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            words, capture_output=True, timeout=order.seconds + _PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise MeasurementSpoiled(
            f"The server left requests unanswered for {_PATIENCE:.0f} s after the measurement."
        ) from None
    if done.returncode:
        raise MeasurementSpoiled(f"The load has failed: {done.stderr.decode()[-500:]}")
    tally = Tally.model_validate_json(done.stdout)
    if set(tally.statuses) != {order.status}:
        raise MeasurementSpoiled(f"Not all replies were {order.status}: {tally.statuses}.")
    return tally
