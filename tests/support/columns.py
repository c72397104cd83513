"""Column stores for tests: one folder per process, as the engine wants it, one database each."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import chdb

from projections.stores.chdb import ChdbColumns
from projections.stores.tables import create_tables

_numbers = itertools.count()


@cache
def engine_folder() -> Path:
    """The one folder of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="answerback-columns-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _held_open() -> Any:
    """A connection for as long as the process lives.

    With the last one the engine ends, and starts again with the next test's: the more it had been
    asked to drop, the longer that took, some 3 s after a hundred tests.
    """
    return chdb.connect(str(engine_folder()))


def new_columns() -> ChdbColumns:
    """A column store with all tables, empty."""
    _held_open()
    columns = ChdbColumns(engine_folder(), f"test_{next(_numbers)}")
    create_tables(columns)
    return columns
