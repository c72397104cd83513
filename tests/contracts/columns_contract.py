"""What every column store does. The subclass gives ``columns``, a store with all tables, empty."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from projections.columns.arrow import names_table, to_table
from projections.stores.columns import Columns
from projections.stores.tables import (
    COPY_COLUMNS,
    ENTITY_COLUMNS,
    JOURNAL_COLUMNS,
    JUDGEMENT_COLUMNS,
)
from schemas.errors import StoreUnavailable

STRANGE = [
    "", "plain", "it's", 'say "so"', "back\\slash", "\\'; DROP TABLE journal; --", "a\nb\tc\r",
    "nul\0in", "{name:String}", "%(x)s", "$given", "żółć 😀", "'" * 50,
]  # fmt: skip
AT = datetime(2026, 11, 27, 8, 30, 0, 123_000, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "String": STRANGE,
    "UUID": ["6f9619ff-8b86-d011-b42d-00c04fc964ff", "00000000-0000-0000-0000-000000000000"],
    "Bool": [True, False],
    "UInt8": [0, 255],
    "UInt16": [0, 65_535],
    "UInt32": [0, 2**32 - 1],
    "UInt64": [0, 2**64 - 1],
    "Int32": [-(2**31), 2**31 - 1],
    "Int64": [-(2**63), 2**63 - 1],
    "Decimal": [Decimal("-1234567890.5678"), Decimal("0.0001")],
    "DateTime64": [AT, datetime(1970, 1, 1, tzinfo=UTC)],
    "Map": [[("a", "1"), ("b'\\", "\0")], []],
}


def value_of(kind: str, index: int) -> Any:
    """A value of a column's type; strange ones where there is a choice."""
    for wrapper in ("LowCardinality(", "Nullable("):
        if kind.startswith(wrapper):
            return value_of(kind[len(wrapper) : -1], index)
    if kind.startswith("Array("):
        return [value_of(kind[6:-1], i) for i in range(index % 3)]
    if kind.startswith("Enum8("):
        return kind.split("'")[1 + 2 * (index % kind.count("="))]
    known = VALUES[kind.partition("(")[0].partition(" ")[0]]
    return known[index % len(known)]


TABLES: dict[str, dict[str, str]] = {
    "journal": JOURNAL_COLUMNS,
    "judgement": JUDGEMENT_COLUMNS,
    **{f"{name}_copy": columns for name, columns in COPY_COLUMNS.items()},
    **ENTITY_COLUMNS,
}


def rows_of(columns: dict[str, str], count: int = len(STRANGE)) -> list[dict[str, Any]]:
    return [{name: value_of(kind, i) for name, kind in columns.items()} for i in range(count)]


def written(value: Any) -> Any:
    """A value as it is handed over: decimals as text."""
    return str(value) if isinstance(value, Decimal) else value


def shown(name: str, kind: str) -> str:
    """What to select of a column: what has no Arrow type of its own is selected as text."""
    if kind.startswith("Array(Enum8"):
        return f"CAST({name} AS Array(String))"
    return f"toString({name})" if "UUID" in kind or "Enum8" in kind else name


def seen(value: Any) -> str:
    """A value as it compares, whatever time zone object or kind of map it came with."""
    match value:
        case dict():
            return repr(sorted((name, seen(one)) for name, one in value.items()))
        case list():
            return repr([seen(one) for one in value])
        case tuple():
            return repr(tuple(seen(one) for one in value))
        case Decimal():
            return repr(value.normalize())
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return repr(value)


def some(*names: str) -> pa.Table:
    return names_table(workspace=["demo"] * len(names), provider_ref=list(names),
                       message_id=list(names))  # fmt: skip


