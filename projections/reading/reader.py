"""The read side over the row and column stores: what the API and the page are answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog
from events.sealing import Sealer
from events.sql.tables import reading, reading_one_moment
from projections.folds.contacts import ContactDoc
from projections.folds.responses.document import ResponseDoc
from projections.generations import live_generation, pointed_generation
from projections.kpis.counted import counted_members, population_of
from projections.past.shelf import Shelf
from projections.progress import logical_time_of
from projections.reading.audience import audience_of
from projections.reading.batches import batch_of, effects_of, newest_batches
from projections.reading.by_version import members_by
from projections.reading.counted import with_events
from projections.reading.dry_runs import DryRuns
from projections.reading.evidence import certificate_of, prepared_event
from projections.reading.figures import Figures
from projections.reading.journey import journey_rows
from projections.reading.listing import listed_responses
from projections.reading.marks import encode_mark, read_mark, read_place, write_place
from projections.reading.membership import Rulebook, count_of, flow_of, members_of, why_of
from projections.reading.opening import open_contact, open_response
from projections.reading.outbox import outgoing
from projections.reading.pasts import PATIENCE, Pasts
from projections.reading.previewing import preview_of
from projections.reading.reads import Reads
from projections.reading.recipients import recipients_of
from projections.reading.retracted import retracted_response
from projections.reading.submissions import submission_of, submissions_of
from projections.reading.tallies import tally_rows
from projections.reading.unsent import unsent
from projections.reading.whose import owner_of
from projections.rows_sink import NAME as ROWS
from projections.stores.columns import Columns
from projections.stores.rows import CONTACT, RESPONSE, SUBMISSION
from projections.waiting import Waiting
from schemas.audiences import (
    AudienceView,
    OutgoingRows,
    RecipientsQuery,
    RecipientView,
    UnsentView,
)
from schemas.batches import BatchEffects, BatchView
from schemas.certificates import Certificate
from schemas.dry_runs import DryRun, DryRunQuery
from schemas.errors import NotFound
from schemas.instants import to_datetime_if
from schemas.kpis import Counted, CountedQuery, KpiChanges, KpiChangesQuery, KpiQuery, KpiReport
from schemas.rules.parsing import parse_rule
from schemas.views import (
    NOW,
    ContactView,
    FlowView,
    JourneyItem,
    MemberView,
    Past,
    PastRows,
    PreviewView,
    ResponseFilter,
    ResponseView,
    Rows,
    SubmissionState,
    SubmissionView,
    Tally,
    TallyQuery,
    WhyView,
)


class StoredReads(Reads):
    """Reads the live generation, or a past; personal values are opened on the way out."""

    def __init__(
        self, rows: sa.Engine, columns: Columns, log: EventLog, sealer: Sealer, waiting: Waiting,
        shelf: Shelf,
    ) -> None:  # fmt: skip
        self._rows = rows
        self._columns = columns
        self._log = log
        self._sealer = sealer
        self._waiting = waiting
        pasts = Pasts(rows, columns, log, waiting, shelf)
        self._at, self._live = pasts.at, pasts.live
        self._figures = Figures(columns, log, waiting, pasts)
        self._dry_runs = DryRuns(pasts, self._figures)
        self._rulebook = Rulebook(log)

    def responses(
        self, workspace: str, only: ResponseFilter, after: str | None, limit: int
    ) -> PastRows[ResponseView]:
        past, mark = read_place(Past(as_of=only.as_of, known_at=only.known_at), after, int, str)
        with self._at(workspace, "rows", past.known_at, past.as_of) as at:
            found = listed_responses(at, workspace, only, mark, limit + 1)
            known_at = at.cursor.encode()
        return PastRows(
            data=[open_response(self._sealer, workspace, doc) for doc in found[:limit]],
            next_cursor=write_place(past, known_at, *_place(found[limit - 1]))
            if len(found) > limit
            else None,
            as_of=to_datetime_if(past.as_of),
            known_at=known_at,
        )

    def newest_responses(
        self, workspace: str, only: ResponseFilter, before: str | None, limit: int
    ) -> Rows[ResponseView]:
        mark = read_mark(before, int, str) if before is not None else None
        at = self._live("rows")
        found = listed_responses(at, workspace, only, mark, limit + 1, newest=True)
        return Rows(
            data=[open_response(self._sealer, workspace, doc) for doc in found[:limit]],
            next_cursor=encode_mark(*_place(found[limit - 1])) if len(found) > limit else None,
        )

    def tally(self, workspace: str, query: TallyQuery) -> list[Tally]:
        return tally_rows(self._columns, workspace, live_generation(self._rows), query)

    def response(self, workspace: str, response_id: UUID) -> ResponseView:
        found = self._select(RESPONSE, workspace, [RESPONSE.c.id == str(response_id)], (), 1)
        if found:
            doc = ResponseDoc.model_validate_json(found[0].doc)
            return open_response(self._sealer, workspace, doc)
        return retracted_response(self._columns, self._sealer, workspace, response_id)

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
        with reading(self._rows).begin() as connection:
            doc = owner_of(connection, live_generation(self._rows), workspace, name)
        return self._contact(workspace, doc)

    def contact(self, workspace: str, contact_id: UUID) -> ContactView:
        found = self._select(CONTACT, workspace, [CONTACT.c.id == str(contact_id)], (), 1)
        if not found:
            raise NotFound(f"There is no contact {contact_id}.")
        return self._contact(workspace, found[0].doc)

    def journey(
        self, workspace: str, contact_id: UUID, past: Past, after: str | None, limit: int
    ) -> PastRows[JourneyItem]:
        self.contact(workspace, contact_id)
        past, mark = read_place(past, after, int, str)
        with self._at(workspace, "columns", past.known_at, classifier=past.classifier) as at:
            steps = journey_rows(at, workspace, str(contact_id), past.as_of, mark, limit + 1)
            known_at = at.cursor.encode()
        more = None
        if len(steps) > limit:
            last = steps[limit - 1]
            more = write_place(past, known_at, last.at, str(last.item.event_id))
        return PastRows(
            data=[step.item for step in steps[:limit]],
            next_cursor=more,
            as_of=to_datetime_if(past.as_of),
            known_at=known_at,
        )

    def members(
        self, workspace: str, list_id: UUID, past: Past, after: str | None, limit: int,
        version: int | None = None,
    ) -> PastRows[MemberView]:  # fmt: skip
        with (
            self._at(workspace, "rows", past.known_at) as at,
            reading(at.rows).begin() as rows,
        ):
            place = (rows, at.generation, workspace, list_id)
            found = (
                members_of(*place, past.as_of, after, limit)
                if version is None
                else members_by(*place, version, self._rulebook, past.as_of, after, limit)
            )
        return PastRows(
            data=found.data, next_cursor=found.next_cursor, as_of=to_datetime_if(past.as_of),
            known_at=at.cursor.encode(),
        )  # fmt: skip

    def member_count(self, workspace: str, list_id: UUID) -> int:
        with reading(self._rows).begin() as connection:
            return count_of(connection, live_generation(self._rows), workspace, list_id)

    def member_flow(
        self, workspace: str, list_id: UUID, bounds: Sequence[int], known_at: str | None
    ) -> FlowView:
        with self._at(workspace, "rows", known_at) as at, reading(at.rows).begin() as rows:
            return flow_of(rows, at.generation, workspace, list_id, bounds)

    def member_why(self, workspace: str, list_id: UUID, member: UUID, past: Past) -> WhyView:
        with (
            self._at(workspace, "rows", past.known_at) as at,
            reading(at.rows).begin() as rows,
        ):
            return why_of(
                rows, at.generation, workspace, list_id, member, past.as_of, self._rulebook
            )

    def preview(
        self, workspace: str, list_id: UUID, rule: dict[str, Any], after: str | None, limit: int
    ) -> PreviewView:
        with reading_one_moment(self._rows).begin() as rows:
            generation = pointed_generation(rows)
            lists = self._rulebook.in_force(workspace, logical_time_of(rows, ROWS, generation))
            parsed = parse_rule(rule, UUID)
            return preview_of(rows, generation, workspace, list_id, parsed, lists, after, limit)

    def audience(
        self, workspace: str, lists: Sequence[UUID], known: Cursor, past: Past = NOW
    ) -> AudienceView:
        whom = (workspace, lists, self._rulebook, past.as_of)
        if past.known_at is not None:
            with (
                self._at(workspace, "rows", past.known_at) as at,
                reading(at.rows).begin() as rows,
            ):
                return audience_of(rows, at.generation, *whom)
        self._waiting.wait_for_sink("rows", known, PATIENCE)
        with reading_one_moment(self._rows).begin() as rows:
            return audience_of(rows, pointed_generation(rows), *whom)

    def recipients(
        self, workspace: str, query: RecipientsQuery, known: Cursor
    ) -> list[RecipientView]:
        self._waiting.wait_for_sink("rows", known, PATIENCE)
        with reading_one_moment(self._rows).begin() as connection:
            generation = pointed_generation(connection)
            return recipients_of(connection, generation, workspace, query, self._sealer)

    def outgoing(
        self, workspace: str, activity: UUID, audience: UUID, after: str | None, limit: int,
        known: Cursor, *, untold: bool = False,
    ) -> OutgoingRows:  # fmt: skip
        start = Cursor() if after is None else Cursor.decode(after)
        self._waiting.wait_for_sink("columns", known, PATIENCE)
        at = self._live("columns")
        found, end = outgoing(
            at, workspace, self._sealer, activity, audience, start, limit, untold=untold
        )
        return OutgoingRows(data=found, position=end.encode())

    def unsent(
        self, workspace: str, before: int, canceled: Collection[UUID], limit: int, known: Cursor
    ) -> list[UnsentView]:
        self._waiting.wait_for_sink("columns", known, PATIENCE)
        return unsent(self._live("columns"), workspace, before, canceled, limit)

    def certificate(self, workspace: str, message_id: UUID) -> Certificate:
        event = prepared_event(self._live("columns"), self._log, workspace, message_id)
        then = self._log.cursor_at(event.recorded_at).encode()
        with self._at(workspace, "rows", then) as at, reading(at.rows).begin() as rows:
            return certificate_of(rows, at.generation, workspace, event, self._log)

    def batch(self, workspace: str, batch_id: UUID) -> BatchView:
        return batch_of(self._live("columns"), workspace, batch_id)

    def batches(self, workspace: str, limit: int) -> list[BatchView]:
        return newest_batches(self._live("columns"), workspace, limit)

    def batch_effects(self, workspace: str, batch_id: UUID, known: Cursor) -> BatchEffects:
        self._waiting.wait_for_sink("columns", known, PATIENCE)
        return effects_of(self._live("columns"), workspace, batch_id)

    def kpis(self, workspace: str, query: KpiQuery) -> KpiReport:
        return self._figures.kpis(workspace, query)

    def counted(
        self, workspace: str, query: CountedQuery, after: str | None, limit: int
    ) -> PastRows[Counted]:
        keys = [str] * len(population_of(query)[0].key)
        asked = Past(as_of=query.as_of, known_at=query.known_at, classifier=query.classifier)
        past, mark = read_place(asked, after, *keys)
        with self._at(workspace, "columns", past.known_at, classifier=past.classifier) as at:
            found = counted_members(at.columns, at.generation, workspace, query, mark, limit + 1)
            data = with_events(at, workspace, query, found[:limit])
            known_at = at.cursor.encode()
        more = write_place(past, known_at, *found[limit - 1].key) if len(found) > limit else None
        return PastRows(
            data=data, next_cursor=more, as_of=to_datetime_if(past.as_of), known_at=known_at
        )

    def kpi_changes(self, workspace: str, query: KpiChangesQuery) -> KpiChanges:
        return self._figures.changes(workspace, query)

    def dry_run(self, workspace: str, query: DryRunQuery) -> DryRun:
        return self._dry_runs.of(workspace, query)

    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        self._waiting.wait_for(cursor, seconds)

    def cursors(self) -> dict[str, Cursor]:
        return self._waiting.cursors()

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


def _place(doc: ResponseDoc) -> tuple[int, str]:
    return doc.occurred_at, str(doc.response_id)
