"""The small registries of all workspaces, whole in memory: what doors and commands look up.

Fed from the log alone, so links redirect and forms work while every other store is down. Unlike
``projections.folds.reference`` it knows only the newest version of an entry, and shows it at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import ValidationError

from events.codec import decode, payload_of
from events.cursor import Cursor
from events.log import EventLog, Filter, StoredRecord
from schemas.catalogue import Topic, load_all
from schemas.decisions.definition import RegistryChanged
from schemas.errors import InvalidInput, UnavailableError
from schemas.fields import Model
from schemas.registries import (
    ENTRIES,
    ContentVersionEntry,
    FormEntry,
    LinkEntry,
    SourceEntry,
)
from services.keepsake import Keepsake

_PAGE = 1000
# Their public addresses name no workspace.
_OWNED = frozenset(("form", "source"))
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    entry: Model
    since: int


class Told(NamedTuple):
    """What one decision says about an entry, as the file holds it."""

    workspace: str
    registry: str
    entry_id: str
    version: int
    recorded_at: int
    changes: dict[str, Any]


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

    def __init__(self, log: EventLog, kept: Keepsake | None = None) -> None:
        self._log = log
        self._kept = kept or Keepsake()
        self._started = False
        self._lock = threading.Lock()
        self._cursor = Cursor()
        self._shelves: dict[tuple[str, str], dict[str, _Held]] = {}
        self._owners: dict[tuple[str, str], tuple[int, str]] = {}
        wires = (e.wire for e in load_all() if e.name == "registry.changed")
        self._only = Filter(types=frozenset(wires))

    def start(self) -> None:
        """Learn everything, from the file and then the log; from the file alone if the log fails.

        Doors that redirect and take forms must be open then, too. A second time changes nothing.
        """
        with self._lock:
            first, self._started = not self._started, True
            if first:
                self._load()
        try:
            self.refresh()
        except UnavailableError as error:
            logging.getLogger(__name__).warning(
                "Links and forms are those of the file, since the log fails: %s", error
            )
        else:
            if first:
                self._kept.replace([self._line(self._everything())])

    def refresh(self) -> None:
        """Read everything up to the log's present end. Raises ``LogUnavailable``."""
        with self._lock:
            heads = self._log.heads()
            places = [(Topic.DECISIONS, p) for p in range(self._log.partitions)]
            if any(self._cursor[place] > heads[place] for place in places):
                self._forget()  # the file tells of another log than this one
            news: list[Told] = []
            for place in places:
                self._read(place[1], heads[place], news)
            if news and self._started:
                self._kept.add(self._line(news))

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

    def _forget(self) -> None:
        self._cursor = Cursor()
        self._shelves, self._owners = {}, {}

    def _load(self) -> None:
        try:
            for line in self._kept.lines():
                for told in line["entries"]:
                    self._hold(Told(*told))
                self._cursor = Cursor.decode(line["cursor"])
        except (KeyError, TypeError, InvalidInput):
            self._forget()  # of another version; the log has it all

    def _line(self, news: Sequence[Told]) -> dict[str, object]:
        return {"cursor": self._cursor.encode(), "entries": [list(told) for told in news]}

    def _everything(self) -> list[Told]:
        return [
            Told(
                workspace, registry, name, held.version, held.since,
                held.entry.model_dump(mode="json", by_alias=True),
            )
            for (workspace, registry), shelf in list(self._shelves.items())
            for name, held in list(shelf.items())
        ]  # fmt: skip

    def _read(self, partition: int, head: int, news: list[Told]) -> None:
        place = (Topic.DECISIONS, partition)
        while self._cursor[place] < head:
            page = self._log.read(*place, self._cursor[place], _PAGE, self._only)
            for record in page.records:
                told = _told(record)
                if told is not None:
                    self._hold(told)
                    news.append(told)
            self._cursor = self._cursor.moved({place: page.end})

    def _hold(self, told: Told) -> None:
        try:
            entry = ENTRIES[told.registry].model_validate(told.changes)
        except ValidationError:
            return  # an entry that this version cannot read is as good as absent
        shelf = self._shelves.setdefault((told.workspace, told.registry), {})
        known = shelf.get(told.entry_id)
        since = min(told.recorded_at, known.since) if known else told.recorded_at
        if known is None or known.version <= told.version:
            shelf[told.entry_id] = _Held(told.version, entry, since)
        if told.registry in _OWNED:
            name = (told.registry, told.entry_id)
            claim = (since, told.workspace)
            self._owners[name] = min(claim, self._owners.get(name, claim))


def _told(record: StoredRecord) -> Told | None:
    """What a record says about an entry; ``None`` for a registry that this version lacks."""
    event = decode(record)
    payload = payload_of(event)
    if not isinstance(payload, RegistryChanged) or payload.registry not in ENTRIES:
        return None
    return Told(
        event.workspace, payload.registry, payload.entry_id, event.version or 1,
        event.recorded_at, payload.changes,
    )  # fmt: skip
