"""Contacts: the newest value of each field, last writer by data time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from schemas.facts.contact import ContactChanges, ContactTold
from schemas.fields import Model


class ContactDoc(Model):
    """A contact as its events tell it; personal values stay sealed."""

    contact_id: UUID
    fields: ContactChanges
    created_at: int
    changed_at: int


class Contacts(Fold):
    """One row per contact, by the contact's own events alone (R28)."""

    name: ClassVar[str] = "contacts"
    tables: ClassVar[tuple[str, ...]] = ("contact",)
    consumes: ClassVar[frozenset[str]] = frozenset(("contact.created", "contact.changed"))

    def entities(self, known: Known) -> Iterable[str]:
        return (str(known.payload.person_id()),)

    def provides(self, known: Known) -> Iterable[str]:
        return (f"contact:{known.payload.person_id()}",)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        values: dict[str, Any] = {}
        for known in facts:
            if isinstance(known.payload, ContactTold):
                told = known.payload.changes
                # What is named counts, also as null: that empties the field.
                named = told.model_fields_set & type(told).model_fields.keys()
                attributes = {**(values.get("attributes") or {}), **(told.attributes or {})}
                values |= {name: getattr(told, name) for name in named}
                values["attributes"] = attributes
        doc = ContactDoc(
            contact_id=UUID(entity),
            fields=ContactChanges.model_construct(**values),
            created_at=facts[0].event.occurred_at,
            changed_at=facts[-1].event.occurred_at,
        )
        return Outcome((Row("contact", entity, doc),))
