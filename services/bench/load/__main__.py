"""A worker: carries out an order, as fast as it goes or at its rate."""

from __future__ import annotations

import os

from services.bench.load.generator import Generator
from services.bench.load.order import Order, Tally
from services.bench.load.paced import Paced
from services.bench.workers import answer_order


def carry_out(order: Order) -> Tally:
    """On the cores that the order names."""
    os.sched_setaffinity(0, order.cores)
    return Generator(order).run() if order.rate is None else Paced(order, order.rate).run()


if __name__ == "__main__":
    answer_order(Order, carry_out)
