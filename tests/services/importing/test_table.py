"""Reading CSV files, also those that are none."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidInput
from services.importing.table import LONGEST_ROW, Line, Table, measure


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "file.csv"


def read(path: Path, content: bytes | str, **named: str | None) -> list[Line]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = Table(path, named.get("encoding"), named.get("delimiter"))
    try:
        return list(table.lines())
    finally:
        table.close()


def header(path: Path, content: bytes | str) -> tuple[str, ...]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = Table(path, None, None)
    table.close()
    return table.header


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_table_finds_out_delimiter_and_line_ends(path, delimiter, end):
    text = end.join([delimiter.join(("a", "b")), delimiter.join(("1", '"2"'))])
    assert read(path, text) == [Line(2, ("1", "2"))]


def test_table_numbers_rows_by_their_first_line_and_passes_over_empty_ones(path):
    assert read(path, 'a,b\n"x\ny",1\n\n2,3\n') == [
        Line(2, ("x\ny", "1")), Line(5, ("2", "3")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param("n\nŁ\n".encode(), None, id="utf-8"),
        pytest.param("n\nŁ\n".encode("utf-8-sig"), None, id="utf-8 with its mark"),
        pytest.param("n\nŁ\n".encode("cp1250"), "cp1250", id="a code page"),
        pytest.param("n\nŁ\n".encode("utf-16"), "utf-16", id="utf-16"),
    ],
)
def test_table_reads_encodings(path, content, encoding):
    assert read(path, content, encoding=encoding) == [Line(2, ("Ł",))]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n\n", "names no columns", id="only empty lines"),
        pytest.param(b"a,b,a\n1,2,3\n", "the header names a more than once", id="double header"),
        pytest.param("a\n1\n".encode("utf-16"), "begins like UTF-16", id="utf-16 unsaid"),
        pytest.param(b'"a,b\n1,2\n', "never closed", id="header without its end"),
        pytest.param(b"\0\0\n", "NUL byte", id="zeros"),
        pytest.param(b"x" * (LONGEST_ROW + 5), "more than 1,048,576", id="one endless line"),
        pytest.param(b"\xff\xfa\xc0\n", "not utf-8-sig", id="no text at all"),
    ],
)
def test_table_refuses_what_has_no_header(path, content, words):
    with pytest.raises(InvalidInput, match=words):
        header(path, content)


@pytest.mark.parametrize("encoding", ["klingon", "hex", "zlib"])
def test_table_refuses_an_encoding_that_is_none(path, encoding):
    path.write_bytes(b"a\n1\n")
    with pytest.raises(InvalidInput, match="There is no encoding"):
        Table(path, encoding, None)


GOOD = Line(4, ("5", "6"))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        pytest.param(b"1", "1 cells where the header has 2", id="too few cells"),
        pytest.param(b"1,2,3,4", r"4 cells where .* \('3,4' is over\)", id="too many cells"),
        pytest.param(b"1,\0", "NUL byte", id="a NUL byte"),
        pytest.param(b"1,\xff", "not utf-8-sig: name the right encoding", id="wrong encoding"),
        pytest.param(b'1,"2', "never closed", id="quotation mark never closed"),
        pytest.param(b'1,"2"x', "not doubled", id="text after a quoted cell"),
        pytest.param(b"1," + b"x" * 140_000, "131,072", id="a long cell"),
        pytest.param(b"1," + b"x" * 10_000_000, "more than 1,048,576", id="ten megabytes"),
        pytest.param(b'1,"' + b"x" * 10_000_000, "more than 1,048,576", id="... in quotes"),
    ],
)
def test_bad_row_is_told_and_spoils_no_other(path, bad, words):
    first, second, third = read(path, b"a,b\n0,0\n" + bad + b"\n5,6\n")
    assert (first, third) == (Line(2, ("0", "0")), GOOD)
    assert second.number == 3
    assert re.search(words, second.fault)


def test_quotation_mark_never_closed_does_not_swallow_the_file(path):
    lines = [f"{number},x" for number in range(3000)]
    lines[1] = '1,"x'
    found = read(path, "\n".join(["a,b", *lines]))
    assert [line.number for line in found] == list(range(2, 3002))
    assert [line.number for line in found if line.fault] == [3]


def test_encoding_that_breaks_off_is_told(path):
    found = read(path, "a\n1\n2\n".encode("utf-16")[:-1], encoding="utf-16")
    assert "From here on the file is not utf-16" in found[-1].fault


def test_long_lines_do_not_fill_the_memory(path):
    path.write_bytes(b"a,b\n" + b"x" * 30_000_000 + b"\n5,6\n")
    tracemalloc.start()
    try:
        table = Table(path, None, None)
        assert list(table.lines())[-1] == Line(3, ("5", "6"))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
        table.close()


@given(st.binary(max_size=300))
def test_rubbish_is_read_or_refused_with_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "rubbish.csv"
    try:
        lines = read(path, content)
    except InvalidInput:
        return
    for line in lines:
        assert line.number > 1
        assert line.fault or line.cells


def test_measure_counts_rows_and_names_the_content(path):
    path.write_bytes(b"a\n1\n2")
    first = measure(path)
    path.write_bytes(b"a\n1\n2\n")
    second = measure(path)
    assert (first.rows, second.rows) == (2, 2)
    assert first.digest != second.digest
