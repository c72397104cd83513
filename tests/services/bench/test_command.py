"""The command ``bench`` itself."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from services.bench.benches import BENCHES, by_name
from services.cli import main


def test_list_names_every_bench_with_what_it_measures(capsys):
    assert main(["bench", "--list"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in said] == [bench.name for bench in BENCHES]


def test_bench_without_a_name_says_how_to_find_one(capsys):
    assert main(["bench"]) == 1
    assert "--list" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["speed"], ["all", "--rounds", "0"], ["all", "--seconds", "nan"]]
)
def test_bench_called_wrongly_exits_with_2(options):
    with pytest.raises(SystemExit) as ended:
        main(["bench", *options])
    assert ended.value.code == 2


def test_all_are_those_that_need_no_stores():
    assert set(by_name("all")) == {bench for bench in BENCHES if not bench.distributed}
    assert len({bench.name for bench in BENCHES}) == len(BENCHES)


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.name)
def test_every_bench_has_its_module(bench):
    module = import_module(f"services.bench.{bench.module}")
    assert bench.name == module.NAME
    assert callable(module.measure)


def test_the_command_line_does_not_load_the_engine_of_columns():
    """It would lie in the memory of the front, which never asks it."""
    code = "import sys, services.cli; print(sorted({'chdb', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