class ColumnsContract:
    """The contract of ``Columns``, as tests."""

    @pytest.mark.parametrize("table", TABLES)
    def test_rows_of_every_table_come_back_as_they_went_in(
        self, columns: Columns, table: str
    ) -> None:
        declared = TABLES[table]
        rows = rows_of(declared)
        handed = [{name: written(value) for name, value in row.items()} for row in rows]
        columns.insert(table, to_table(declared, handed))
        names = ", ".join(f"{shown(name, kind)} AS {name}" for name, kind in declared.items())
        found = columns.query(f"SELECT {names} FROM {table}").to_pylist()
        for name in declared:
            assert sorted(seen(row[name]) for row in found) == sorted(seen(r[name]) for r in rows)
        assert sorted(map(seen, found)) == sorted(map(seen, rows))

    def test_a_fixed_string_keeps_its_bytes(self, columns: Columns) -> None:
        digest = bytes(range(240, 256))
        declared = {"event_id": "UUID", "digest": "FixedString(16)",
                    "log_topic": "Enum8('facts' = 1)", "log_partition": "UInt16",
                    "log_offset": "UInt64"}  # fmt: skip
        row = {"event_id": VALUES["UUID"][0], "digest": digest, "log_topic": "facts",
               "log_partition": 1, "log_offset": 2}  # fmt: skip
        columns.insert("seen", to_table(declared, [row]))
        (found,) = columns.query("SELECT hex(digest) AS digest, log_offset FROM seen").to_pylist()
        assert (bytes.fromhex(found["digest"]), found["log_offset"]) == (digest, 2)

    @pytest.mark.parametrize("text", STRANGE)
    def test_a_parameter_is_a_value_whatever_it_says(self, columns: Columns, text: str) -> None:
        columns.insert("provider_message", some(text, "other"))
        found = columns.query(
            "SELECT message_id, {text:String} AS said, {number:Int64} AS number "
            "FROM provider_message WHERE provider_ref = {text:String}",
            {"text": text, "number": -5},
        )
        assert found.to_pylist() == [{"message_id": text, "said": text, "number": -5}]

    def test_a_table_is_handed_over_with_a_call(self, columns: Columns) -> None:
        columns.insert("provider_message", some("a", "b", "c"))
        given = names_table(name=["a", "c", "it's"])
        found = columns.query(
            "SELECT provider_ref FROM provider_message "
            "WHERE provider_ref IN (SELECT name FROM $given) ORDER BY provider_ref",
            None, given,
        )  # fmt: skip
        assert found.column("provider_ref").to_pylist() == ["a", "c"]
        columns.run(
            "INSERT INTO provider_message (workspace, provider_ref, message_id) "
            "SELECT 'given', name, name FROM $given",
            None, given,
        )  # fmt: skip
        count = columns.query("SELECT count() AS n FROM provider_message WHERE workspace = 'given'")
        assert count.to_pylist() == [{"n": 3}]

    def test_an_empty_table_may_be_handed_over(self, columns: Columns) -> None:
        columns.insert("provider_message", some("a"))
        sql = "SELECT count() AS n FROM provider_message "
        sql += "WHERE message_id IN (SELECT name FROM $given)"
        assert columns.query(sql, None, names_table(name=[])).to_pylist() == [{"n": 0}]

    def test_a_token_inserts_once_in_each_table(self, columns: Columns) -> None:
        for _ in range(3):
            columns.insert("provider_message", some("a", "b"), "token-1")
        columns.insert("provider_message", some("a", "b"), "token-2")
        columns.small().insert("provider_message", some("a", "b"), "token-2")
        row = {name: written(value) for name, value in rows_of(JUDGEMENT_COLUMNS, 1)[0].items()}
        columns.insert("judgement", to_table(JUDGEMENT_COLUMNS, [row]), "token-1")
        assert self._count(columns, "provider_message") == 4
        assert self._count(columns, "judgement") == 1

    def test_no_rows_are_no_insert(self, columns: Columns) -> None:
        columns.insert("provider_message", some(), "token")
        columns.insert("provider_message", some("a"), "token")
        assert self._count(columns, "provider_message") == 1

    def test_many_rows_go_and_come(self, columns: Columns) -> None:
        names = [f"name {n}" for n in range(150_000)]
        columns.insert("provider_message", some(*names), "many")
        columns.insert("provider_message", some(*names), "many")
        found = columns.query("SELECT provider_ref FROM provider_message")
        assert sorted(found.column("provider_ref").to_pylist()) == sorted(names)

    def test_an_answer_without_rows_has_its_columns(self, columns: Columns) -> None:
        found = columns.query("SELECT message_id FROM provider_message")
        assert (found.num_rows, found.column("message_id").to_pylist()) == (0, [])

    def test_an_answer_that_breaks_off_leaves_nothing_to_the_next(self, columns: Columns) -> None:
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                columns.query(
                    "SELECT number, throwIf(number = 150000) FROM numbers(200000)"
                    " SETTINGS max_block_size = 10000"
                )
            assert columns.query("SELECT 7 AS seven").to_pylist() == [{"seven": 7}]

    def test_what_is_written_lasts(self, columns: Columns) -> None:
        with columns.lasting():
            columns.insert("provider_message", some("a"))
            with columns.lasting():
                columns.insert("provider_message", some("b"))
        assert self._count(columns, "provider_message") == 2

    def test_a_wrong_statement_is_told_and_harms_nothing(self, columns: Columns) -> None:
        with pytest.raises(StoreUnavailable, match="no_such_table"):
            columns.query("SELECT * FROM no_such_table")
        with pytest.raises(StoreUnavailable):
            columns.run("INSERT INTO provider_message (nothing) SELECT 1")
        columns.insert("provider_message", some("a"))
        assert self._count(columns, "provider_message") == 1

    def test_many_threads_may_call(self, columns: Columns) -> None:
        def work(n: int) -> None:
            for i in range(5):
                columns.insert("provider_message", some(f"{n}-{i}"), f"{n}-{i}")
                columns.query("SELECT count() AS n FROM provider_message")

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self._count(columns, "provider_message") == 30

    def test_a_store_beside_is_empty_and_reads_this_one(self, columns: Columns) -> None:
        columns.insert("provider_message", some("a"))
        name = f"{columns.database}_beside"
        beside = columns.beside(name)
        here = f"{columns.database}.provider_message"
        beside.run(
            f"CREATE TABLE copied ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM {here}"
        )
        assert self._count(beside, "copied") == 1
        beside.close()
        again = columns.beside(name)
        with pytest.raises(StoreUnavailable):
            again.query("SELECT * FROM copied")
        again.close()
        columns.drop_beside(name)
        assert self._count(columns, "provider_message") == 1
        with pytest.raises(StoreUnavailable):
            columns.query(f"SELECT * FROM {name}.copied")

    def _count(self, columns: Columns, table: str) -> int:
        return int(columns.query(f"SELECT count() AS n FROM {table}").to_pylist()[0]["n"])
