"""What an insert costs in the column store, by size: ``python -m tests.bench.columns``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

from projections.columns.arrow import to_table
from projections.columns.journal import journal_row
from projections.stores.tables import JOURNAL_COLUMNS
from tests.support.columns import new_columns
from tests.support.golden import FOLDER, Golden

SIZES = (1, 1_000, 5_000, 50_000)
ROUNDS = 5


def timed(work: Callable[[int], object]) -> float:
    """The median time of some rounds, in milliseconds."""
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def main() -> None:
    """Print a line per size."""
    columns = new_columns()
    row = journal_row(Golden.read(FOLDER / "call.completed.v1.json").event())
    for size in SIZES:
        rows = to_table(JOURNAL_COLUMNS, [row] * size)
        spent = timed(lambda n, t=rows, s=size: columns.insert("journal", t, f"{s}-{n}"))
        again = timed(lambda n, t=rows, s=size: columns.insert("journal", t, f"{s}-{n}"))
        sys.stdout.write(
            f"insert of {size:>6,} rows {spent:7.1f} ms; under a used token {again:7.1f} ms\n"
        )
    count = columns.query("SELECT count() AS n FROM journal").column("n").to_pylist()[0]
    sys.stdout.write(f"rows in the end: {count:,}, sent {sum(SIZES) * ROUNDS * 2:,}\n")
    asked = timed(lambda _: columns.query("SELECT count() FROM journal"))
    sys.stdout.write(f"a query that counts them: {asked:.1f} ms\n")
    looked = timed(lambda n: (columns.insert("journal", rows[:1], f"look {n}"), columns.settle()))
    alone = timed(lambda n: columns.insert("journal", rows[:1], f"alone {n}"))
    time.sleep(0.1)  # what has just changed is looked at once more
    columns.settle()
    idle = timed(lambda _: columns.settle())
    sys.stdout.write(f"a look at what was written: {looked - alone:.1f} ms; idle {idle:.2f} ms\n")
    columns.run(f"DROP DATABASE {columns.database} SYNC")
    columns.close()


if __name__ == "__main__":
    main()
