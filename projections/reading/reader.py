"""The read side over the row and column stores: what the API and the page are answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from events.cursor import Cursor
from events.sealing import Sealer
from projections.columns.people import clusters_of, members_of
from projections.folds.contacts import ContactDoc
from projections.folds.responses.document import ResponseDoc
from projections.generations import live_generation
from projections.judgements.classifier import VERSION as CLASSIFIER_VERSION
from projections.kpis.definitions import DEFINITION_VERSION, WINDOW_DAYS
from projections.kpis.report import kpi_groups
from projections.reading.journey import journey_rows
from projections.reading.marks import encode_mark, read_mark
from projections.reading.opening import open_contact, open_response
from projections.reading.reads import Reads
from projections.reading.submissions import submission_of, submissions_of
from projections.reading.tallies import tally_rows
from projections.runner import Runner
from projections.stores.columns import Columns
from projections.stores.rows import CLUSTER, CONTACT, RESPONSE, SUBMISSION, reading
from schemas.errors import NotFound
from schemas.instants import to_datetime
from schemas.views import (
    ContactView,
    JourneyItem,
    KpiQuery,
    KpiReport,
    ResponseFilter,
    ResponseView,
    Rows,
    SubmissionState,
    SubmissionView,
    Tally,
    TallyQuery,
)

_EQUAL = ("type", "status", "code", "country")
_CHANNELS = {"web": ("web_form", "web_click")}
"""A channel in filters that is none of its own."""


class StoredReads(Reads):
    """Reads the live generation; personal values are opened on the way out."""

    def __init__(self, rows: sa.Engine, columns: Columns, sealer: Sealer, runner: Runner) -> None:
        self._rows = rows
        self._columns = columns
        self._sealer = sealer
        self._runner = runner

    def responses(
        self, workspace: str, only: ResponseFilter, after: str | None, limit: int
    ) -> Rows[ResponseView]:
        return self._responses(workspace, only, after, limit, newest=False)

    def newest_responses(
        self, workspace: str, only: ResponseFilter, before: str | None, limit: int
    ) -> Rows[ResponseView]:
        return self._responses(workspace, only, before, limit, newest=True)

    def _responses(
        self, workspace: str, only: ResponseFilter, mark: str | None, limit: int, *, newest: bool
    ) -> Rows[ResponseView]:
        place = (RESPONSE.c.occurred_at, RESPONSE.c.id)
        order = tuple(column.desc() for column in place) if newest else place
        bounds = _conditions(only)
        if mark is not None:
            left, right = sa.tuple_(*place), sa.tuple_(*read_mark(mark, int, str))
            bounds.append(left < right if newest else left > right)
        found = self._select(RESPONSE, workspace, bounds, order, limit + 1)
        docs = [ResponseDoc.model_validate_json(row.doc) for row in found[:limit]]
        last = docs[-1] if len(found) > limit else None
        return Rows(
            data=[open_response(self._sealer, workspace, doc) for doc in docs],
            next_cursor=encode_mark(last.occurred_at, str(last.response_id)) if last else None,
        )

    def tally(self, workspace: str, query: TallyQuery) -> list[Tally]:
        return tally_rows(self._columns, workspace, live_generation(self._rows), query)

    def response(self, workspace: str, response_id: UUID) -> ResponseView:
        found = self._select(RESPONSE, workspace, [RESPONSE.c.id == str(response_id)], (), 1)
        if found:
            doc = ResponseDoc.model_validate_json(found[0].doc)
            return open_response(self._sealer, workspace, doc)
        return self._retracted(workspace, response_id)

    def response_key(self, workspace: str, response_id: UUID) -> str:
        found = self._select(RESPONSE, workspace, [RESPONSE.c.id == str(response_id)], (), 1)
        if not found:
            raise NotFound(f"There is no response {response_id}.")
        return str(found[0].entity)

    def submissions(
        self, workspace: str, form_id: UUID, state: SubmissionState | None, after: str | None,
        limit: int,
    ) -> Rows[SubmissionView]:  # fmt: skip
        mine = self._mine(SUBMISSION, workspace)
        with reading(self._rows).begin() as connection:
            return submissions_of(
                connection, mine, self._sealer, workspace, form_id, state, after, limit
            )

    def submission(self, workspace: str, form_id: UUID, name: UUID) -> SubmissionView:
        mine = self._mine(SUBMISSION, workspace)
        with reading(self._rows).begin() as connection:
            return submission_of(connection, mine, self._sealer, workspace, form_id, name)

    def contacts(self, workspace: str, after: str | None, limit: int) -> Rows[ContactView]:
        bounds: list[sa.ColumnElement[bool]] = []
        if after is not None:
            bounds.append(CONTACT.c.id > read_mark(after, str)[0])
        found = self._select(CONTACT, workspace, bounds, (CONTACT.c.id,), limit + 1)
        views = [self._contact(workspace, row.doc) for row in found[:limit]]
        more = encode_mark(str(views[-1].contact_id)) if len(found) > limit else None
        return Rows(data=views, next_cursor=more)

    def contacts_named(self, workspace: str, contacts: Sequence[UUID]) -> list[ContactView]:
        bounds = [CONTACT.c.id.in_(sorted(map(str, contacts)))]
        found = self._select(CONTACT, workspace, bounds, (), len(contacts))
        return [self._contact(workspace, row.doc) for row in found]

    def contact_at(self, workspace: str, address: str) -> ContactView:
        name = self._sealer.hash_of(workspace, address)
        bounds = [CLUSTER.c.subject == name]
        found = self._select(CLUSTER, workspace, bounds, (CLUSTER.c.since.desc(),), 1)
        owners = (
            self._select(CONTACT, workspace, [CONTACT.c.id == found[0].cluster], (), 1)
            if (found)
            else ()
        )
        if not owners:
            raise NotFound("No contact is known by this address.")
        return self._contact(workspace, owners[0].doc)

    def contact(self, workspace: str, contact_id: UUID) -> ContactView:
        found = self._select(CONTACT, workspace, [CONTACT.c.id == str(contact_id)], (), 1)
        if not found:
            raise NotFound(f"There is no contact {contact_id}.")
        return self._contact(workspace, found[0].doc)

    def journey(
        self, workspace: str, contact_id: UUID, as_of: int | None, after: str | None, limit: int
    ) -> Rows[JourneyItem]:
        self.contact(workspace, contact_id)
        generation = live_generation(self._rows)
        clusters = clusters_of(self._columns, workspace, generation, {str(contact_id)})
        members = members_of(self._columns, workspace, generation, clusters)
        mark = read_mark(after, int, str) if after is not None else None
        items = journey_rows(
            self._columns, workspace, generation, str(contact_id), members, as_of, mark, limit + 1
        )
        more = None
        if len(items) > limit:
            last = items[limit - 1]
            more = encode_mark(last.at, str(last.item.event_id))
        return Rows(data=[found.item for found in items[:limit]], next_cursor=more)

    def kpis(self, workspace: str, query: KpiQuery) -> KpiReport:
        generation = live_generation(self._rows)
        cursor = self._runner.cursors()["columns"]
        return KpiReport(
            data=kpi_groups(self._columns, workspace, generation, query),
            window_days=WINDOW_DAYS,
            as_of=to_datetime(query.as_of) if query.as_of is not None else None,
            definition_version=DEFINITION_VERSION,
            classifier_version=CLASSIFIER_VERSION,
            generation=generation,
            cursor=cursor.encode(),
        )

    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        self._runner.wait_for(cursor, seconds)

    def cursors(self) -> dict[str, Cursor]:
        return self._runner.cursors()

    # Inside

    def _select(
        self,
        table: sa.Table,
        workspace: str,
        bounds: Sequence[sa.ColumnElement[bool]],
        order: Sequence[Any],
        limit: int,
    ) -> Sequence[Any]:
        mine = self._mine(table, workspace)
        with reading(self._rows).begin() as connection:
            query = sa.select(table).where(*mine, *bounds).order_by(*order).limit(limit)
            return connection.execute(query).all()

    def _mine(self, table: sa.Table, workspace: str) -> tuple[sa.ColumnElement[bool], ...]:
        generation = live_generation(self._rows)
        return (table.c.generation == generation, table.c.workspace == workspace)

    def _contact(self, workspace: str, doc: bytes) -> ContactView:
        return open_contact(self._sealer, workspace, ContactDoc.model_validate_json(doc))

    def _retracted(self, workspace: str, response_id: UUID) -> ResponseView:
        """A response that left every list is still readable by its id (R12)."""
        found = self._columns.query(
            "SELECT data, person, toUnixTimestamp64Milli(occurred_at) AS occurred_at, "
            "toUnixTimestamp64Milli(recorded_at) AS recorded_at, toString(precision) AS precision "
            "FROM journal WHERE workspace = {workspace:String} AND type = 'response.captured' "
            "AND object_id = {response:String} ORDER BY recorded_at DESC LIMIT 1",
            {"workspace": workspace, "response": str(response_id)},
        ).to_pylist()
        if not found:
            raise NotFound(f"There is no response {response_id}.")
        row = found[0]
        said = orjson.loads(row.pop("data"))
        known = {
            name: said[name] for name in ResponseDoc.model_fields if said.get(name) is not None
        }
        person = row.pop("person")
        doc = ResponseDoc.model_validate({**known, **row, "entity": person, "cluster": person})
        view = open_response(self._sealer, workspace, doc)
        return view.model_copy(update={"retracted": True})


def _conditions(only: ResponseFilter) -> list[sa.ColumnElement[bool]]:
    table = RESPONSE.c
    bounds = [table[name] == getattr(only, name) for name in _EQUAL if getattr(only, name)]
    if only.channel is not None:
        bounds.append(table.channel.in_(_CHANNELS.get(only.channel, (only.channel,))))
    if only.campaign_id is not None:
        bounds.append(table.campaign_id == str(only.campaign_id))
    if only.owner_id is not None:
        bounds.append(table.owner_id == str(only.owner_id))
    if only.received_from is not None:
        bounds.append(table.occurred_at >= only.received_from)
    if only.received_to is not None:
        bounds.append(table.occurred_at < only.received_to)
    return bounds
