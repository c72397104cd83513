from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from schemas.errors import (
    Forbidden,
    InvalidInput,
    MoveRefused,
    NotFound,
    NotUnique,
    Unauthenticated,
)
from services.access import Access, GpcMode, Principal, Scope
from services.access_sqlite import SqliteAccess
from tests.services.conftest import Open
from tests.support.clock import SettableClock
from tests.support.randomness import seeded
from tests.support.waiting import until

WRITE = frozenset((Scope.WRITE,))
IN_A_FILE = pytest.mark.parametrize("opened", ["sqlite"], indirect=True)


def test_create_workspace_numbers_them_in_order(access: Access) -> None:
    second = access.create_workspace("other", "UTC", "EUR")
    assert (second.number, second.time_zone, second.base_currency) == (2, "UTC", "EUR")
    assert [w.id for w in access.workspaces()] == ["demo", "other"]
    assert access.workspace("other") == access.workspace_by_number(2) == second


def test_create_workspace_refuses_an_id_that_is_taken(access: Access) -> None:
    with pytest.raises(NotUnique):
        access.create_workspace("demo", "UTC", "EUR")


@pytest.mark.parametrize(
    ("workspace", "zone", "currency", "pointers"),
    [
        ("Demo", "UTC", "EUR", {"/id"}), ("", "UTC", "EUR", {"/id"}), ("1a", "UTC", "EUR", {"/id"}),
        ("a" * 41, "UTC", "EUR", {"/id"}), ("a:b", "UTC", "EUR", {"/id"}),
        ("a\n", "UTC", "EUR", {"/id"}), ("a", "Mars/Olympus", "EUR", {"/time_zone"}),
        ("a", "../etc/passwd", "EUR", {"/time_zone"}), ("a", "", "EUR", {"/time_zone"}),
        ("a", "UTC", "eur", {"/base_currency"}),
        ("A", "x", "y", {"/id", "/time_zone", "/base_currency"}),
    ],
)  # fmt: skip
def test_create_workspace_points_at_what_is_wrong(
    access: Access, workspace: str, zone: str, currency: str, pointers: set[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        access.create_workspace(workspace, zone, currency)
    assert {fault.pointer for fault in caught.value.faults} == pointers


@pytest.mark.parametrize("find", [lambda a: a.workspace("x"), lambda a: a.workspace_by_number(9)])
def test_an_unknown_workspace_is_not_found(
    access: Access, find: Callable[[Access], object]
) -> None:
    with pytest.raises(NotFound):
        find(access)


def test_a_key_opens_its_workspace(access: Access) -> None:
    key_id, secret = access.create_key("demo", "shop", WRITE)
    assert re.fullmatch(r"ab_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", secret)
    principal = access.authenticate(secret)
    assert principal == Principal("demo", key_id, "shop", WRITE)
    assert principal.producer == "shop"
    assert access.principal(key_id) == principal


@IN_A_FILE
def test_the_secret_is_stored_nowhere(access: Access, tmp_path: Path) -> None:
    _, secret = access.create_key("demo", "shop", WRITE)
    drawn = secret.split("_", 2)[2].encode()
    for file in tmp_path.iterdir():
        assert drawn not in file.read_bytes()
        assert drawn[:20] not in file.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: "",
        lambda s: s[:-1],
        lambda s: s + "A",
        lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"),
        lambda s: "ab_000000000000" + s[15:],
        lambda s: s.upper(),
        lambda s: s + "\n",
        lambda s: "é" * 59,
        lambda s: s.replace("ab_", "", 1),
    ],
)
def test_a_damaged_secret_opens_nothing(access: Access, damage: Callable[[str], str]) -> None:
    _, secret = access.create_key("demo", "shop", WRITE)
    with pytest.raises(Unauthenticated):
        access.authenticate(damage(secret))


def test_a_secret_does_not_open_with_another_keys_id(access: Access) -> None:
    _, first = access.create_key("demo", "a", WRITE)
    _, second = access.create_key("demo", "b", WRITE)
    with pytest.raises(Unauthenticated):
        access.authenticate(first[:16] + second[16:])


