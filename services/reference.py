"""The small registries of all workspaces, whole in memory: what doors and commands look up.

Fed from the log alone, so links redirect and forms work while every other store is down. Unlike
``projections.folds.reference`` it knows only the newest version of an entry, and shows it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from events.codec import decode, payload_of
from events.cursor import Cursor
from events.log import EventLog, Filter, StoredRecord
from schemas.catalogue import Topic, load_all
from schemas.decisions.definition import RegistryChanged
from schemas.fields import Model
from schemas.registries import (
    ENTRIES,
    ContentVersionEntry,
    FormEntry,
    LinkEntry,
    SourceEntry,
)

_PAGE = 1000
# Their public addresses name no workspace.
_OWNED = frozenset(("form", "source"))
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    entry: Model


@dataclass(frozen=True, slots=True)
class OwnedForm:
    """A form, and the workspace that has it."""

    workspace: str
    form: FormEntry


@dataclass(frozen=True, slots=True)
class OwnedSource:
    """A source of calls, and the workspace that has it."""

    workspace: str
    source: SourceEntry


class Reference:
    """Look-ups never block; ``refresh`` reads the log and is called from a thread."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._cursor = Cursor()
        self._shelves: dict[tuple[str, str], dict[str, _Held]] = {}
        self._owners: dict[tuple[str, str], tuple[int, str]] = {}
        wires = (e.wire for e in load_all() if e.name == "registry.changed")
        self._only = Filter(types=frozenset(wires))

    def refresh(self) -> None:
        """Read everything up to the log's present end."""
        with self._lock:
            heads = self._log.heads()
            for partition in range(self._log.partitions):
                self._read(partition, heads[Topic.DECISIONS, partition])

    def link(self, workspace: str, number: str) -> LinkEntry | None:
        """A link by its number, 16 hex digits."""
        return self._entry(workspace, "link", number, LinkEntry)

    def form(self, workspace: str, form_id: UUID) -> FormEntry | None:
        """A form of a workspace."""
        return self._entry(workspace, "form", str(form_id), FormEntry)

    def version(self, workspace: str, registry: str, entry_id: str) -> int:
        """Which version of an entry is the newest; 0 where there is none."""
        held = self._shelves.get((workspace, registry), {}).get(entry_id)
        return held.version if held else 0

    def form_anywhere(self, form_id: UUID) -> OwnedForm | None:
        """A form by its id alone, as its public address names it.

        If two workspaces register one id, it is the first one's: nobody can take another's form.
        """
        owner = self._owners.get(("form", str(form_id)))
        form = self.form(owner[1], form_id) if owner else None
        return OwnedForm(owner[1], form) if owner and form else None

    def source_anywhere(self, source_id: UUID) -> OwnedSource | None:
        """A source by its id alone; like a form, it stays with who had it first."""
        name = str(source_id)
        owner = self._owners.get(("source", name))
        source = self._entry(owner[1], "source", name, SourceEntry) if owner else None
        return OwnedSource(owner[1], source) if owner and source else None

    def content_version(self, workspace: str, version_id: UUID) -> ContentVersionEntry | None:
        """A version of a content."""
        return self._entry(workspace, "content_version", str(version_id), ContentVersionEntry)

    def entry(self, workspace: str, registry: str, entry_id: str) -> Model | None:
        """An entry of any registry."""
        return self._entry(workspace, registry, entry_id, Model)

    def entries(self, workspace: str, registry: str) -> Mapping[str, Model]:
        """All entries of a registry by their ids."""
        shelf = self._shelves.get((workspace, registry))
        return {name: held.entry for name, held in list(shelf.items())} if shelf else {}

    # Inside

    def _entry(self, workspace: str, registry: str, name: str, kind: type[M]) -> M | None:
        shelf = self._shelves.get((workspace, registry))
        held = shelf.get(name) if shelf else None
        return held.entry if held and isinstance(held.entry, kind) else None

    def _read(self, partition: int, head: int) -> None:
        place = (Topic.DECISIONS, partition)
        while self._cursor[place] < head:
            page = self._log.read(*place, self._cursor[place], _PAGE, self._only)
            for record in page.records:
                self._learn(record)
            self._cursor = self._cursor.moved({place: page.end})

    def _learn(self, record: StoredRecord) -> None:
        event = decode(record)
        payload = payload_of(event)
        if not isinstance(payload, RegistryChanged) or payload.registry not in ENTRIES:
            return
        try:
            entry = ENTRIES[payload.registry].model_validate(payload.changes)
        except ValidationError:
            return  # an entry that this version cannot read is as good as absent
        shelf = self._shelves.setdefault((event.workspace, payload.registry), {})
        known = shelf.get(payload.entry_id)
        version = event.version or 1
        if known is None or known.version <= version:
            shelf[payload.entry_id] = _Held(version, entry)
        if payload.registry in _OWNED:
            name = (payload.registry, payload.entry_id)
            claim = (event.recorded_at, event.workspace)
            self._owners[name] = min(claim, self._owners.get(name, claim))
