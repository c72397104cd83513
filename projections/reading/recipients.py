"""What decides whether the members of an audience are written to, as it is known by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic import ValidationError

from events.sealing import Sealer
from projections.folds.written_to import written_name
from projections.reading.membership import rows_named
from projections.reading.records import Records
from projections.rules.comparing import TRUE
from projections.rules.history import Done, History, tied_when
from projections.rules.timelines import consent
from projections.stores.rows import MESSAGE
from schemas.audiences import ADDRESSES, PURPOSE, RecipientsQuery, RecipientView
from schemas.documents import AudiencePart
from schemas.fields import StoredAddress
from schemas.rules.language import ConsentIs

_READS = frozenset(("event:email.bounced", "event:email.complained"))
_AT_ONCE = 400
_INACTIVE = 1


def recipients_of(
    connection: sa.Connection, generation: int, workspace: str, query: RecipientsQuery,
    sealer: Sealer,
) -> list[RecipientView]:  # fmt: skip
    """What is known of the members of a page, in their order."""
    records = Records(connection, generation, workspace, _READS)
    found = [
        _Found(part, member, records)
        for part in query.parts
        for member in part.members
    ]  # fmt: skip
    records.read([str(member) for part in query.parts for member in part.members])
    records.read([one.standing for one in found])
    records.read([one.recipient for one in found])
    messages = _Messages(connection, generation, workspace, query)
    people = {name for one in found for name in records.kin(one.recipient).same}
    messages.read(sorted(people), [one.address(query.channel) for one in found])
    clauses = _clauses(connection, generation, workspace, query)
    return [one.view(workspace, query, messages, clauses, sealer) for one in found]


class _Messages:
    """What went to people and addresses before."""

    def __init__(
        self, connection: sa.Connection, generation: int, workspace: str, query: RecipientsQuery
    ) -> None:
        self._connection = connection
        self._mine = (MESSAGE.c.generation == generation, MESSAGE.c.workspace == workspace)
        self._query = query
        self._here: dict[str, UUID] = {}
        self._contacts: dict[str, int] = {}

    def read(self, people: Sequence[str], hashes: Sequence[str]) -> None:
        """Look up what went to these people, and to these addresses in this activity."""
        activity = str(self._query.activity_id)
        since = min(self._query.pinned_at, self._query.contacted_since)
        for subject, at, doc in self._select(MESSAGE.c.subject, people, MESSAGE.c.at >= since):
            said = orjson.loads(doc)
            if said["activity_id"] == activity:
                self._here[subject] = UUID(said["message_id"])
            elif at >= self._query.contacted_since:
                self._contacts[subject] = self._contacts.get(subject, 0) + 1
        names = {written_name(self._query.activity_id, one): one for one in hashes if one}
        for name, _, doc in self._select(MESSAGE.c.id, list(names)):
            self._here[names[name]] = UUID(orjson.loads(doc)["message_id"])

    def written_to(self, person: Iterable[str], address_hash: str) -> UUID | None:
        """A message of the activity to the same person, by any record, or to the same address."""
        here = (self._here.get(name) for name in (*sorted(person), address_hash))
        return next((one for one in here if one is not None), None)

    def contacts(self, person: Iterable[str]) -> int:
        """How many messages of other activities went to a person lately, by whatever record."""
        return sum(self._contacts.get(name, 0) for name in person)

    def _select(
        self, column: sa.Column[str], names: Sequence[str], *bounds: sa.ColumnElement[bool]
    ) -> Sequence[Any]:
        rows: list[Any] = []
        asked = sorted(set(names))
        for start in range(0, len(asked), _AT_ONCE):
            some = column.in_(asked[start : start + _AT_ONCE])
            query = sa.select(column, MESSAGE.c.at, MESSAGE.c.doc).where(*self._mine, some, *bounds)
            rows += self._connection.execute(query)
        return rows


@dataclass(slots=True)
class _Found:
    """A member, and the records that stand for it."""

    part: AudiencePart
    member: UUID
    records: Records

    @property
    def standing(self) -> str:
        """The record that stands for the member: another one if that is merged."""
        return self.records.kin(str(self.member)).survivor()

    @property
    def recipient(self) -> str:
        """Whom a message to the member goes to: a lead that is linked, by the contact it is."""
        own = self.records.history(self.standing)
        if self.part.kind == "contact" or own is None:
            return self.standing
        named = "primary_contact_id" if self.part.kind == "account" else "contact_id"
        other = _value(own, named) or self.records.kin(self.standing).root()
        return self.records.kin(str(other)).survivor()

    def address(self, channel: str) -> str:
        """The hash of where the message goes; empty if that is not known."""
        stored = _address(self.records.history(self.recipient), channel)[1]
        return stored.hash if stored else ""

    def view(
        self, workspace: str, query: RecipientsQuery, messages: _Messages,
        clauses: Mapping[str, str], sealer: Sealer,
    ) -> RecipientView:  # fmt: skip
        """What decides whether the member is written to."""
        name = self.recipient
        person = self.records.kin(name)
        histories = [self.records.history(one) for one in dict.fromkeys((self.standing, name))]
        known = [one for one in histories if one is not None]
        since, stored = _address(known[-1] if known else None, query.channel)
        address_hash = stored.hash if stored else ""
        ledger, identity = self.records.positions(name)
        return RecipientView.model_construct(
            member=self.member,
            kind=self.part.kind,
            list_id=self.part.list_id,
            recipient=UUID(name),
            is_inactive=any(_value(one, "state") == _INACTIVE for one in known),
            address_hash=address_hash,
            address=sealer.open(workspace, stored.sealed) if stored else None,
            is_bounced=query.channel == "email" and any(_bounced(one, since) for one in known),
            has_complained=any(_done(one, "email.complained") for one in known),
            has_withdrawn=any(_withdrawn(one, query.channel, query.at, PURPOSE) for one in known),
            has_withdrawn_any=any(
                _withdrawn(one, query.channel, query.at, said.purpose)
                for one in known
                for said in one.allowed
            ),
            written_to=messages.written_to(person.same, address_hash),
            contacts=messages.contacts(person.same),
            cluster=person.root(),
            clause=clauses.get(f"{self.part.list_id}:{self.member}", ""),
            ledger_position=ledger,
            identity_position=identity,
        )


def _value(history: History, path: str) -> Any:
    said = history.said.get(path)
    return history.values(path).values[-1] if said else None


def _address(history: History | None, channel: str) -> tuple[int, StoredAddress | None]:
    """The first address of a channel, and since when it is that one.

    It is sealed anew with every event that tells it, so hashes are compared.
    """
    if history is None:
        return 0, None
    for path in ADDRESSES[channel]:
        told = history.values(path).map(_first)
        stored = told.values[-1]
        if stored is not None:
            since = told.map(lambda one: one and one.hash).starts[-1]
            return since, stored
    return 0, None


def _first(value: Any) -> StoredAddress | None:
    try:
        return StoredAddress.model_validate(value[0] if isinstance(value, list) else value)
    except (ValidationError, IndexError):
        return None


def _bounced(history: History, since: int) -> bool:
    """Whether the address has been refused for good since it is known."""
    bounces = _done(history, "email.bounced")
    return any(one.at >= since and one.props.get("class") == "hard" for one in bounces)


def _done(history: History, kind: str) -> list[Done]:
    """What happened to the person, by any record that is the same by now."""
    return [one for one in history.done.get(kind, ()) if tied_when(one.ties).values[-1]]


def _withdrawn(history: History, channel: str, at: int, purpose: str) -> bool:
    """Whether consent is withdrawn, or will be: a source's clock may be minutes ahead."""
    clause = ConsentIs("", channel=channel, purpose=purpose, granted=False)
    says = consent(clause, history.allowed)
    return TRUE in (says.at(at), says.values[-1])


def _clauses(
    connection: sa.Connection, generation: int, workspace: str, query: RecipientsQuery
) -> dict[str, str]:
    """By list and member, the clause by which it is a member, or was last."""
    names = [f"{part.list_id}:{member}" for part in query.parts for member in part.members]
    found: dict[str, str] = {}
    for name, doc in rows_named(connection, generation, workspace, names).items():
        before = [one for one in doc.intervals if one.since <= query.pinned_at]
        spans = before or doc.intervals
        found[name] = spans[-1].clause if spans else ""
    return found