def test_a_revoked_key_is_refused_at_once(access: Access, clock: SettableClock) -> None:
    key_id, secret = access.create_key("demo", "shop", WRITE)
    access.authenticate(secret)
    access.revoke_key("demo", key_id)
    with pytest.raises(Unauthenticated):
        access.authenticate(secret)
    with pytest.raises(Unauthenticated):
        access.principal(key_id)
    revoked_at = clock()
    clock.advance(1000)
    access.revoke_key("demo", key_id)
    (entry,) = access.keys("demo")
    assert (entry.revoked, entry.revoked_at) == (True, revoked_at)


def test_a_key_revoked_by_another_process_is_refused_soon(opened: Open) -> None:
    server, command_line = opened(), opened()
    command_line.create_workspace("demo", "UTC", "EUR")
    key_id, secret = command_line.create_key("demo", "shop", WRITE)
    until(lambda: _opens(server, secret))
    command_line.revoke_key("demo", key_id)
    until(lambda: not _opens(server, secret))


def _opens(access: Access, secret: str) -> bool:
    try:
        return access.authenticate(secret).name == "shop"
    except Unauthenticated:
        return False


def test_keys_and_workspaces_are_there_after_a_restart(opened: Open) -> None:
    first = opened()
    first.create_workspace("demo", "UTC", "EUR")
    _, secret = first.create_key("demo", "shop", WRITE)
    first.close()
    assert opened().authenticate(secret).workspace == "demo"


def test_a_key_can_be_revoked_only_in_its_workspace(access: Access) -> None:
    access.create_workspace("other", "UTC", "EUR")
    key_id, secret = access.create_key("demo", "shop", WRITE)
    with pytest.raises(NotFound):
        access.revoke_key("other", key_id)
    assert access.keys("other") == []
    assert access.authenticate(secret).workspace == "demo"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "\0"])
def test_a_key_needs_a_proper_name(access: Access, name: str) -> None:
    with pytest.raises(InvalidInput):
        access.create_key("demo", name, WRITE)


def test_a_key_needs_a_scope_and_a_workspace(access: Access) -> None:
    with pytest.raises(InvalidInput):
        access.create_key("demo", "shop", frozenset())
    with pytest.raises(NotFound):
        access.create_key("nowhere", "shop", WRITE)


@pytest.mark.parametrize(
    ("has", "needs", "allowed"),
    [
        (Scope.WRITE, Scope.WRITE, True), (Scope.WRITE, Scope.READ, False),
        (Scope.READ, Scope.WRITE, False), (Scope.READ, Scope.ADMIN, False),
        (Scope.ADMIN, Scope.WRITE, True), (Scope.ADMIN, Scope.READ, True),
    ],
)  # fmt: skip
def test_require_refuses_what_the_scopes_do_not_allow(
    has: Scope, needs: Scope, allowed: bool
) -> None:
    principal = Principal("demo", "k", "shop", frozenset((has,)))
    assert principal.may(needs) == allowed
    if allowed:
        principal.require(needs)
    else:
        with pytest.raises(Forbidden):
            principal.require(needs)


def test_many_threads_may_ask_while_keys_are_made(access: Access) -> None:
    _, secret = access.create_key("demo", "shop", WRITE)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(50):
                access.authenticate(secret)
        except Exception as error:  # noqa: BLE001 - the test's own thread hands it over
            failures.append(error)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        access.create_key("demo", f"key {number}", WRITE)
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(access.keys("demo")) == 11


@IN_A_FILE
def test_a_number_is_never_given_again(opened: Open, tmp_path: Path) -> None:
    access = opened()
    access.create_workspace("first", "UTC", "EUR")
    with sqlite3.connect(tmp_path / "access.db") as connection:
        connection.execute("DELETE FROM workspaces")
    connection.close()
    assert access.create_workspace("second", "UTC", "EUR").number == 2


def test_update_workspace_sets_what_is_named(access: Access) -> None:
    assert access.workspace("demo").gpc_mode is GpcMode.KEEP
    changed = access.update_workspace("demo", gpc_mode=GpcMode.DROP)
    assert (changed.time_zone, changed.gpc_mode) == ("Europe/Warsaw", GpcMode.DROP)
    assert access.update_workspace("demo", time_zone="UTC").gpc_mode is GpcMode.DROP
    assert access.workspace_by_number(1) == access.workspace("demo")
    with pytest.raises(InvalidInput):
        access.update_workspace("demo", time_zone="Mars/Olympus")
    with pytest.raises(NotFound):
        access.update_workspace("none", time_zone="UTC")


