"""Single parts of the program, opened without the rest, to be measured or to count with."""

from __future__ import annotations

from pathlib import Path

from events.log import EventLog
from events.sqlite import SqliteLog
from events.vault import Vault
from events.vault_sqlite import SqliteVault
from projections.stores.chdb import ChdbColumns
from projections.stores.columns import Columns
from projections.stores.tables import create_tables
from schemas.clock import Clock, RandomBytes

PARTITIONS = 4


def open_log(folder: Path, clock: Clock) -> EventLog:
    """The log of a data folder that no server has open."""
    folder.mkdir(parents=True, exist_ok=True)
    return SqliteLog(folder / "log.db", clock, PARTITIONS)


def open_vault(folder: Path, master_key: bytes, random: RandomBytes) -> Vault:
    """The vault of a data folder that no server has open."""
    return SqliteVault(folder / "vault.db", master_key, random)


def open_columns(folder: Path) -> Columns:
    """A column store with all tables."""
    columns = ChdbColumns(folder / "columns")
    create_tables(columns)
    return columns
