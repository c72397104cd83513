"""Rejected rows: harmless in a spreadsheet, and read again as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.importing.apostrophes import escaped, unescaped
from services.importing.rejects import Rejects
from services.importing.table import LINE, REASON, Line, Table

CELLS = st.text(st.sampled_from("'=+-@\t\r\n ,;\"a1.é"), max_size=8)


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("+48 22", "'+48 22"), ("-x", "'-x"), ("@a", "'@a"), ("\tx", "'\tx"),
     ("\rx", "'\rx"), ("'=1", "''=1"), ("-3.5", "-3.5"), ("+4,5", "+4,5"), ("O'Neill", "O'Neill"),
     ("'tis", "'tis"), ("", "")],
)  # fmt: skip
def test_cell_that_would_run_gets_an_apostrophe(cell, written):
    assert escaped(cell) == written
    assert unescaped(written) == cell


@given(CELLS)
def test_escaping_loses_nothing(cell):
    assert unescaped(escaped(cell)) == cell


def table_of(path: Path, text: str, encoding: str = "utf-8") -> Table:
    path.write_bytes(text.encode(encoding))
    return Table(path, None if encoding == "utf-8" else encoding, None)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_rejected_rows_are_read_again_as_they_were(tmp_path_factory, rows):
    folder = tmp_path_factory.getbasetemp()
    original = table_of(folder / "original.csv", "a;b\n")
    rejects = Rejects(folder / "rejected.csv", original)
    for number, cells in enumerate(rows, 2):
        rejects.add(Line(number, cells), "=because")
    path = rejects.close()
    original.close()
    assert path is not None
    again = Table(path, None, ";")
    found = list(again.lines())
    again.close()
    assert again.header == ("a", "b", LINE, REASON)
    assert [line.cells for line in found] == [
        (*cells, str(number), "=because") for number, cells in enumerate(rows, 2)
    ]


def test_rejected_rows_keep_encoding_delimiter_and_bytes_that_nobody_could_read(tmp_path):
    path = tmp_path / "original.csv"
    path.write_bytes("imię;b\n".encode("cp1250") + b"\x81;1\n")
    table = Table(path, "cp1250", None)
    (line,) = table.lines()
    rejects = Rejects(tmp_path / "rejected.csv", table)
    rejects.add(line, "Unreadable → mend it.")
    rejects.close()
    table.close()
    assert (tmp_path / "rejected.csv").read_bytes() == (
        "imię;b;ab_line;ab_reason\r\n".encode("cp1250") + b"\x81;1;2;Unreadable ? mend it.\r\n"
    )


def test_mended_file_that_is_rejected_again_has_its_columns_once(tmp_path):
    table = table_of(tmp_path / "a.csv", f"a,{LINE},{REASON}\nx,7,old\n")
    rejects = Rejects(tmp_path / "b.csv", table)
    for line in table.lines():
        rejects.add(line, "new")
    rejects.close()
    table.close()
    assert (tmp_path / "b.csv").read_text("utf-8-sig").split() == [
        f"a,{LINE},{REASON}", "x,2,new",
    ]  # fmt: skip


def test_no_rejected_row_no_file(tmp_path):
    table = table_of(tmp_path / "a.csv", "a\n1\n")
    assert Rejects(tmp_path / "b.csv", table).close() is None
    table.close()
    assert not (tmp_path / "b.csv").exists()
