"""Who is who: the cluster of every record, address and visitor.

A subject that nothing is known of is its own cluster. A record that is merged or linked belongs to
the one that stands for all of them. An address belongs to the record that claims
it: by its own data first, else by having been sent something there; among equals the earliest
claim stands. A visitor belongs to whoever was identified on that browser: hits before the first
identification, and until another person is identified, belong to the first (R30). A form that
gives an address identifies its visitor as that address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from projections.folds.kin import IDENTITY, joined_by, kin_of
from schemas.decisions.activity import MessagePrepared
from schemas.facts.contact import ContactTold
from schemas.facts.email import EmailSent
from schemas.facts.form import FormSubmitted
from schemas.facts.sms import ShortMessageSent
from schemas.facts.visitor import VisitorIdentified
from schemas.fields import Model, StoredAddress

RECORD = "record:"
ADDRESS = "address:"
VISITOR = "visitor:"


class ClusterDoc(Model):
    """From ``since`` (data time) on, the subject belongs to the cluster.

    ``record`` is whose the subject is by itself, where that is another than stands for the cluster.
    """

    subject: str
    since: int
    cluster: str
    record: str | None = None


class RecordIdentity(Fold):
    """Which record stands for those that are merged, or linked."""

    name: ClassVar[str] = "records"
    looks_up: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = ("cluster",)
    consumes: ClassVar[frozenset[str]] = IDENTITY

    def entities(self, known: Known) -> Iterable[str]:
        return [RECORD + name for name in joined_by(known)]

    def provides(self, known: Known) -> Iterable[str]:
        return self.entities(known)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        record = entity.removeprefix(RECORD)

        def facts_of(names: Sequence[str]) -> dict[str, Sequence[Known]]:
            kept = context.facts_of([RECORD + name for name in names])
            return {name.removeprefix(RECORD): some for name, some in kept.items()}

        kin = kin_of(record, facts, facts_of)
        root = kin.root()
        rows = (cluster_row(record, 0, root, record),) if root != record else ()
        return Outcome(rows, frozenset(RECORD + name for name in kin.others))


class AddressIdentity(Fold):
    """Whose an address is."""

    name: ClassVar[str] = "addresses"
    looks_up: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = ("cluster",)
    consumes: ClassVar[frozenset[str]] = frozenset(
        ("contact.created", "contact.changed", "email.sent", "sms.sent", "message.prepared")
    )

    def entities(self, known: Known) -> Iterable[str]:
        return (ADDRESS + name for name in claims(known))

    def provides(self, known: Known) -> Iterable[str]:
        return self.entities(known)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        subject = entity.removeprefix(ADDRESS)
        claims = [(_weight(k), k.order, k.event.subject_id) for k in facts]
        claims = [claim for claim in claims if claim[2] != subject]
        if not claims:
            return Outcome()
        record = min(claims)[2]
        row = cluster_row(subject, 0, context.cluster_of(record, 0), record)
        return Outcome((row,), frozenset((RECORD + record,)))


class VisitorIdentity(Fold):
    """Whose a browser is, and from when on."""

    name: ClassVar[str] = "visitors"
    looks_up: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = ("cluster",)
    consumes: ClassVar[frozenset[str]] = frozenset(("visitor.identified", "form.submitted"))

    def entities(self, known: Known) -> Iterable[str]:
        visitor = getattr(known.payload, "visitor_id", None)
        return (VISITOR + str(visitor),) if visitor and identifies(known) else ()

    def provides(self, known: Known) -> Iterable[str]:
        return self.entities(known)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        subject = entity.removeprefix(VISITOR)
        rows: list[Row] = []
        needs: set[str] = set()
        last = ""
        for known in facts:
            target = identifies(known)
            if len(target) == 64:
                needs.add(ADDRESS + target)
                target = context.record_of(target, known.event.occurred_at)
            if target != last:
                needs.add(RECORD + target)
                cluster = context.cluster_of(target, 0)
                since = known.event.occurred_at if rows else 0
                rows.append(cluster_row(subject, since, cluster, target))
                last = target
        return Outcome(tuple(rows), frozenset(needs))


def cluster_row(subject: str, since: int, cluster: str, record: str) -> Row:
    """The row that says whose a subject is; ``record`` is the one that it is by itself."""
    told = record if record != cluster else None
    doc = ClusterDoc(subject=subject, since=since, cluster=cluster, record=told)
    filters = {"subject": doc.subject, "since": doc.since, "cluster": doc.cluster}
    return Row("cluster", f"{doc.subject}@{doc.since}", doc, filters)


def claims(known: Known) -> set[str]:
    """The address hashes that an event ties to the record it is keyed by."""
    match known.payload:
        case ContactTold(changes=changes):
            told = (*(changes.email or ()), changes.telephone, changes.mobile, changes.fax)
            return {a.hash for a in told if isinstance(a, StoredAddress)}
        case EmailSent(address=StoredAddress() as address):
            return {address.hash}
        case ShortMessageSent(address=StoredAddress() as address):
            return {address.hash}
        case MessagePrepared(address=address):
            return {str(address)}
    return set()


def _weight(known: Known) -> int:
    """A record's own data weigh more than a message sent there."""
    return 0 if isinstance(known.payload, ContactTold) else 1


def identifies(known: Known) -> str:
    """Who an event says the visitor is: a record's id or an address hash; empty if nobody."""
    match known.payload:
        case VisitorIdentified(subject=subject):
            return str(subject.id)
        case FormSubmitted(address=StoredAddress() as address):
            return address.hash
    return ""


def is_record(subject: str) -> bool:
    """Whether a subject's name is a record's or visitor's id, and not an address hash."""
    try:
        UUID(subject)
    except ValueError:
        return False
    return True
