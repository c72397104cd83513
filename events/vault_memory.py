"""A vault that forgets everything at the end of the process: for tests."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from events.vault import SubjectKey, TokenKeys, Vault, next_token_key
from schemas.clock import RandomBytes
from schemas.errors import Unreadable


class MemoryVault(Vault):
    """Keys in dicts."""

    def __init__(self, random: RandomBytes) -> None:
        self._random = random
        # Not drawn: what tests draw from their seed must not depend on it.
        self._master = bytes(32)
        self._lock = Lock()
        self._address: dict[str, bytes] = {}
        self._tokens: dict[str, TokenKeys] = {}
        self._subjects: dict[tuple[str, str], SubjectKey] = {}

    def address_key(self, workspace: str) -> bytes:
        with self._lock:
            if workspace not in self._address:
                self._address[workspace] = self._random(32)
            return self._address[workspace]

    def token_keys(self, workspace: str) -> TokenKeys:
        with self._lock:
            if workspace not in self._tokens:
                self._tokens[workspace] = TokenKeys(1, {1: self._random(32)})
            return self._tokens[workspace]

    def rotate_tokens(self, workspace: str) -> TokenKeys:
        ring = self.token_keys(workspace)
        with self._lock:
            newest = next_token_key(ring)
            keys = {**ring.keys, newest: self._random(32)}
            self._tokens[workspace] = TokenKeys(newest, keys)
            return self._tokens[workspace]

    def subject_keys(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        with self._lock:
            for subject in subjects:
                if (workspace, subject) not in self._subjects:
                    key = SubjectKey(self._random(12).hex(), self._random(32))
                    self._subjects[workspace, subject] = key
            return {subject: self._subjects[workspace, subject] for subject in subjects}

    def by_id(self, workspace: str, key_id: str) -> SubjectKey | None:
        with self._lock:
            keys = [k for (owner, _), k in self._subjects.items() if owner == workspace]
        return next((key for key in keys if key.id == key_id), None)

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._master, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._master, wrapped)
        except InvalidUnwrap as error:
            raise Unreadable("The key does not open with this master key.") from error

    def close(self) -> None:
        self._subjects.clear()
