"""Whether the definitions that the engine of chDB has written are whole on the disk.

The engine takes no notice of a write that fails: on a full disk ``CREATE`` and ``ALTER`` answer as
if all were well and leave an empty file, and with one of those in its folder it would not start
again. So the files are looked at after each such statement, and before each start too, for the
process may have been killed between the two.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from schemas.durable import write_whole
from schemas.errors import Unreadable

_NO_ROWS = frozenset(("detached", "deduplication_logs"))
_DEFINES = re.compile(r"\s*(CREATE|ALTER TABLE \w+ (ADD|MODIFY))\b")

logger = logging.getLogger("answerback.columns")


def defines(sql: str) -> bool:
    """Whether a statement writes definitions."""
    return _DEFINES.match(sql) is not None


def clear_torn(folder: Path) -> None:
    """Before the engine starts: remove torn definitions, for their tables never came to be.

    Raises ``Unreadable`` if there are rows that no whole definition owns.
    """
    torn = [path for path in _written(folder, "metadata", "store") if not _is_whole(path)]
    if torn and (rows := next(_unowned(folder), None)):
        raise Unreadable(
            f"{torn[0].name} in {folder} was torn by a full disk, and the rows in {rows} may be "
            "of that table. Restore a backup (docs/keeping.md)."
        )
    for path in torn:
        logger.warning("The definition %s was torn by a full disk.", path.name)
        path.unlink()


class Definitions:
    """The definition files of one database, and that of the database itself."""

    def __init__(self, folder: Path, database: str) -> None:
        self._tables = folder / "metadata" / database
        self._database = folder / "metadata" / f"{database}.sql"

    def has_database(self) -> bool:
        """Whether the database would be there after another start."""
        return _is_whole(self._database)

    def texts(self) -> dict[str, bytes]:
        """What stands in the file of each table."""
        return {path.stem: path.read_bytes() for path in self._tables.glob("*.sql")}

    def put_back(self, before: dict[str, bytes]) -> tuple[list[str], list[str]]:
        """Give torn files the text from before; answers their tables, and those that had none."""
        torn = [path for path in self._tables.glob("*.sql") if not _is_whole(path)]
        for path in torn:
            logger.warning("The definition %s was torn by a full disk.", path.name)
            if path.stem in before:
                write_whole(path, before[path.stem])
        names = [path.stem for path in torn]
        return names, [name for name in names if name not in before]


def _is_whole(path: Path) -> bool:
    return path.read_bytes().endswith(b"\n")


def _written(folder: Path, *places: str) -> Iterator[Path]:
    for place in places:
        yield from sorted((folder / place).glob("*/*/*.sql" if place == "store" else "*.sql"))


def _unowned(folder: Path) -> Iterator[Path]:
    """The folders of tables that hold rows and that no definition names."""
    texts = [path.read_text() for path in _written(folder, "metadata", "metadata_dropped", "store")]
    for path in folder.glob("store/*/*"):
        parts = (part for part in path.iterdir() if part.is_dir() and part.name not in _NO_ROWS)
        if not any(path.name in text for text in texts) and any(parts):
            yield path
