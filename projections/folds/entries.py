"""Registry entries as the column store needs them: what belongs to which campaign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from schemas.decisions.definition import RegistryChanged
from schemas.fields import Model


class EntryDoc(Model):
    """A registry entry in its newest version."""

    registry: str
    entry_id: str
    campaign_id: str
    activity_id: str
    name: str
    links: tuple[str, ...]


class Entries(Fold):
    """One row per entry of the small registries, newest version of its stream."""

    name: ClassVar[str] = "entries"
    tables: ClassVar[tuple[str, ...]] = ("entry",)
    consumes: ClassVar[frozenset[str]] = frozenset(("registry.changed",))

    def entities(self, known: Known) -> Iterable[str]:
        payload = known.payload
        if isinstance(payload, RegistryChanged):
            yield f"{payload.registry}:{payload.entry_id}"

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        newest = max(facts, key=lambda k: (k.event.version or 0, k.order)).payload
        if not isinstance(newest, RegistryChanged):
            return Outcome()
        said = newest.changes
        doc = EntryDoc(
            registry=newest.registry,
            entry_id=newest.entry_id,
            campaign_id=str(said.get("campaign_id") or ""),
            activity_id=str(said.get("activity_id") or ""),
            name=str(said.get("name") or said.get("label") or said.get("url") or ""),
            links=_links(newest),
        )
        return Outcome((Row("entry", entity, doc),))


def _links(entry: RegistryChanged) -> tuple[str, ...]:
    """The links of a content version; in any other entry the name is an unknown field's."""
    if entry.registry != "content_version":
        return ()
    return tuple(str(link) for link in entry.changes.get("links") or ())
