"""The program's own text, as syntax trees, for the tests that hold its structure."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "events", "projections", "services")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the repository; it is read when a test asks for what is in it."""

    path: Path

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return _parsed(self.path)

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def folder(self) -> str:
        """The folder at the top that it lies in."""
        return self.path.relative_to(ROOT).parts[0]

    def imports(self) -> Iterator[str]:
        """Every module that it names in an import, wherever in the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield str(node.module)
                # "from events import memory" names a module as well.
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def relative_imports(self) -> list[int]:
        """The lines of relative imports."""
        return [
            node.lineno
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.level
        ]

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


@lru_cache
def modules(*folders: str) -> tuple[Module, ...]:
    """All files of some folders."""
    return tuple(Module(p) for folder in folders for p in sorted((ROOT / folder).rglob("*.py")))


@cache
def _parsed(path: Path) -> ast.Module:
    # A tree is many objects that all live on: looking for garbage among them took five times as
    # long as parsing.
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()


def length(function: Function) -> int:
    """Its lines without the docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines
