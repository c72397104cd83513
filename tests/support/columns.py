"""Column stores for tests: one folder per process, as the engine wants it, one database each."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache
from pathlib import Path

from projections.stores.chdb import ChdbColumns
from projections.stores.tables import create_tables

_numbers = itertools.count()


@cache
def engine_folder() -> Path:
    """The one folder of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="answerback-columns-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def new_columns() -> ChdbColumns:
    """A column store with all tables, empty."""
    columns = ChdbColumns(engine_folder(), f"test_{next(_numbers)}")
    create_tables(columns)
    return columns
