"""Has the load carried out in its process, and refuses what does not count."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import MeasurementSpoiled
from services.bench.load.order import Order, Tally
from services.bench.workers import ask_worker

_PATIENCE = 120.0


def put_load(order: Order, folder: Path) -> Tally:
    """Carry out an order to its end. Raises ``MeasurementSpoiled`` if the load fails.

    A reply of another status spoils the figure too: a refused request costs the server less.
    """
    tally = ask_worker("services.bench.load", order, Tally, folder, order.seconds + _PATIENCE)
    if set(tally.statuses) != {order.status}:
        raise MeasurementSpoiled(f"Not all replies were {order.status}: {tally.statuses}.")
    return tally
