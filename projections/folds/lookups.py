"""What folds look up: other rows of the same generation, read in the transaction that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from projections.folds.fold import Context, Known
from projections.folds.reference import ReferenceBook
from projections.stores.rows import CLUSTER, CONTACT, FOLD_TABLES, MESSAGE

_AT_ONCE = 400
Span = tuple[int, str, str]  # since when, the cluster, the record of it
FactsOf = Callable[[Sequence[str]], Mapping[str, Sequence[Known]]]
Touch = tuple[int, bytes]  # when, the message's document


def _mine(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.generation == sa.bindparam("of_generation"),
        table.c.workspace == sa.bindparam("of_workspace"),
    )


def _among(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    return column.in_(sa.bindparam("names", expanding=True))


_SPANS = sa.select(CLUSTER.c.subject, CLUSTER.c.since, CLUSTER.c.cluster, CLUSTER.c.doc).where(
    *_mine(CLUSTER), _among(CLUSTER.c.subject)
)
_MEMBERS = sa.select(CLUSTER.c.cluster, CLUSTER.c.subject).where(
    *_mine(CLUSTER), _among(CLUSTER.c.cluster)
)
_MESSAGES = sa.select(MESSAGE.c.subject, MESSAGE.c.at, MESSAGE.c.doc).where(
    *_mine(MESSAGE),
    _among(MESSAGE.c.subject),
    MESSAGE.c.at.between(sa.bindparam("since"), sa.bindparam("until")),
)
_DOCUMENTS = {
    name: sa.select(table.c.id, table.c.doc).where(*_mine(table), _among(table.c.id))
    for name, table in FOLD_TABLES.items()
}


class Lookups:
    """Looks things up for one chunk of entities of a workspace and generation.

    Folds ask about one subject at a time, and with a statement for each question asking took more
    than folding. So the first question about any of the chunk's ``subjects`` is answered for all of
    them, and answers are remembered. Nothing is written while a chunk is folded, so they hold until
    its end; the next chunk has lookups of its own, which see what this one has written.

    ``span`` is the data time from the chunk's first fact to its last.
    """

    def __init__(
        self,
        connection: sa.Connection,
        generation: int,
        workspace: str,
        subjects: Sequence[str],
        span: tuple[int, int],
    ) -> None:
        self._connection = connection
        self._of = {"of_generation": generation, "of_workspace": workspace}
        self._workspace = workspace
        self._generation = generation
        self._subjects = subjects
        self._span = span
        self._spans: dict[str, list[Span]] = {}
        self._members: dict[str, set[str]] = {}
        self._documents: dict[str, dict[str, bytes | None]] = {}
        self._touches: dict[str, list[Touch]] = {}
        self._touches_within: tuple[int, int] | None = None

    def context(
        self, reference: ReferenceBook, logical_time: int, classifier: int, facts_of: FactsOf
    ) -> Context:
        """The context that folds are given."""
        return Context(
            workspace=self._workspace,
            generation=self._generation,
            logical_time=logical_time,
            classifier=classifier,
            reference=reference,
            cluster_of=self.cluster_of,
            record_of=self.record_of,
            document=self.document,
            touched_by=self.touched_by,
            members_of=self.members_of,
            facts_of=facts_of,
        )

    def cluster_of(self, subject: str, at: int) -> str:
        """The cluster of a subject at a moment; itself where nothing is known."""
        return self._span_at(subject, at)[1]

    def record_of(self, subject: str, at: int) -> str:
        """Whose a subject is at a moment, whatever that record is merged into or linked with."""
        return self._span_at(subject, at)[2]

    def document(self, name: str, identity: str) -> bytes | None:
        """The document of a row."""
        known = self._documents.setdefault(name, {})
        if identity not in known:
            # Contacts have the names of clusters. What else is looked up only the fact tells.
            others = self._clusters() if name == CONTACT.name else ()
            asked = _unknown(known, identity, others)
            known.update(dict.fromkeys(asked))
            known.update(dict(self._rows(_DOCUMENTS[name], asked)))
        return known[identity]

    def touched_by(self, cluster: str, since: int, until: int) -> set[str]:
        """The activities whose messages went to a cluster in a span of data time."""
        self._load_touches(cluster, since, until)
        return {
            orjson.loads(doc)["activity_id"]
            for subject in {cluster, *self.members_of(cluster)}
            for at, doc in self._touches[subject]
            if since <= at <= until
        }

    def members_of(self, cluster: str) -> set[str]:
        """The subjects that belong to a cluster in any span of time."""
        if cluster not in self._members:
            asked = _unknown(self._members, cluster, self._clusters())
            self._members.update({name: set() for name in asked})
            for name, subject in self._rows(_MEMBERS, asked):
                self._members[name].add(subject)
        return self._members[cluster]

    # Asked for all at once

    def _span_at(self, subject: str, at: int) -> Span:
        then = [span for span in self._spans_of(subject) if span[0] <= at]
        return max(then, default=(0, subject, subject))

    def _spans_of(self, subject: str) -> list[Span]:
        if subject not in self._spans:
            asked = _unknown(self._spans, subject, self._subjects)
            self._spans.update({name: [] for name in asked})
            for name, since, cluster, doc in self._rows(_SPANS, asked):
                self._spans[name].append((since, cluster, _record(doc) or cluster))
        return self._spans[subject]

    def _clusters(self) -> set[str]:
        """All clusters that the chunk's subjects have ever belonged to, themselves among them."""
        return {span[1] for s in self._subjects for span in self._spans_of(s)} | set(self._subjects)

    def _load_touches(self, cluster: str, since: int, until: int) -> None:
        """Have the messages to all members of a cluster in a span of time at hand."""
        within = self._touches_within
        if within is None or since < within[0] or until > within[1]:
            first, last = self._span
            # As far before the chunk's first fact as this question looks before its own.
            within = (min(first - (until - since), since), max(last, until))
            self._touches_within, self._touches = within, {}
        if any(name not in self._touches for name in (cluster, *self.members_of(cluster))):
            members = {name for one in self._clusters() for name in (one, *self.members_of(one))}
            own = {cluster, *self.members_of(cluster)}
            asked = [name for name in members | own if name not in self._touches]
            self._touches.update({name: [] for name in asked})
            for subject, at, doc in self._rows(_MESSAGES, asked, *within):
                self._touches[subject].append((at, doc))

    def _rows(
        self, statement: sa.Select[Any], names: Iterable[str], since: int = 0, until: int = 0
    ) -> Iterator[Any]:
        rest = iter(names)
        between = {"since": since, "until": until} if statement is _MESSAGES else {}
        while some := list(islice(rest, _AT_ONCE)):
            yield from self._connection.execute(statement, {**self._of, **between, "names": some})


def _record(doc: bytes) -> str | None:
    """The record of a subject where that is another than its cluster's; few documents name one."""
    return orjson.loads(doc)["record"] if b'"record"' in doc else None


def _unknown(known: dict[str, Any], name: str, others: Iterable[str]) -> list[str]:
    """The name, and the others that nothing is known of."""
    return [name, *(other for other in set(others) if other not in known and other != name)]
