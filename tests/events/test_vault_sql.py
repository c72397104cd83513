"""The vault in the SQL store keeps the contract on a real PostgreSQL, shared by processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from events.sql.keys import SqlKeyRows
from events.vault import SubjectKey
from events.vault_stored import StoredVault
from projections.stores.rows import open_rows
from schemas.errors import LogUnavailable
from tests.contracts.vault_contract import VaultContract
from tests.support.away import away
from tests.support.randomness import seeded
from tests.support.waiting import until

MASTER = bytes(range(32))


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = open_rows(new_database())
    yield engine
    engine.dispose()


@pytest.fixture
def vault(store: sa.Engine) -> Iterator[StoredVault]:
    vault = StoredVault(SqlKeyRows(store), MASTER, seeded())
    yield vault
    vault.close()


@pytest.fixture
def other(store: sa.Engine) -> Iterator[StoredVault]:
    """The vault of another process."""
    vault = StoredVault(SqlKeyRows(store), MASTER, seeded(2))
    yield vault
    vault.close()


class TestSqlVault(VaultContract):
    """The contract, by the fixtures above."""


def test_processes_have_the_same_keys(vault: StoredVault, other: StoredVault) -> None:
    assert vault.address_key("demo") == other.address_key("demo")
    assert vault.subject_keys("demo", ["ann"]) == other.subject_keys("demo", ["ann"])


def test_a_key_that_eight_make_at_once_is_one(vault: StoredVault, other: StoredVault) -> None:
    start, found = threading.Barrier(8), set[SubjectKey]()
    names = [f"s{n}" for n in range(50)]

    def ask(n: int) -> None:
        start.wait(10)
        keys = (vault, other)[n % 2].subject_keys("demo", names[::-1] if n % 3 else names)
        found.update(keys.values())

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(names)


def test_a_ring_that_another_process_turned_is_noticed(
    vault: StoredVault, other: StoredVault
) -> None:
    assert other.token_keys("demo").newest == 1
    vault.rotate_tokens("demo")
    until(lambda: other.token_keys("demo").newest == 2)


def test_what_is_known_goes_on_without_the_store(vault: StoredVault, store: sa.Engine) -> None:
    known = vault.subject_keys("demo", ["ann"])
    ring, address = vault.token_keys("demo"), vault.address_key("demo")
    with store.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE subject_key RENAME TO away")
        connection.commit()
        assert vault.subject_keys("demo", ["ann"]) == known
        assert (vault.token_keys("demo"), vault.address_key("demo")) == (ring, address)


def test_a_store_that_is_away_is_told(
    vault: StoredVault, postgres: sa.Engine, store: sa.Engine
) -> None:
    with away(postgres, store), pytest.raises(LogUnavailable):
        vault.subject_keys("demo", ["bob"])
    assert vault.subject_keys("demo", ["bob"])


def test_a_ring_serves_when_it_has_changed_and_the_store_is_away(
    vault: StoredVault, other: StoredVault, postgres: sa.Engine, store: sa.Engine
) -> None:
    ring, before = vault.token_keys("demo"), vault._rows.version()
    other.rotate_tokens("other")
    until(lambda: vault._rows.version() != before)
    with away(postgres, store):
        assert vault.token_keys("demo") == ring


def test_a_known_ring_waits_for_no_other_key(vault: StoredVault, store: sa.Engine) -> None:
    ring = vault.token_keys("demo")
    until(lambda: vault.token_keys("demo") == ring and vault._rows.version() == 1)
    vault.token_keys("demo")
    asker = threading.Thread(target=vault.subject_keys, args=("demo", ["ann"]))
    with store.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE subject_key IN ACCESS EXCLUSIVE MODE")
        asker.start()
        assert vault.token_keys("demo") == ring
    asker.join()
