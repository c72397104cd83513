"""A process that writes columns in steps until it is told to stop, doing again what was lost.

``python -m tests.support.column_writer FOLDER``: says the number of each step that lasts, one a
line; a line on its input ends it. The numbers go on from those the caller gives with ``--from``.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa

from projections.stores.chdb import ChdbColumns
from projections.stores.columns import Columns
from projections.stores.tables import create_tables
from schemas.errors import UnavailableError

ROWS = 20


def write_step(columns: Columns, number: int) -> None:
    """Rows into two tables under one token, as a step of a sink."""
    names = [f"{number}-{n}" for n in range(ROWS)]
    rows = pa.table({"workspace": ["demo"] * ROWS, "provider_ref": names, "message_id": names})
    with columns.lasting():
        columns.insert("provider_message", rows, f"step {number}")
        seen = pa.table({"log_offset": pa.array(range(number * ROWS, number * ROWS + ROWS))})
        columns.insert("seen", seen, f"step {number}")


def write_until_it_lasts(columns: Columns, number: int) -> None:
    """Write a step, again and again while the disk is full."""
    while True:
        try:
            write_step(columns, number)
        except UnavailableError:
            time.sleep(0.05)
        else:
            return


def start(folder: Path) -> ChdbColumns:
    """The store with its tables, started again and again while the disk is full."""
    while True:
        try:
            columns = ChdbColumns(folder)
            create_tables(columns)
        except UnavailableError:
            time.sleep(0.05)
        else:
            return columns


def main() -> None:
    """Write until the input has a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", type=int, dest="first", default=0)
    given = parser.parse_args()
    columns = start(given.folder)
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), ending.set()), daemon=True).start()
    number = given.first
    while not ending.is_set():
        write_until_it_lasts(columns, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1
    columns.close()


if __name__ == "__main__":
    main()
