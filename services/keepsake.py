"""A file of JSON lines that outlives the process: what doors need when no database can be read.

Each line is whole or not there: a torn last one, after a power cut, ends the reading. The file is
a copy of what lies elsewhere, so a failure to write it costs nothing now and is only told.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

log = logging.getLogger(__name__)


class Keepsake:
    """One such file; ``path`` None keeps nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def lines(self) -> list[Any]:
        """Every line up to the first that cannot be read; none if there is no file."""
        if self._path is None:
            return []
        try:
            raw = self._path.read_bytes()
        except OSError:
            return []
        found: list[Any] = []
        for line in raw.split(b"\n"):
            try:
                found.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                break
        return found

    def add(self, line: Any) -> None:
        """Put one more line at the end."""
        if self._path is None:
            return
        try:
            self._written(self._path, [line], os.O_APPEND)
        except OSError as error:
            log.warning("The file %s cannot be written: %s.", self._path.name, error)

    def replace(self, lines: Sequence[Any]) -> None:
        """Let the file hold these lines and nothing else, at once or not at all."""
        if self._path is None:
            return
        beside = self._path.with_suffix(".new")
        try:
            self._written(beside, lines, os.O_TRUNC)
            beside.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            log.warning("The file %s cannot be written: %s.", self._path.name, error)

    def _written(self, path: Path, lines: Sequence[Any], how: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
