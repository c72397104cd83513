"""Benches on tiny numbers: what is tested is their shape and their counts, never speed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.bench.mix import load_mix
from services.cli import main

Bench = Callable[..., dict[str, Any]]


@pytest.fixture
def small_mix(tmp_path) -> Path:
    """The mix of traffic with few people, so that no keys need be made in stock."""
    mix = load_mix("traffic").model_copy(update={"people": 500})
    path = tmp_path / "small.toml"
    shapes = "\n".join(f"{name} = {value}" for name, value in mix.shapes.model_dump().items())
    weights = "\n".join(f'"{name}" = {value}' for name, value in mix.weights.items())
    head = f'name = "small"\nabout = "few people"\nseed = {mix.seed}\npeople = 500\n'
    rest = f"messages_per_person = 3\nmachine_share = 0.15\n[shapes]\n{shapes}\n"
    path.write_text(f"{head}{rest}[weights]\n{weights}\n")
    return path


@pytest.fixture
def bench(tmp_path, small_mix, capsys) -> Bench:
    """Runs a bench by the command line, and answers its report."""

    def run(name: str, *options: str) -> dict[str, Any]:
        path = tmp_path / "report.json"
        common = ["--json", str(path), "--mix", str(small_mix), "--rounds", "1"]
        assert main(["bench", name, *common, *options]) == 0
        assert "RATIO" in capsys.readouterr().out
        return json.loads(path.read_text())

    before = os.sched_getaffinity(0)
    yield run
    assert os.sched_getaffinity(0) == before
