"""What every vault does. The subclass gives the fixture ``vault``."""

from __future__ import annotations

import threading

import pytest

from events.vault import MOST_TOKEN_KEYS, SubjectKey, Vault
from schemas.errors import MoveRefused


class VaultContract:
    """The contract of ``Vault``, as tests."""

    def test_the_address_key_of_a_workspace_never_changes(self, vault: Vault) -> None:
        first = vault.address_key("demo")
        assert len(first) == 32
        assert vault.address_key("demo") == first
        assert vault.address_key("other") != first

    def test_the_first_token_key_is_made_on_first_use(self, vault: Vault) -> None:
        ring = vault.token_keys("demo")
        assert ring.newest in ring.keys
        assert [len(key) for key in ring.keys.values()] == [32]
        assert vault.token_keys("demo") == ring
        assert vault.token_keys("other") != ring

    def test_a_new_token_key_signs_and_the_old_ones_stay(self, vault: Vault) -> None:
        old = vault.token_keys("demo")
        other = vault.token_keys("other")
        turned = vault.rotate_tokens("demo")
        assert turned.newest == old.newest + 1
        assert {**turned.keys, **old.keys} == turned.keys
        assert len(set(turned.keys.values())) == 2
        assert vault.token_keys("demo") == turned
        assert vault.token_keys("other") == other

    def test_a_full_ring_takes_no_more(self, vault: Vault) -> None:
        for _ in range(MOST_TOKEN_KEYS - 1):
            vault.rotate_tokens("demo")
        with pytest.raises(MoveRefused):
            vault.rotate_tokens("demo")
        assert vault.rotate_tokens("other").newest == 2

    def test_each_subject_has_a_key_of_its_own(self, vault: Vault) -> None:
        keys = vault.subject_keys("demo", ["ann", "bob", "ann"])
        assert set(keys) == {"ann", "bob"}
        assert {len(key.key) for key in keys.values()} == {32}
        assert keys["ann"].key != keys["bob"].key
        assert keys["ann"].id != keys["bob"].id

    def test_a_subject_keeps_its_key(self, vault: Vault) -> None:
        first = vault.subject_keys("demo", ["ann"])
        assert vault.subject_keys("demo", ["bob", "ann"])["ann"] == first["ann"]

    def test_subjects_of_workspaces_are_apart(self, vault: Vault) -> None:
        here, there = (vault.subject_keys(w, ["ann"])["ann"] for w in ("demo", "other"))
        assert here.key != there.key
        assert vault.by_id("other", here.id) is None

    def test_a_key_is_found_by_its_id(self, vault: Vault) -> None:
        key = vault.subject_keys("demo", ["ann"])["ann"]
        assert vault.by_id("demo", key.id) == key
        assert vault.by_id("demo", "0" * 24) is None

    def test_many_subjects_are_served_in_one_call(self, vault: Vault) -> None:
        names = [f"s{n}" for n in range(1201)]
        keys = vault.subject_keys("demo", names)
        assert list(vault.subject_keys("demo", names[::-1]).values()) == [
            keys[name] for name in names[::-1]
        ]
        assert len({key.id for key in keys.values()}) == 1201

    def test_no_subjects_need_no_keys(self, vault: Vault) -> None:
        assert vault.subject_keys("demo", []) == {}

    def test_keys_do_not_show_when_printed(self, vault: Vault) -> None:
        key = vault.subject_keys("demo", ["ann"])["ann"]
        shown = f"{key!r} {vault.token_keys('demo')!r}"
        assert repr(key.key) not in shown
        assert "b'" not in shown

    def test_threads_asking_for_one_new_subject_get_one_key(self, vault: Vault) -> None:
        start, found = threading.Barrier(8), list[SubjectKey]()
        rest = list[tuple[bytes, bytes]]()

        def ask() -> None:
            start.wait(10)
            found.append(vault.subject_keys("demo", ["ann"])["ann"])
            rest.append((vault.address_key("demo"), vault.token_keys("demo").keys[1]))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == len(set(rest)) == 1
