"""Whether the parts that the engine of chDB has written are whole on the disk.

The engine takes no notice of a write that fails: on a full disk an insert answers as if all were
well, and a merge puts a part of empty files in the place of good ones. So what it says about its
parts is compared with the files, before anything is built on them.

When a table is loaded the engine sets short parts aside. For one that was merged it takes back
those it was made of, which stay beside it for some minutes. One that was inserted is lost, and so
must its token be: else the same insert, done again, would be taken for a second one.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from projections.stores.columns import Columns
from schemas.durable import sync_folder
from schemas.errors import OutOfRoom

ROOM = 16 << 20
"""Bytes that must be free before anything is written."""

# The engine's figure leaves these out. The sums are written last: when a write before them has
# failed for want of room, they are empty too.
_UNCOUNTED = frozenset((
    "columns.txt", "columns_substreams.txt", "default_compression_codec.txt",
    "metadata_version.txt", "checksums.txt",
))  # fmt: skip
_TOKENS = "deduplication_logs"
_SLACK_NS = 50_000_000  # a file system's clock is coarser than what changes

logger = logging.getLogger("answerback.columns")


@dataclass(frozen=True, slots=True)
class _Part:
    table: str
    name: str
    path: str
    size: int
    is_inserted: bool
    """Written by an insert, not by a merge."""

    def is_whole(self) -> bool:
        try:
            with os.scandir(self.path) as files:
                sizes = {file.name: file.stat().st_size for file in files}
        except FileNotFoundError:
            return True  # merged into another and removed meanwhile
        counted = sum(size for name, size in sizes.items() if name not in _UNCOUNTED)
        return counted == self.size and all(sizes.get(name, 1) for name in _UNCOUNTED)


class Parts:
    """Watches the parts of one database in the engine's folder."""

    def __init__(self, columns: Columns, folder: Path) -> None:
        self._columns = columns
        self._folder = folder
        self._lock = threading.Lock()
        self._losses = 0
        self._whole: set[str] = set()
        self._changed: dict[str, int] = {}  # tables' folders: when their lists of parts last did

    def check_room(self) -> None:
        """Raises ``OutOfRoom`` while there is hardly any."""
        free = shutil.disk_usage(self._folder).free
        if free < ROOM:
            raise OutOfRoom(
                f"No space left on device: {free} bytes are free at {self._folder}, "
                f"{ROOM} must be before columns are written."
            )

    def settle(self) -> int:
        """Look at what was written since the last time, and mend it; answers the losses so far.

        Raises ``OutOfRoom`` if there is none to mend it in.
        """
        with self._lock:
            changed = {path: os.stat(path).st_mtime_ns for path in self._changed or self._tables()}
            if changed != self._changed or _is_fresh(changed.values()):
                active = self._active()
                short = [p for p in active if p.path not in self._whole and not p.is_whole()]
                self._whole = {part.path for part in active} - {part.path for part in short}
                self._changed = dict.fromkeys(changed, 0) if short else changed
                self._mend(short)
            return self._losses

    def clear(self) -> None:
        """After the engine has started: forget what it has set aside."""
        found = self._columns.query(
            "SELECT DISTINCT table, partition_id || '_' || toString(min_block_number) || '_' || "
            "toString(max_block_number) || '_0' AS name FROM system.detached_parts "
            "WHERE database = currentDatabase() AND reason = 'broken-on-start' AND level = 0"
        ).to_pylist()
        for table in sorted({row["table"] for row in found}):
            self._load_again(table, {row["name"] for row in found if row["table"] == table})

    def _tables(self) -> list[str]:
        found = self._columns.query(
            "SELECT data_paths[1] FROM system.tables WHERE database = currentDatabase() "
            "AND endsWith(engine, 'MergeTree')"
        )
        return [str(path) for path in found.column(0).to_pylist()]

    def _active(self) -> list[_Part]:
        found = self._columns.query(
            "SELECT table, name, path, bytes_on_disk AS size, "
            "level = 0 AND data_version = min_block_number AS is_inserted FROM system.parts "
            "WHERE database = currentDatabase() AND active"
        )
        return [_Part(**row) for row in found.to_pylist()]

    def _mend(self, short: list[_Part]) -> None:
        if not short:
            return
        self.check_room()
        for part in short:
            logger.warning("Part %s of %s was torn by a full disk.", part.name, part.table)
        for table in sorted({part.table for part in short}):
            lost = {p.name for p in short if p.table == table and p.is_inserted}
            self._load_again(table, lost)
            self._losses += len(lost)

    def _load_again(self, table: str, lost: set[str]) -> None:
        """Have a table loaded from the disk, without the parts that are lost and their tokens."""
        (row,) = self._columns.query(
            "SELECT data_paths[1] AS path FROM system.tables "
            "WHERE database = currentDatabase() AND name = {table:String}",
            {"table": table},
        ).to_pylist()
        folder = Path(row["path"])
        self._columns.run(f"DETACH TABLE {table} SYNC")
        try:
            _forget_tokens(folder / _TOKENS, lost)
        finally:
            self._columns.run(f"ATTACH TABLE {table}")
        for path in (folder / "detached").glob("broken-on-start*"):
            shutil.rmtree(path)


def _is_fresh(changes: Iterable[int]) -> bool:
    """Whether a change so recent could hide another one."""
    return max(changes, default=0) > time.time_ns() - _SLACK_NS


def _forget_tokens(folder: Path, parts: set[str]) -> None:
    """Take parts out of the lists of operation, part and token: one a line, separated by tabs."""
    for path in folder.glob("deduplication_log_*.txt"):
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.split("\t")[1] not in parts]
        if kept != lines:
            written = path.with_suffix(".new")
            written.write_text("".join(kept))
            written.replace(path)
            sync_folder(folder)
