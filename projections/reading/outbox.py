"""The messages that a sender is to hand over: prepared for an audience, with their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Cursor
from events.sealing import Sealer
from events.sql.tables import reading
from projections.folds.contacts import ContactDoc
from projections.past.building import Stores
from projections.reading.whose import records_of
from projections.stores.rows import CONTACT
from schemas.audiences import OutgoingView
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.fields import StoredAddress
from schemas.instants import to_datetime

_SQL = """
SELECT message_id, person, content_version_id, JSONExtractString(data, 'address') AS hash,
    toUnixTimestamp64Milli(recorded_at) AS at, log_partition, log_offset
FROM journal WHERE workspace = {workspace:String} AND type = 'message.prepared' AND NOT test
    AND activity_id = {activity:String} AND batch_id = toUUID({audience:String})
    AND log_offset >= transform(log_partition, [%s], [%s], 0)
    AND message_id NOT IN (SELECT message_id FROM message_row FINAL
        WHERE generation = {generation:UInt32} AND workspace = {workspace:String}
        AND activity_id = {activity:String} AND %s)
ORDER BY log_partition, log_offset LIMIT {limit:UInt32}"""
_GIVEN_UP, _TOLD_OF = "state = 'blocked'", "state != 'pending'"


def outgoing(
    at: Stores, workspace: str, sealer: Sealer, activity: UUID, audience: UUID, after: Cursor,
    limit: int, *, untold: bool,
) -> tuple[list[OutgoingView], Cursor]:  # fmt: skip
    """The next messages behind a cursor, and the cursor behind them; not those given up meanwhile.

    With ``untold`` those alone of which nobody has told that they went out. Without an address is a
    message whose recipient has no longer the one it was prepared for.
    """
    known = {place[1]: after[place] for place in after if place[0] is Topic.DECISIONS} or {0: 0}
    rows = at.columns.query(
        _SQL
        % (
            ", ".join(map(str, known)),
            ", ".join(map(str, known.values())),
            _TOLD_OF if untold else _GIVEN_UP,
        ),
        {
            "workspace": workspace,
            "activity": str(activity),
            "audience": str(audience),
            "generation": at.generation,
            "limit": limit,
        },
    ).to_pylist()
    addresses = _addresses(at, workspace, [row["person"] for row in rows])
    views = [
        OutgoingView(
            message_id=UUID(row["message_id"]),
            recipient=UUID(row["person"]),
            address=_opened(sealer, workspace, addresses.get((row["person"], row["hash"]))),
            content_version_id=UUID(row["content_version_id"]),
            prepared_at=to_datetime(row["at"]),
        )
        for row in rows
    ]
    passed = Cursor.after(
        Position(Topic.DECISIONS, row["log_partition"], row["log_offset"]) for row in rows
    )
    return views, after.merged(passed)


def _addresses(
    at: Stores, workspace: str, people: Sequence[str]
) -> dict[tuple[str, str], StoredAddress]:
    """The addresses of people, by person and hash: a survivor may have chosen another record's."""
    with reading(at.rows).begin() as connection:
        same = records_of(connection, at.generation, workspace, people)
        query = sa.select(CONTACT.c.id, CONTACT.c.doc).where(
            CONTACT.c.generation == at.generation,
            CONTACT.c.workspace == workspace,
            CONTACT.c.id.in_(sorted(set().union(*same.values()))),
        )
        docs = dict(list(connection.execute(query)))
    own = {name: list(_stored(ContactDoc.model_validate_json(doc))) for name, doc in docs.items()}
    return {
        (person, stored.hash): stored
        for person, records in same.items()
        for record in records
        for stored in own.get(record, ())
    }


def _stored(doc: ContactDoc) -> Iterator[StoredAddress]:
    fields = doc.fields
    told: tuple[Any, ...] = (*(fields.email or ()), fields.telephone, fields.mobile, fields.fax)
    yield from (one for one in told if isinstance(one, StoredAddress))


def _opened(sealer: Sealer, workspace: str, stored: StoredAddress | None) -> str | None:
    if stored is None:
        return None
    clear = sealer.open(workspace, stored.sealed)
    return clear if isinstance(clear, str) else None
