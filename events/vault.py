"""The vault: every secret Answerback keeps for a workspace and for a person.

- one address key per workspace, for the keyed hash of addresses; it never changes;
- a ring of token keys per workspace; the newest signs, all verify, since tokens live in sent mail;
- one data key per subject, drawn at random, so that destroying it is erasure.

Keys at rest are wrapped under the installation's master key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.errors import MoveRefused

MOST_TOKEN_KEYS = 255


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A person's data key, and the id by which sealed values name it."""

    id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """A workspace's ring of token keys by key id; ``newest`` signs."""

    newest: int
    keys: dict[int, bytes] = field(repr=False)


def next_token_key(ring: TokenKeys) -> int:
    """The id of the key that is to sign next. Raises ``MoveRefused`` when there is none left."""
    if ring.newest >= MOST_TOKEN_KEYS:
        raise MoveRefused(f"A ring holds {MOST_TOKEN_KEYS} keys, and this one has them all.")
    return ring.newest + 1


class Vault(ABC):
    """The port of the vault. Methods may block for the disk and may be called from any thread."""

    @abstractmethod
    def address_key(self, workspace: str) -> bytes:
        """The key of address hashes, made on first use. 32 bytes."""

    @abstractmethod
    def token_keys(self, workspace: str) -> TokenKeys:
        """The ring of token keys; its first key is made on first use. 32 bytes each."""

    @abstractmethod
    def rotate_tokens(self, workspace: str) -> TokenKeys:
        """The ring with a new key that signs from now on; the others go on verifying.

        Raises ``MoveRefused`` when the ring is full: a token names its key in one byte.
        """

    @abstractmethod
    def subject_keys(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        """The data keys of subjects, made durably on first use. 32 bytes each."""

    @abstractmethod
    def by_id(self, workspace: str, key_id: str) -> SubjectKey | None:
        """The key that a sealed value names; ``None`` once it is destroyed."""

    @abstractmethod
    def wrap(self, key: bytes) -> bytes:
        """A key under the installation's master key, so that it may lie in a file."""

    @abstractmethod
    def unwrap(self, wrapped: bytes) -> bytes:
        """The key again. Raises ``Unreadable`` under another master key."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""
