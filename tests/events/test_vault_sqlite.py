"""The vault in a file keeps the contract, over restarts, and tells its keys to nobody."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.vault_sqlite import SqliteVault
from schemas.errors import LogUnavailable, Unreadable
from tests.contracts.vault_contract import VaultContract
from tests.support.randomness import seeded

MASTER = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path) -> Iterator[SqliteVault]:
    vault = SqliteVault(path, MASTER, seeded())
    yield vault
    vault.close()


class TestSqliteVault(VaultContract):
    """The contract, by the fixtures above."""


def test_vault_remembers_over_a_restart(vault: SqliteVault, path: Path) -> None:
    before = (
        vault.address_key("demo"),
        vault.token_keys("demo"),
        vault.subject_keys("demo", ["ann"]),
    )
    vault.close()
    again = SqliteVault(path, MASTER, seeded(2))
    assert again.address_key("demo") == before[0]
    assert again.token_keys("demo") == before[1]
    assert again.subject_keys("demo", ["ann"]) == before[2]
    assert again.by_id("demo", before[2]["ann"].id) == before[2]["ann"]
    again.close()


def test_no_key_lies_in_the_file_in_clear(vault: SqliteVault, path: Path) -> None:
    keys = [vault.address_key("demo"), vault.token_keys("demo").keys[1]]
    keys += [key.key for key in vault.subject_keys("demo", ["ann", "bob"]).values()]
    vault.close()
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert all(key not in stored for key in keys)
    assert b"ann" in stored  # the file was really read


@pytest.mark.parametrize("kind", ["address", "token", "subject"])
def test_vault_does_not_open_with_another_master_key(
    vault: SqliteVault, path: Path, kind: str
) -> None:
    vault.address_key("demo")
    vault.token_keys("demo")
    vault.subject_keys("demo", ["ann"])
    vault.close()
    wrong = SqliteVault(path, bytes(32), seeded())
    ask = {
        "address": lambda: wrong.address_key("demo"),
        "token": lambda: wrong.token_keys("demo"),
        "subject": lambda: wrong.subject_keys("demo", ["ann"]),
    }
    with pytest.raises(Unreadable, match="master key"):
        ask[kind]()
    wrong.close()


def test_all_keys_of_a_ring_verify_and_the_newest_signs(vault: SqliteVault, path: Path) -> None:
    first = vault.token_keys("demo")
    vault.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO token_key SELECT workspace, 2, wrapped FROM token_key")
    connection.close()
    again = SqliteVault(path, MASTER, seeded())
    ring = again.token_keys("demo")
    assert ring.newest == 2
    assert ring.keys == {1: first.keys[1], 2: first.keys[1]}
    again.close()


def test_a_destroyed_key_is_gone(vault: SqliteVault, path: Path) -> None:
    key = vault.subject_keys("demo", ["ann"])["ann"]
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM subject_key")
    connection.close()
    assert vault.by_id("demo", key.id) is None


def test_a_vault_that_cannot_write_says_so(vault: SqliteVault, path: Path) -> None:
    blocker = sqlite3.connect(path, isolation_level=None)
    vault._rows._connection.execute("PRAGMA busy_timeout=50")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable):
        vault.subject_keys("demo", ["ann"])
    with pytest.raises(LogUnavailable):
        vault.address_key("demo")
    blocker.execute("ROLLBACK")
    blocker.close()
    assert len(vault.subject_keys("demo", ["ann"])["ann"].key) == 32


def test_two_processes_agree_on_every_key(tmp_path: Path) -> None:
    first, second = (SqliteVault(tmp_path / "vault.db", MASTER, os.urandom) for _ in range(2))
    # Both look before either has made anything, as two processes do that start together.
    assert first.subject_keys("demo", []) == second.subject_keys("demo", []) == {}
    names = [f"p{n}" for n in range(50)]
    made = first.subject_keys("demo", names[:30])
    assert second._create("demo", names) == first.subject_keys("demo", names)
    assert first.subject_keys("demo", names[:30]) == made
    assert first.address_key("demo") == second.address_key("demo")
    assert first.token_keys("demo") == second.token_keys("demo")
    first.close()
    second.close()


def test_a_ring_that_another_process_turns_is_noticed_at_once(
    vault: SqliteVault, path: Path
) -> None:
    before = vault.token_keys("demo")
    beside = SqliteVault(path, MASTER, seeded(2))
    turned = beside.rotate_tokens("demo")
    assert vault.token_keys("demo") == turned != before
    assert vault.rotate_tokens("demo").newest == turned.newest + 1
    assert beside.token_keys("demo") == vault.token_keys("demo")
    beside.close()
