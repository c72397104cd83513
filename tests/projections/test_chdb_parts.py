"""What a full disk kept the engine from writing is found, undone, and written again."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from projections.stores.chdb import ChdbColumns
from projections.stores.chdb_parts import ROOM, Parts
from schemas.errors import OutOfRoom
from tests.support.columns import engine_folder, new_columns

TABLE = "provider_message"


@pytest.fixture
def columns() -> Iterator[ChdbColumns]:
    columns = new_columns()
    columns.run("SYSTEM STOP MERGES")
    yield columns
    columns.run("SYSTEM START MERGES")
    columns.run(f"DROP DATABASE {columns.database} SYNC")
    columns.close()


def put(columns: ChdbColumns, *names: str) -> None:
    """Insert rows, under a token that names them."""
    rows = pa.table({"workspace": ["demo"] * len(names), "provider_ref": list(names),
                     "message_id": list(names)})  # fmt: skip
    columns.insert(TABLE, rows, " ".join(names))


def refs(columns: ChdbColumns) -> list[str]:
    found = columns.query(f"SELECT provider_ref FROM {TABLE} ORDER BY provider_ref")
    return [str(name) for name in found.column(0).to_pylist()]


def newest_part(columns: ChdbColumns) -> Path:
    found = columns.query(
        "SELECT path FROM system.parts WHERE database = currentDatabase() AND active "
        f"AND table = '{TABLE}' ORDER BY max_block_number DESC, level DESC LIMIT 1"
    )
    return Path(found.column(0).to_pylist()[0])


def tear(part: Path, *names: str) -> None:
    """Leave files as a full disk does: there, and empty."""
    for file in part.iterdir():
        if not names or file.name in names:
            os.truncate(file, 0)


def merge(columns: ChdbColumns) -> None:
    columns.run("SYSTEM START MERGES")
    columns.run(f"OPTIMIZE TABLE {TABLE} FINAL")
    columns.run("SYSTEM STOP MERGES")


def put_torn(columns: ChdbColumns, *names: str, files: Sequence[str] = ()) -> None:
    """Insert rows of which not all reach the disk."""
    with columns.lasting():
        put(columns, *names)
        tear(newest_part(columns), *files)


@pytest.mark.parametrize(
    "file", ["", "data.bin", "data.cmrk4", "checksums.txt", "columns.txt", "primary.cidx"]
)
def test_a_torn_insert_is_done_again_under_its_token(columns: ChdbColumns, file: str) -> None:
    with columns.lasting():
        put(columns, "a")
    with pytest.raises(OutOfRoom):
        put_torn(columns, "b", "c", files=[file] if file else [])
    assert refs(columns) == ["a"]
    with columns.lasting():
        put(columns, "a")
        put(columns, "b", "c")
        put(columns, "b", "c")
    assert refs(columns) == ["a", "b", "c"]


def test_a_torn_merge_loses_nothing(columns: ChdbColumns) -> None:
    for name in "abc":
        put(columns, name)
    before = columns.settle()
    merge(columns)
    put(columns, "d")
    part = newest_part(columns).parent / "all_1_3_1"
    tear(part)
    with pytest.raises(Exception, match="mpty"):
        refs(columns)
    assert columns.settle() == before
    assert refs(columns) == ["a", "b", "c", "d"]
    for name in "abcd":
        put(columns, name)
    assert refs(columns) == ["a", "b", "c", "d"]


def test_what_another_thread_found_lost_is_told_to_who_wrote_it(columns: ChdbColumns) -> None:
    def put_while_another_looks() -> None:
        with columns.lasting():
            put(columns, "a")
            tear(newest_part(columns))
            other = threading.Thread(target=columns.settle)
            other.start()
            other.join()
            assert refs(columns) == []

    with pytest.raises(OutOfRoom):
        put_while_another_looks()


def test_what_was_lost_before_is_nothing_to_who_writes_now(columns: ChdbColumns) -> None:
    with pytest.raises(OutOfRoom):
        put_torn(columns, "a")
    with columns.lasting():
        put(columns, "b")
    assert refs(columns) == ["b"]


def test_an_insert_that_was_torn_before_a_start_is_done_again(columns: ChdbColumns) -> None:
    put(columns, "a")
    put(columns, "b")
    tear(newest_part(columns))
    columns.run(f"DETACH TABLE {TABLE} SYNC")  # as a start does: it sets the part aside,
    columns.run(f"ATTACH TABLE {TABLE}")  # and takes its token to be good
    put(columns, "b")
    assert refs(columns) == ["a"]
    Parts(columns, engine_folder()).clear()
    put(columns, "a")
    put(columns, "b")
    assert refs(columns) == ["a", "b"]


def test_whole_parts_are_left_alone(columns: ChdbColumns) -> None:
    rows = pa.table({"workspace": ["demo"] * 300_000,
                     "provider_ref": [f"r{n % 7}" for n in range(300_000)],
                     "message_id": [""] * 300_000})  # fmt: skip
    with columns.lasting():
        columns.insert(TABLE, rows)
        put(columns, "a")
        merge(columns)
    assert len(refs(columns)) == 300_001
    assert Parts(columns, engine_folder()).settle() == 0


def test_a_part_is_seen_however_soon_it_follows_another(columns: ChdbColumns) -> None:
    for number in range(4):  # the engine merges more than a few by itself
        put(columns, f"whole {number}")
        before = columns.settle()
        put(columns, f"torn {number}")
        tear(newest_part(columns))
        assert columns.settle() == before + 1
    time.sleep(0.1)
    assert columns.settle() == columns.settle()


def test_nothing_is_written_where_there_is_hardly_room(
    columns: ChdbColumns, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(columns, "a")
    usage = shutil.disk_usage(engine_folder())
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=ROOM - 1))
    with pytest.raises(OutOfRoom, match=f"{ROOM - 1} bytes are free"):
        put(columns, "b")
    with pytest.raises(OutOfRoom):
        columns.run(f"INSERT INTO {TABLE} SELECT * FROM {TABLE}")
    tear(newest_part(columns))
    with pytest.raises(OutOfRoom):
        columns.settle()
    monkeypatch.undo()
    assert columns.settle() == 1
    assert refs(columns) == []
