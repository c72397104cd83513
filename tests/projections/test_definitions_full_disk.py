"""Definitions of tables that a full disk has torn: the engine would not start again with one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from projections.stores.chdb_definitions import clear_torn
from schemas.errors import Unreadable
from tests.support.small_disk import small_disk

pytestmark = pytest.mark.timeout(120)

# One engine a process: each start is one of its own.
_START = """
import sys
from pathlib import Path
from projections.stores.chdb import ChdbColumns
from projections.stores.tables import create_tables
columns = ChdbColumns(Path(sys.argv[1]))
create_tables(columns)
"""
_SEEN = """
columns.run("INSERT INTO seen (event_id, log_offset) VALUES (generateUUIDv4(), 7)")
columns.close()
"""
_COUNT = """
print(columns.query("SELECT count() AS count FROM seen").to_pylist()[0]["count"])
columns.close()
"""
_FULL = """
from schemas.errors import OutOfRoom
from tests.support.small_disk import SmallDisk
disk = SmallDisk(Path(sys.argv[2]))
# Nothing is left when the statement runs, whatever was seen to be free before it.
columns._parts.check_room = disk.fill
said = []
for sql in ("CREATE TABLE other (n UInt8) ENGINE = MergeTree ORDER BY n",
            "ALTER TABLE seen ADD COLUMN other UInt8"):
    try:
        columns.run(sql)
    except OutOfRoom:
        said.append("out of room")
    disk.free()
names = columns.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
print(said, "other" in names.column("name").to_pylist())
columns.close()
"""


def run(program: str, *words: str) -> str:
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", _START + program, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


def definition(folder: Path, table: str) -> Path:
    return folder / "metadata" / "answerback" / f"{table}.sql"


def test_a_table_that_never_came_to_be_is_made_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "columns"
    run(_SEEN, str(folder))
    run("columns.run('CREATE TABLE other (n UInt8) ENGINE = MergeTree ORDER BY n')", str(folder))
    definition(folder, "other").write_bytes(b"")
    definition(folder, "stray").write_bytes(definition(folder, "stray").read_bytes()[:100])
    (folder / "metadata" / "replay_1.sql").write_bytes(b"")
    assert run(_COUNT, str(folder)) == "1"
    assert definition(folder, "stray").read_bytes().endswith(b"\n")
    assert not definition(folder, "other").exists()


def test_rows_that_no_definition_owns_are_never_given_up(tmp_path: Path) -> None:
    folder = tmp_path / "columns"
    run(_SEEN, str(folder))
    whole = definition(folder, "seen").read_bytes()
    definition(folder, "seen").write_bytes(b"")
    with pytest.raises(Unreadable, match=r"seen\.sql .* Restore a backup"):
        clear_torn(folder)
    assert definition(folder, "seen").exists()
    definition(folder, "seen").write_bytes(whole)
    assert run(_COUNT, str(folder)) == "1"


def test_what_a_full_disk_does_not_take_is_said_and_leaves_no_trace(tmp_path: Path) -> None:
    folder = tmp_path / "disk" / "columns"
    with small_disk(tmp_path / "disk", 96) as disk:
        if disk is None:
            pytest.skip("file systems cannot be mounted here")
        run(_SEEN, str(folder))
        said = run(_FULL, str(folder), str(disk.folder))
        assert run(_COUNT, str(folder)) == "1"
    assert said == "['out of room', 'out of room'] False"


def test_a_start_writes_no_definition_anew(tmp_path: Path) -> None:
    folder = tmp_path / "columns"
    run(_COUNT, str(folder))
    before = {path: path.stat().st_mtime_ns for path in folder.glob("store/*/*/*.sql")}
    run(_COUNT, str(folder))
    after = {path: path.stat().st_mtime_ns for path in folder.glob("store/*/*/*.sql")}
    assert after == before
    assert len(after) > 10
