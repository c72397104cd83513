"""A whole set of parts in memory, for tests of the doors and of the API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from events.codec import encode
from events.compose import Composer, Draft
from events.cursor import Cursor
from events.memory import MemoryGate, MemoryLog
from events.sealing import Sealer
from events.vault_memory import MemoryVault
from projections.reading.reads import Reads
from schemas.catalogue import Topic, load_all
from schemas.decisions.definition import RegistryChanged
from schemas.envelope import Stream
from schemas.ids import named_id
from schemas.registries import ENTRY_ID
from services.access import Scope
from services.access_sqlite import SqliteAccess
from services.parts import Parts
from services.reference import Reference
from services.settings import Settings
from tests.support.clock import SettableClock
from tests.support.randomness import seeded

DEMO = "demo"


class NoReads(Reads):
    """A read side that must not be asked."""

    def _refuse(self) -> NoReturn:
        raise AssertionError("This test does not expect a read.")

    def responses(self, *_: Any) -> NoReturn:
        self._refuse()

    def newest_responses(self, *_: Any) -> NoReturn:
        self._refuse()

    def tally(self, *_: Any) -> NoReturn:
        self._refuse()

    def response(self, *_: Any) -> NoReturn:
        self._refuse()

    def response_key(self, *_: Any) -> NoReturn:
        self._refuse()

    def submissions(self, *_: Any) -> NoReturn:
        self._refuse()

    def submission(self, *_: Any) -> NoReturn:
        self._refuse()

    def contacts(self, *_: Any) -> NoReturn:
        self._refuse()

    def contacts_named(self, *_: Any) -> NoReturn:
        self._refuse()

    def contact_at(self, *_: Any) -> NoReturn:
        self._refuse()

    def contact(self, *_: Any) -> NoReturn:
        self._refuse()

    def journey(self, *_: Any) -> NoReturn:
        self._refuse()

    def members(self, *_: Any) -> NoReturn:
        self._refuse()

    def member_count(self, *_: Any) -> NoReturn:
        self._refuse()

    def member_flow(self, *_: Any) -> NoReturn:
        self._refuse()

    def member_why(self, *_: Any) -> NoReturn:
        self._refuse()

    def preview(self, *_: Any) -> NoReturn:
        self._refuse()

    def audience(self, *_: Any) -> NoReturn:
        self._refuse()

    def recipients(self, *_: Any) -> NoReturn:
        self._refuse()

    def outgoing(self, *_: Any) -> NoReturn:
        self._refuse()

    def unsent(self, *_: Any) -> NoReturn:
        self._refuse()

    def certificate(self, *_: Any) -> NoReturn:
        self._refuse()

    def batch(self, *_: Any) -> NoReturn:
        self._refuse()

    def batches(self, *_: Any) -> NoReturn:
        self._refuse()

    def batch_effects(self, *_: Any) -> NoReturn:
        self._refuse()

    def kpis(self, *_: Any) -> NoReturn:
        self._refuse()

    def kpi_changes(self, *_: Any) -> NoReturn:
        self._refuse()

    def dry_run(self, *_: Any) -> NoReturn:
        self._refuse()

    def counted(self, *_: Any) -> NoReturn:
        self._refuse()

    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        self._refuse()

    def cursors(self) -> NoReturn:
        self._refuse()


def make_parts(**overrides: Any) -> Parts:
    """Parts on memory backends with the workspace ``demo``; any of them can be given instead."""
    clock = overrides.get("clock") or SettableClock()
    random = overrides.get("random") or seeded()
    log = overrides.get("log") or MemoryLog(clock)
    vault = overrides.get("vault") or MemoryVault(random)
    sealer = Sealer(vault)
    access = overrides.get("access")
    if access is None:
        access = SqliteAccess(None, clock, random)
        access.create_workspace(DEMO, "UTC", "EUR")
    chosen: dict[str, Any] = {
        "settings": Settings(data=Path("unused")),
        "clock": clock,
        "random": random,
        "log": log,
        "gate": MemoryGate(log, clock) if isinstance(log, MemoryLog) else None,
        "vault": vault,
        "sealer": sealer,
        "composer": Composer(sealer, clock),
        "access": access,
        "reference": Reference(log),
        "reads": NoReads(),
    }
    return Parts(**{**chosen, **overrides})


@dataclass(frozen=True, slots=True)
class Keys:
    """A secret per scope, of one workspace."""

    write: str
    read: str
    admin: str


def make_keys(parts: Parts, workspace: str = DEMO) -> Keys:
    """A key for each scope; they are named ``writer``, ``reader`` and ``admin``."""
    return Keys(
        write=parts.access.create_key(workspace, "writer", frozenset((Scope.WRITE,))).secret,
        read=parts.access.create_key(workspace, "reader", frozenset((Scope.READ,))).secret,
        admin=parts.access.create_key(workspace, "admin", frozenset((Scope.ADMIN,))).secret,
    )


def register(
    parts: Parts, registry: str, entry: dict[str, Any], *, workspace: str = DEMO, version: int = 1
) -> None:
    """Enter something in a registry, as the management API does, and let the parts know."""
    entry_id = str(entry[ENTRY_ID[registry]])
    stream = Stream("registry", f"{registry}/{entry_id}")
    draft = Draft(
        kind=load_all().newest("registry.changed"),
        topic=Topic.DECISIONS,
        workspace=workspace,
        producer="test",
        event_id=named_id(workspace, *stream, version),
        payload=RegistryChanged.model_validate(
            {"registry": registry, "entry_id": entry_id, "changes": entry}
        ),
        received_at=parts.clock(),
        stream=stream,
        version=version,
    )
    parts.log.append([encode(e) for e in parts.composer.compose([draft])]).result(5)
    parts.reference.refresh()


def uuid_of(number: int) -> UUID:
    """A readable UUID."""
    return UUID(int=number)
