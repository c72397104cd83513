"""A vault whose keys lie in rows, each wrapped under the master key (AES key wrap).

Several processes may have the rows open: a key is made by whoever comes first, and the others read
it.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from events.vault import SubjectKey, TokenKeys, Vault, next_token_key
from schemas.clock import RandomBytes
from schemas.errors import LogUnavailable, Unreadable

_CACHED_SUBJECTS = 250_000  # about 100 MB when full; unwrapping one again costs as much as a seal


class SubjectRow(NamedTuple):
    """A subject's key as it lies in the rows."""

    subject: str
    key_id: str
    wrapped: bytes


class KeyRows(ABC):
    """The port of the rows. All raise ``LogUnavailable``; of two rows with one key the first stays.

    Any thread may call.
    """

    @abstractmethod
    def address(self, workspace: str) -> bytes | None:
        """A workspace's address key."""

    @abstractmethod
    def add_address(self, workspace: str, wrapped: bytes) -> None:
        """Store one."""

    @abstractmethod
    def tokens(self, workspace: str) -> dict[int, bytes]:
        """A workspace's token keys by their ids."""

    @abstractmethod
    def add_token(self, workspace: str, kid: int, wrapped: bytes) -> None:
        """Store one."""

    @abstractmethod
    def subjects(self, workspace: str, names: Sequence[str]) -> list[SubjectRow]:
        """The rows of those subjects that have one."""

    @abstractmethod
    def add_subjects(self, workspace: str, rows: Sequence[SubjectRow]) -> bool:
        """Store rows; answers whether none of them was there."""

    @abstractmethod
    def subject_of(self, workspace: str, key_id: str) -> bytes | None:
        """The key of that id."""

    @abstractmethod
    def version(self) -> Any:
        """Another value once another process has written token keys, within a second."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""


class _Known(NamedTuple):
    """A ring, and the version of the rows before it was read."""

    version: Any
    ring: TokenKeys


class StoredVault(Vault):
    """What is known waits for nobody; two threads of one process race as two processes do."""

    def __init__(self, rows: KeyRows, master: bytes, random: RandomBytes) -> None:
        self._rows = rows
        self._master = master
        self._random = random
        self._turning = threading.Lock()
        self._address: dict[str, bytes] = {}
        self._tokens: dict[str, _Known] = {}
        self._subjects: OrderedDict[tuple[str, str], SubjectKey] = OrderedDict()

    def address_key(self, workspace: str) -> bytes:
        known = self._address.get(workspace)
        if known is None:
            wrapped = self._rows.address(workspace)
            if wrapped is None:
                self._rows.add_address(workspace, self.wrap(self._random(32)))
                wrapped = self._rows.address(workspace) or b""
            known = self._address[workspace] = self.unwrap(wrapped)
        return known

    def token_keys(self, workspace: str) -> TokenKeys:
        known = self._tokens.get(workspace)
        # Another process may have written (the command line beside a server); a look costs 10
        # microseconds at most.
        if known is not None and known.version == self._rows.version():
            return known.ring
        try:
            with self._turning:
                return self._read(workspace)
        except LogUnavailable:
            if known is None:
                raise
            return known.ring  # tokens in sent mail are as good as they were a second ago

    def rotate_tokens(self, workspace: str) -> TokenKeys:
        with self._turning:
            newest = next_token_key(self._ring(workspace))
            self._rows.add_token(workspace, newest, self.wrap(self._random(32)))
            return self._read(workspace)

    def _read(self, workspace: str) -> TokenKeys:
        version = self._rows.version()  # before the ring: what comes between is noticed next time
        known = self._tokens[workspace] = _Known(version, self._ring(workspace))
        return known.ring

    def _ring(self, workspace: str) -> TokenKeys:
        wrapped = self._rows.tokens(workspace)
        if not wrapped:
            # Another process may be making it at the same time; the one that is there stands.
            self._rows.add_token(workspace, 1, self.wrap(self._random(32)))
            wrapped = self._rows.tokens(workspace)
        return TokenKeys(max(wrapped), {kid: self.unwrap(key) for kid, key in wrapped.items()})

    def subject_keys(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        found = {s: k for s in subjects if (k := self._subjects.get((workspace, s)))}
        missing = list(dict.fromkeys(s for s in subjects if s not in found))
        if missing:
            found |= self._found(workspace, missing)
            new = [s for s in missing if s not in found]
            if new:
                found |= self._create(workspace, new)
        for subject in missing:
            self._remember(workspace, subject, found[subject])
        return found

    def by_id(self, workspace: str, key_id: str) -> SubjectKey | None:
        wrapped = self._rows.subject_of(workspace, key_id)
        return None if wrapped is None else SubjectKey(key_id, self.unwrap(wrapped))

    def close(self) -> None:
        self._rows.close()

    def _found(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        rows = self._rows.subjects(workspace, subjects)
        return {row.subject: SubjectKey(row.key_id, self.unwrap(row.wrapped)) for row in rows}

    def _create(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        made = {s: SubjectKey(self._random(12).hex(), self._random(32)) for s in subjects}
        rows = [SubjectRow(s, k.id, self.wrap(k.key)) for s, k in made.items()]
        # Another process may have made some of them between our look and our insert.
        all_new = self._rows.add_subjects(workspace, rows)
        return made if all_new else made | self._found(workspace, subjects)

    def _remember(self, workspace: str, subject: str, key: SubjectKey) -> None:
        self._subjects[workspace, subject] = key
        if len(self._subjects) > _CACHED_SUBJECTS:
            self._subjects.popitem(last=False)

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._master, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._master, wrapped)
        except Exception as error:
            raise Unreadable("A key in the vault does not open with this master key.") from error
