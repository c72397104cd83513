from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from services.keepsake import Keepsake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.jsonl"


def test_lines_are_there_again_in_their_order(path: Path) -> None:
    kept = Keepsake(path)
    assert kept.lines() == []
    kept.add({"a": 1})
    kept.add([2])
    assert Keepsake(path).lines() == [{"a": 1}, [2]]
    kept.replace(["new"])
    assert Keepsake(path).lines() == ["new"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [b'{"a"', b"\xff\xfe", b'{"a":1}{'])
def test_a_torn_line_ends_the_reading(path: Path, torn: bytes) -> None:
    path.write_bytes(b'"whole"\n' + torn)
    assert Keepsake(path).lines() == ["whole"]


def test_a_replacement_that_fails_leaves_what_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Keepsake(path)
    kept.replace(["old"])

    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with caplog.at_level(logging.WARNING):
        kept.replace(["new"])
        kept.add("more")
    assert "No space left" in caplog.text
    assert kept.lines()[0] == "old"


def test_without_a_path_nothing_is_kept() -> None:
    kept = Keepsake()
    kept.add(1)
    kept.replace([1])
    assert kept.lines() == []
