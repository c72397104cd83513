"""Ceilings of what lies in SQLite: the driver alone, as durable, with the same bytes."""

from __future__ import annotations

import sqlite3


def sqlite_version() -> str:
    """The library that the driver has."""
    return sqlite3.sqlite_version
