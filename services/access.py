"""Who may do what: workspaces, and the API keys that open them.

1. A key belongs to one workspace, has a name and scopes; its secret is shown once, when it is made.
2. Secrets are stored only as hashes.
3. A revoked key is refused from the moment ``revoke_key`` has answered.
4. A workspace's number is given once, never changes and is never given again: it stands in tokens.
5. Every change is an act that is kept beside it, in the same transaction: who did what, and when.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import Fault, Forbidden, InvalidInput
from schemas.instants import Instant

_WORKSPACE_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_NAME = 100
LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600
OPERATOR = "operator"
"""Who acts where no key does: whoever can run commands on the data folder."""


class Scope(StrEnum):
    """What a key may be for; ``admin`` includes the others."""

    WRITE = "write"
    READ = "read"
    ADMIN = "admin"


class GpcMode(StrEnum):
    """What a workspace makes of a caller's signal not to be tracked (Global Privacy Control)."""

    KEEP = "keep"
    ANONYMOUS = "anonymous"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The owner of everything else."""

    id: str
    number: int
    time_zone: str
    base_currency: str
    gpc_mode: GpcMode = GpcMode.KEEP


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a workspace or its keys."""

    at: Instant
    actor: str
    act: str
    object: str
    detail: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request: the key, its workspace and what it may do."""

    workspace: str
    key_id: str
    name: str
    scopes: frozenset[Scope]

    @property
    def producer(self) -> str:
        """Under which name the key's facts are recorded: a new key of the same name goes on."""
        return self.name

    def may(self, scope: Scope) -> bool:
        """Whether the key has a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises ``Forbidden`` if the key lacks the scope."""
        if not self.may(scope):
            raise Forbidden(f"The key {self.name!r} may not do this: it lacks the scope {scope}.")


class PassKind(StrEnum):
    """What a pass is for: a browser's session, or the one visit that opens one."""

    SESSION = "session"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as lists show it."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: Instant
    revoked_at: Instant | None

    @property
    def revoked(self) -> bool:
        """Whether the key is refused, or will be when ``revoked_at`` has come."""
        return self.revoked_at is not None

    def is_live(self, now: Instant) -> bool:
        """Whether the key is taken at a moment."""
        return self.revoked_at is None or now < self.revoked_at


class NewKey(NamedTuple):
    """A key just made; ``secret`` is not stored and cannot be shown again."""

    key_id: str
    secret: str


class Access(ABC):
    """The port of keys and workspaces. Methods may block for the disk; any thread may call them."""

    @abstractmethod
    def authenticate(self, secret: str) -> Principal:
        """Whose secret this is. Raises ``Unauthenticated``."""

    @abstractmethod
    def principal(self, key_id: str) -> Principal:
        """Whose key this is, for sessions that a key has opened. Raises ``Unauthenticated``."""

    @abstractmethod
    def open_pass(self, key_id: str, kind: PassKind, lifetime: int) -> str:
        """A new secret that stands for a key for so many milliseconds.

        A key has a bounded number of passes of a kind: the oldest makes room. Raises
        ``Unauthenticated`` for a key that is not valid.
        """

    @abstractmethod
    def pass_holder(self, secret: str, kind: PassKind) -> Principal:
        """Whose pass this is. Raises ``Unauthenticated`` when it, or its key, is not valid."""

    @abstractmethod
    def use_pass(self, secret: str, kind: PassKind) -> Principal:
        """Whose pass this was; it ends with this call. Raises ``Unauthenticated``."""

    @abstractmethod
    def create_workspace(self, workspace: str, time_zone: str, base_currency: str) -> Workspace:
        """Make a workspace. Raises ``InvalidInput``, or ``NotUnique`` if the id is taken."""

    @abstractmethod
    def update_workspace(
        self, workspace: str, *, time_zone: str | None = None, gpc_mode: GpcMode | None = None,
        actor: str = OPERATOR,
    ) -> Workspace:  # fmt: skip
        """Set some of a workspace anew. Raises ``NotFound``, ``InvalidInput``."""

    @abstractmethod
    def workspace(self, workspace: str) -> Workspace:
        """A workspace by id. Raises ``NotFound``."""

    @abstractmethod
    def workspace_by_number(self, number: int) -> Workspace:
        """A workspace by the number in its tokens. Raises ``NotFound``."""

    @abstractmethod
    def workspaces(self) -> list[Workspace]:
        """All workspaces in the order of their numbers."""

    @abstractmethod
    def create_key(
        self, workspace: str, name: str, scopes: frozenset[Scope], actor: str = OPERATOR
    ) -> NewKey:
        """Make a key. Raises ``NotFound`` for the workspace, ``InvalidInput``."""

    @abstractmethod
    def rotate_key(
        self, workspace: str, key_id: str, overlap_seconds: int = 0, actor: str = OPERATOR
    ) -> NewKey:
        """Make a key of the same name and scopes; the old one is refused after the overlap.

        Raises ``NotFound``, ``InvalidInput``, or ``MoveRefused`` for a key that is refused already
        or has been replaced.
        """

    @abstractmethod
    def keys(self, workspace: str) -> list[KeyEntry]:
        """All keys of a workspace, also revoked ones, in the order they were made."""

    @abstractmethod
    def revoke_key(self, workspace: str, key_id: str, actor: str = OPERATOR) -> None:
        """Refuse a key from now on; again changes nothing. Raises ``NotFound``."""

    @abstractmethod
    def note(self, workspace: str, act: str, name: str, actor: str = OPERATOR) -> None:
        """Keep an act on what lies elsewhere. Raises ``NotFound`` for the workspace."""

    @abstractmethod
    def acts(self, workspace: str) -> list[Act]:
        """What was done to a workspace and its keys, in its order. Raises ``NotFound``."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""


def check_workspace(workspace: str, time_zone: str, base_currency: str) -> None:
    """Raises ``InvalidInput`` for what is no name, time zone or currency."""
    faults = []
    if not _WORKSPACE_ID.fullmatch(workspace):
        detail = "Use a small letter, then up to 39 small letters, digits and hyphens."
        faults.append(Fault("/id", detail))
    if not _is_time_zone(time_zone):
        faults.append(Fault("/time_zone", "Give an IANA name such as Europe/Warsaw."))
    if not _CURRENCY.fullmatch(base_currency):
        faults.append(Fault("/base_currency", "Give a code of three capital letters such as EUR."))
    if faults:
        raise InvalidInput("The workspace cannot be made like this.", tuple(faults))


def check_key(name: str, scopes: frozenset[Scope]) -> None:
    """Raises ``InvalidInput`` for a key without a proper name or without a scope."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        fault = Fault("/name", f"Give a name of 1 to {_LONGEST_NAME} printable characters.")
        raise InvalidInput("The key needs a name.", (fault,))
    if not scopes:
        fault = Fault("/scopes", f"Give one or more of {', '.join(Scope)}.")
        raise InvalidInput("The key needs a scope.", (fault,))


def check_overlap(seconds: int) -> None:
    """Raises ``InvalidInput`` for a time that a replaced key may not live on."""
    if not 0 <= seconds <= LONGEST_OVERLAP_SECONDS:
        detail = f"Give 0 to {LONGEST_OVERLAP_SECONDS} seconds."
        raise InvalidInput(detail, (Fault("/overlap_seconds", detail),))


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
