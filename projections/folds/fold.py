"""What a fold is: a pure function from all the facts of one entity to its rows.

A fold keeps the facts of each entity and folds them all again whenever one arrives. So its rows are
a function of a *set*: order and repetition cannot matter, and live and rebuild cannot differ. A
fact that refers to something unknown makes the entity *wait* under a name; whoever provides that
name touches it again. A conclusion that needs time to pass gives the instant it is due.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

import orjson

from events.codec import payload_of
from events.compose import Draft
from projections.folds.reference import ReferenceBook
from schemas.envelope import Event
from schemas.fields import Model
from schemas.payload import Payload


class Known:
    """A fact as a fold sees it; most are of no interest by their type, so reading it is put off."""

    __slots__ = ("_payload", "event", "id")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.id = str(event.event_id)
        self._payload: Payload | None = None

    @property
    def payload(self) -> Payload:
        """The typed payload. Raises ``Unreadable``."""
        if self._payload is None:
            self._payload = payload_of(self.event)
        return self._payload

    @property
    def order(self) -> tuple[int, str, int, str]:
        """The order of facts: by data time, then by what no two events share (R35)."""
        e = self.event
        seq = -(2**63) if e.source_seq is None else e.source_seq
        return (e.occurred_at, e.producer, seq, self.id)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a read model: its table, its id, what lists filter by, and the document."""

    table: str
    id: str
    doc: Model
    filters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The document as canonical JSON."""
        return canonical(self.doc)


def canonical(doc: Model) -> bytes:
    """One spelling per content: sorted names, nulls left out."""
    plain = doc.model_dump(mode="json", by_alias=True, exclude_none=True)
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an entity's facts come to. ``same`` are rows, by table and id, that stay as they are."""

    rows: tuple[Row, ...] = ()
    needs: frozenset[str] = frozenset()
    due_at: int | None = None
    same: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entity stands before it is folded again: its rows, by table and id, and its due.

    ``since`` is from when on it has not met what took effect, if it has not met all.
    """

    rows: frozenset[tuple[str, str]]
    due_at: int | None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a fold may know beside the facts: logical time, reference data, and other rows.

    ``classifier`` is the version whose verdicts count. ``cluster_of`` answers the cluster of a
    subject at a moment of data time, ``record_of`` the one of its records that the subject is known
    by, ``document`` the row of another fold, ``touched_by`` the activities whose messages reached a
    cluster in a span of data time, ``members_of`` the subjects that belong, or have belonged, to a
    cluster, ``facts_of`` what the same fold has kept for other entities. A fold that looks
    something up names it in ``Outcome.needs``, and says so by ``looks_up``. Facts of ``undone``
    batches are not among them.
    """

    workspace: str
    generation: int
    logical_time: int
    classifier: int
    reference: ReferenceBook
    cluster_of: Callable[[str, int], str]
    record_of: Callable[[str, int], str]
    document: Callable[[str, str], bytes | None]
    touched_by: Callable[[str, int, int], set[str]]
    members_of: Callable[[str], set[str]]
    facts_of: Callable[[Sequence[str]], Mapping[str, Sequence[Known]]]
    undone: frozenset[UUID] = frozenset()


class Fold(ABC):
    """One fold. Subclasses are pure: they touch no store, clock or randomness.

    ``looks_up`` says that its outcomes may have needs or a time when they are due: nobody asks what
    the entities of the others wait for.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    looks_up: ClassVar[bool] = False
    follows: ClassVar[bool] = False
    tables: ClassVar[tuple[str, ...]]
    consumes: ClassVar[frozenset[str]]

    @abstractmethod
    def entities(self, known: Known) -> Iterable[str]:
        """The entities a fact belongs to; none if it is of no interest after all."""

    def wants(self, workspace: str, entity: str, logical_time: int) -> bool:
        """Whether anything can come of an entity's facts; if not, they are kept all the same."""
        return True

    def touches_all(self, entity: str, logical_time: int) -> int | None:
        """Since when all others of its workspace follow from what an entity says, if they do.

        Only for folds that follow: they are told by ``Standing.since``.
        """
        return None

    def provides(self, known: Known) -> Iterable[str]:
        """The names under which other entities may be waiting for this fact."""
        return ()

    @abstractmethod
    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        """The rows of an entity, from all its facts in their order."""

    def follow(
        self, entity: str, facts: Sequence[Known], fresh: Sequence[Known], standing: Standing,
        context: Context,
    ) -> Outcome:  # fmt: skip
        """The outcome of all facts, where nothing but ``fresh`` ones has come.

        For folds that ``follows`` says have a shorter way; what comes of it must be the same.
        """
        return self.fold(entity, facts, context)

    def conclude(
        self, before: Sequence[bytes], after: Sequence[Row], cause: Known | None, context: Context
    ) -> list[Draft]:
        """The derived events that a change of an entity's rows gives rise to."""
        return []
