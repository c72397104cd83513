"""The gate in the SQL store: a decision's events wait in the outbox, in one transaction with it.

The row of each stream is locked before anything else is drawn, so the outbox has a stream's events
in the order of its versions. Where events lie in the log is known only when they are relayed: until
then the answer is the id they wait under.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Cursor
from events.gate import REPLY_LIFETIME, Claim, Decision, Gate, ReplyKey, StoredReply, StreamState
from events.log import Appended, Record
from events.sql.bulk import insert_rows
from events.sql.outbox import cursor_of, place_of, put
from events.sql.tables import CLAIM, OUTBOX, REPLY, SENT, STREAM, reading
from schemas.clock import Clock
from schemas.envelope import Position, Stream
from schemas.errors import (
    KeyReused,
    LogUnavailable,
    NotUnique,
    StoreUnavailable,
    VersionConflict,
)

_THREADS = 8


class SqlGate(Gate):
    """The gate of the distributed mode; any number of processes may decide at once."""

    def __init__(self, store: sa.Engine, clock: Clock, draw_id: Callable[[], UUID]) -> None:
        self._store = store
        self._clock = clock
        self._draw_id = draw_id
        self._workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="gate")

    def state_of(self, workspace: str, stream: Stream) -> StreamState:
        with reading(self._store).begin() as connection:
            query = sa.select(STREAM.c.version, STREAM.c.state).where(*_is(workspace, stream))
            row = connection.execute(query).one_or_none()
        return StreamState(*row) if row else StreamState(0)

    def states(self, workspace: str, kind: str) -> list[tuple[str, StreamState]]:
        query = (
            sa.select(STREAM.c.id, STREAM.c.version, STREAM.c.state)
            .where(STREAM.c.workspace == workspace, STREAM.c.kind == kind, STREAM.c.version > 0)
            .order_by(STREAM.c.id)
        )
        with reading(self._store).begin() as connection:
            rows = connection.execute(query).all()
        return [(name, StreamState(version, state)) for name, version, state in rows]

    def reply_of(self, workspace: str, principal: str, key: str, now: int) -> StoredReply | None:
        query = sa.select(REPLY.c.fingerprint, REPLY.c.status, REPLY.c.body).where(
            *_under(workspace, principal, key), REPLY.c.expires_at > now
        )
        with reading(self._store).begin() as connection:
            row = connection.execute(query).one_or_none()
        return StoredReply(*row) if row else None

    def decide(self, decision: Decision) -> Future[Appended]:
        try:
            return self._workers.submit(self._decide, decision)
        except RuntimeError as error:  # the pool has been shut down
            raise LogUnavailable("The gate is closed.") from error

    def mark(self) -> int:
        with reading(self._store).begin() as connection:
            last = connection.execute(sa.select(sa.func.max(OUTBOX.c.seq))).scalar_one_or_none()
        return 0 if last is None else last + 1

    def has_logged(self, mark: int) -> bool:
        with reading(self._store).begin() as connection:
            left = sa.select(OUTBOX.c.seq).where(OUTBOX.c.seq < mark).limit(1)
            return connection.execute(left).first() is None

    def cursor_of(self, pending: UUID) -> Cursor | None:
        with reading(self._store).begin() as connection:
            return cursor_of(connection, pending)

    def close(self) -> None:
        """Finish what is under way."""
        self._workers.shutdown()

    def _decide(self, decision: Decision) -> Appended:
        try:
            with self._store.begin() as connection:
                return _Deciding(connection, decision, self._clock()).decide(self._draw_id())
        except StoreUnavailable as error:
            raise LogUnavailable(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Known:
    """The first copy of an event: its digest, and the id it waits under or the place it has."""

    digest: bytes
    pending: UUID | None
    position: Position | None = None


class _Deciding:
    """One decision in its transaction."""

    def __init__(self, connection: sa.Connection, decision: Decision, now: int) -> None:
        self._connection = connection
        self._decision = decision
        self._workspace = decision.workspace
        self._now = now

    def decide(self, pending: UUID) -> Appended:
        self._move_streams()
        for claim in self._decision.claims:
            self._claim(claim)
        appended = self._append(pending)
        if self._decision.reply_key and self._decision.reply:
            self._keep(self._decision.reply_key, *self._decision.reply(appended))
        return appended

    def _move_streams(self) -> None:
        # In one order everywhere, so that no two decisions wait for each other.
        writes = sorted(self._decision.writes, key=lambda write: write.stream)
        begun = [(self._workspace, *write.stream, 0, b"") for write in writes]
        insert_rows(self._connection, STREAM, begun, "ignore")
        for write in writes:
            mine = _is(self._workspace, write.stream)
            query = sa.select(STREAM.c.version).where(*mine).with_for_update()
            actual = self._connection.execute(query).scalar_one()
            if actual != write.expected:
                raise VersionConflict(str(write.stream), write.expected, actual)
            moved = STREAM.update().where(*mine)
            self._connection.execute(moved.values(version=write.version, state=write.state))

    def _claim(self, claim: Claim) -> None:
        row = (self._workspace, claim.kind, claim.value, claim.owner)
        insert_rows(self._connection, CLAIM, [row], "ignore")  # waits for one who claims it too
        query = sa.select(CLAIM.c.owner).where(
            CLAIM.c.workspace == self._workspace,
            CLAIM.c.kind == claim.kind,
            CLAIM.c.value == claim.value,
        )
        if self._connection.execute(query).scalar_one() != claim.owner:
            raise NotUnique(f"The {claim.kind} {claim.value!r} is taken.")

    def _append(self, pending: UUID) -> Appended:
        """Put what is new into the outbox; copies are told, as the log does."""
        records = self._decision.records
        known = self._known([r for r in records if not r.fresh])
        new: list[Record] = []
        copies: dict[int, _Known] = {}
        for index, record in enumerate(records):
            first = known.get(record.event_id)
            if first is None or record.fresh:
                new.append(record)
                known[record.event_id] = _Known(record.digest, pending)
            else:
                copies[index] = first
        put(self._connection, new, pending)
        conflicts = {i for i, first in copies.items() if first.digest != records[i].digest}
        waits = [first.pending for first in copies.values() if first.pending is not None]
        if not new and not waits:
            places = [copies[i].position for i in sorted(copies)]
            return Appended(
                tuple(place for place in places if place is not None),
                frozenset(copies),
                frozenset(conflicts),
            )
        return Appended((), frozenset(copies), frozenset(conflicts), pending if new else waits[-1])

    def _known(self, records: Sequence[Record]) -> dict[UUID, _Known]:
        names = [str(record.event_id) for record in records]
        sent = sa.select(SENT).where(SENT.c.event_id.in_(names))
        waiting = sa.select(OUTBOX.c.event_id, OUTBOX.c.digest, OUTBOX.c.pending).where(
            OUTBOX.c.event_id.in_(names), OUTBOX.c.pending.is_not(None)
        )
        found = {
            UUID(row.event_id): _Known(row.digest, None, place_of(row))
            for row in self._connection.execute(sent)
        }
        for name, digest, pending in self._connection.execute(waiting):
            found[UUID(name)] = _Known(digest, UUID(pending))
        return found

    def _keep(self, key: ReplyKey, status: int, body: bytes) -> None:
        expired = REPLY.delete().where(REPLY.c.expires_at <= self._now)
        self._connection.execute(expired)
        mine = _under(self._workspace, key.principal, key.key)
        row = (self._workspace, key.principal, key.key, key.fingerprint, status, body,
               self._now + REPLY_LIFETIME)  # fmt: skip
        used = self._connection.execute(sa.select(REPLY.c.status).where(*mine)).first()
        if used is not None:
            raise KeyReused("This idempotency key has been used.")
        try:
            insert_rows(self._connection, REPLY, [row], "refuse")  # waits for one at the same time
        except sa.exc.IntegrityError as error:
            raise KeyReused("This idempotency key is being used.") from error


def _is(workspace: str, stream: Stream) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        STREAM.c.workspace == workspace,
        STREAM.c.kind == stream.kind,
        STREAM.c.id == stream.id,
    )


def _under(workspace: str, principal: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        REPLY.c.workspace == workspace,
        REPLY.c.principal == principal,
        REPLY.c.key == key,
    )