def test_rotate_key_gives_the_old_one_its_overlap(access: Access, clock: SettableClock) -> None:
    old = access.create_key("demo", "shop", WRITE)
    new = access.rotate_key("demo", old.key_id, 60)
    assert access.authenticate(new.secret).producer == access.authenticate(old.secret).producer
    clock.advance(59_999)
    access.authenticate(old.secret)
    clock.advance(1)
    for refuse in (lambda: access.authenticate(old.secret), lambda: access.principal(old.key_id)):
        with pytest.raises(Unauthenticated):
            refuse()
    assert access.authenticate(new.secret).scopes == WRITE


def test_rotate_key_refuses_at_once_without_an_overlap(access: Access) -> None:
    old = access.create_key("demo", "shop", WRITE)
    access.rotate_key("demo", old.key_id)
    with pytest.raises(Unauthenticated):
        access.authenticate(old.secret)
    with pytest.raises(MoveRefused):
        access.rotate_key("demo", old.key_id)
    for seconds in (-1, 10**9):
        with pytest.raises(InvalidInput):
            access.rotate_key("demo", old.key_id, seconds)


def test_revoke_key_ends_an_overlap(access: Access) -> None:
    old = access.create_key("demo", "shop", WRITE)
    access.rotate_key("demo", old.key_id, 3600)
    access.revoke_key("demo", old.key_id)
    with pytest.raises(Unauthenticated):
        access.authenticate(old.secret)


def test_rotate_key_knows_only_its_own_workspace(access: Access) -> None:
    access.create_workspace("other", "UTC", "EUR")
    theirs = access.create_key("other", "shop", WRITE)
    with pytest.raises(NotFound):
        access.rotate_key("demo", theirs.key_id)
    access.authenticate(theirs.secret)


def test_every_change_is_an_act(access: Access, clock: SettableClock) -> None:
    access.create_workspace("other", "UTC", "EUR")
    clock.advance(1000)
    key = access.create_key("demo", "shop", WRITE, "ann")
    access.update_workspace("demo", gpc_mode=GpcMode.DROP, actor="ann")
    access.update_workspace("demo", gpc_mode=GpcMode.DROP, actor="ann")  # nothing changes
    new = access.rotate_key("demo", key.key_id, 5, "bob")
    access.revoke_key("demo", new.key_id)
    access.revoke_key("demo", new.key_id)
    access.note("demo", "token keys rotated", "2", "bob")
    assert [(a.actor, a.act, a.object) for a in access.acts("demo")] == [
        ("operator", "workspace created", "demo"),
        ("ann", "key created", key.key_id),
        ("ann", "workspace changed", "demo"),
        ("bob", "key replaced", key.key_id),
        ("operator", "key revoked", new.key_id),
        ("bob", "token keys rotated", "2"),
    ]
    assert access.acts("demo")[1].at == clock()
    assert key.secret not in str(access.acts("demo"))
    assert [a.object for a in access.acts("other")] == ["other"]
    with pytest.raises(NotFound):
        access.acts("none")


def test_a_file_from_before_gpc_modes_is_taken(tmp_path: Path, clock: SettableClock) -> None:
    with sqlite3.connect(tmp_path / "access.db") as connection:
        connection.executescript(
            "CREATE TABLE workspaces (number INTEGER PRIMARY KEY AUTOINCREMENT, id VARCHAR NOT NULL"
            " UNIQUE, time_zone VARCHAR NOT NULL, base_currency VARCHAR NOT NULL);"
            "INSERT INTO workspaces VALUES (1, 'old', 'UTC', 'EUR');"
        )
    connection.close()
    access = SqliteAccess(tmp_path / "access.db", clock, seeded())
    assert access.workspace("old").gpc_mode is GpcMode.KEEP
    assert access.update_workspace("old", gpc_mode=GpcMode.ANONYMOUS).gpc_mode == "anonymous"
    access.close()
