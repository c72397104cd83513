"""``answerback import`` on a data folder that no server has open."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from schemas.clock import system_clock, system_random
from services.bootstrap import open_embedded
from services.cli import main
from services.settings import load_settings

HEADER = "id,last_name,email,country\n"
GOOD = "1,Nowak,nowak@example.com,PL\n2,Łęcka,lecka@example.com,PL\n"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    for name in [n for n in os.environ if n.startswith("ANSWERBACK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANSWERBACK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def csv(tmp_path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + GOOD, "utf-8")
    return path


def heads() -> str:
    with open_embedded(load_settings(), clock=system_clock, random=system_random) as embedded:
        return embedded.parts.log.heads().encode()


def subject_keys(data: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(data / "vault.db")) as vault:
        return vault.execute("SELECT * FROM subject_key ORDER BY 1, 2").fetchall()


def table(out: str) -> dict[str, str]:
    return dict(line.rsplit(maxsplit=1) for line in out.splitlines())


def test_dry_run_moves_no_head_and_makes_no_key(csv, data, capsys):
    main(["workspace", "create", "acme"])
    before = heads()
    people = subject_keys(data)
    capsys.readouterr()
    assert main(["import", "contacts", str(csv), "--dry-run", "--workspace", "acme"]) == 0
    found = table(capsys.readouterr().out)
    assert (found["accepted"], found["stored already"]) == ("2", "0")
    assert heads() == before
    assert subject_keys(data) == people
    main(["key", "list", "acme"])
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["import", "contacts", str(csv), "--workspace", "acme"]) == 0
    assert table(capsys.readouterr().out) == found
    assert heads() != before
    assert main(["import", "contacts", str(csv), "--dry-run", "--workspace", "acme"]) == 0
    assert table(capsys.readouterr().out)["stored already"] == "2"


@pytest.mark.parametrize(
    "more",
    [[], ["--url", "http://127.0.0.1:1"], ["--url", "http://127.0.0.1:1", "--workspace", "w"]],
    ids=" ".join,
)
def test_wrong_call_exits_with_2_and_says_what_to_give(csv, more, capsys):
    assert main(["import", "contacts", str(csv), *more]) == 2
    assert capsys.readouterr().err.startswith("answerback: ")


@pytest.mark.parametrize("arguments", [["people", "x.csv"], ["contacts"], []], ids=" ".join)
def test_unknown_kind_or_missing_file_is_a_wrong_call(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["import", *arguments])
    assert ended.value.code == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    "more",
    [["--workspace", "nobody"], ["--workspace", "acme", "--key", "ab_wrong"],
     ["--workspace", "acme", "--mapping", "missing.toml"], ["--workspace", "UPPER"]],
    ids=" ".join,
)  # fmt: skip
def test_failure_is_one_sentence_and_exit_code_1(csv, more, capsys):
    main(["workspace", "create", "acme"])
    capsys.readouterr()
    assert main(["import", "contacts", str(csv), *more]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith("answerback: ")
    assert "Traceback" not in said.err


def test_rows_that_are_not_taken_are_told_and_written(csv, capsys):
    main(["workspace", "create", "acme"])
    csv.write_text(HEADER + "=1,=cmd,a@example.com,PL\n" + GOOD + '3,"x,y\n4,a,b,Poland\n', "utf-8")
    capsys.readouterr()
    assert main(["import", "contacts", str(csv), "--workspace", "acme"]) == 1
    said = capsys.readouterr()
    assert (table(said.out)["accepted"], table(said.out)["wrong"]) == ("3", "2")
    assert f"{csv}, line 5: A quotation mark" in said.err
    assert f"{csv}, line 6: column country: " in said.err
    assert "people.rejected.csv" in said.err
    assert (csv.parent / "people.rejected.csv").exists()


@pytest.mark.parametrize("seed", range(8))
def test_rubbish_is_told_and_never_a_traceback(csv, seed, capsys):
    draw = random.Random(seed)  # noqa: S311 - rubbish is no secret
    pool = [b"\0", b'"', b",", b"\n", b"\r", b"\xff", b"1", b"PL", b"'=", "Ł".encode(), b"x" * 300]
    rows = b"".join(draw.choice(pool) for _ in range(400))
    csv.write_bytes(HEADER.encode() + rows if seed % 2 else rows)
    rejected = csv.with_name("r.csv")
    more = ["--dry-run", "--rejected", str(rejected)]
    assert main(["import", "contacts", str(csv), *more]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err
    if rejected.exists():
        assert main(["import", "contacts", str(rejected), "--dry-run"]) in (0, 1)
