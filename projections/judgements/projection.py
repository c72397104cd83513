"""Judges the hits that a page touches, and publishes what changed.

A verdict is a function of what the journal holds, so whatever touches a hit has all of its message
judged again: hits, deliveries, and signs of a person in the same cluster within half an hour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
from pydantic import ValidationError

from events.compose import Draft
from projections.columns.arrow import names_table, to_table
from projections.columns.pairs import pairs_table
from projections.columns.people import People
from projections.columns.scope import Scope
from projections.columns.touched import EVIDENCE, Hits
from projections.entities.messages import DELIVERIES, HITS
from projections.judgements.classifiers import Classifiers
from projections.judgements.judge import Interaction, Judgement, Surroundings, is_weak
from projections.stores.columns import Columns
from projections.stores.tables import JUDGEMENT_COLUMNS
from schemas.catalogue import Topic, load_all
from schemas.derived.judgement import InteractionJudged
from schemas.envelope import Derivation
from schemas.fields import Hit
from schemas.ids import named_id
from schemas.instants import Instant

PROCESSOR = "judgements"
VERSION = 1
"""Of what is judged, and by what around it; by which signs is the classifier's version."""
_PAIRS = (
    "SELECT message_key, owner AS message_id FROM (SELECT message_key, min(named) AS owner FROM ("
    "SELECT message_key, message_id AS named FROM journal_by_message "
    "WHERE workspace = {workspace:String} AND message_id != '' "
    "UNION ALL SELECT provider_ref AS message_key, message_id AS named FROM provider_message "
    "WHERE workspace = {workspace:String}) GROUP BY message_key) "
    "WHERE cityHash64(owner) % {buckets:UInt32} = {bucket:UInt32}"
)
"""One hash bucket of all keys of notices, each with its message."""
_FIELDS = (
    "toString(event_id) AS event_id, type, message_key, person, link_id, reason, test, data, "
    "toUnixTimestamp64Milli(occurred_at) AS at"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as the journal has it, with the message it belongs to."""

    interaction: Interaction
    message_key: str
    message_id: str
    test: bool


class Judgements:
    """Judges for one workspace and generation."""

    def __init__(
        self, columns: Columns, workspace: str, generation: int, classifiers: Classifiers
    ) -> None:
        self._columns = columns
        self._judge = classifiers.judge(workspace)
        self._version = classifiers.version(workspace)
        self._here: dict[str, str | int] = {"workspace": workspace, "generation": generation}
        self._workspace = workspace
        self._generation = generation

    def judge_touched(self, scope: Scope, version: int) -> tuple[pa.Table, list[Draft]]:
        """The rows and the events of every verdict that a page changes."""
        found, deliveries = self._of_messages(pairs_table(scope.pairs))
        found += self._alone(scope.hits)
        return self._judge_found(found, deliveries, version, scope.people)

    def rebuild(self, version: int, buckets: int) -> list[pa.Table]:
        """The rows of all verdicts, by the same rule; nothing is published."""
        tables = []
        for bucket in range(buckets):
            bounds: dict[str, str | int] = {
                "workspace": self._workspace, "bucket": bucket, "buckets": buckets,
            }  # fmt: skip
            pairs = self._columns.query(_PAIRS, bounds)
            alone = self._columns.query(
                "SELECT person, toString(event_id) AS event_id FROM journal "
                f"WHERE workspace = {{workspace:String}} AND type IN ({_quoted(HITS)}) "
                "AND message_key = '' "
                "AND cityHash64(event_id) % {buckets:UInt32} = {bucket:UInt32}",
                bounds,
            )
            found, deliveries = self._of_messages(pairs)
            found += self._alone({(row["person"], row["event_id"]) for row in alone.to_pylist()})
            people = People(self._columns, self._workspace, self._generation)
            tables.append(self._judge_found(found, deliveries, version, people)[0])
        return tables

    def _judge_found(
        self, found: Sequence[Found], deliveries: dict[str, list[int]], version: int, people: People
    ) -> tuple[pa.Table, list[Draft]]:
        """The rows and events of the verdicts that differ from the stored ones."""
        clicks: dict[str, list[tuple[int, str]]] = {}
        for one in found:
            if one.interaction.is_click and one.message_id:
                spot = (one.interaction.at, one.interaction.link_id)
                clicks.setdefault(one.message_id, []).append(spot)
        by_message = {message: self._judge.clicks(some) for message, some in clicks.items()}
        none = self._judge.clicks(())
        around = {
            one.interaction.event_id: Surroundings(
                by_message.get(one.message_id, none).around(one.interaction.at),
                sorted(deliveries.get(one.message_id, []))[:1],  # only the first one counts
            )
            for one in found
        }
        judged = {
            name: self._judge.judge(one.interaction, around[name])
            for one in found
            for name in (one.interaction.event_id,)
        }
        weak = [one for one in found if is_weak(judged[one.interaction.event_id].opinion)]
        for one, evidence in self._evidence(weak, people):
            name = one.interaction.event_id
            near = Surroundings(around[name].clicks, around[name].deliveries, evidence)
            judged[name] = self._judge.judge(one.interaction, near)
        return self._changes(found, judged, version)

    # What the journal holds

    def _of_messages(self, pairs: pa.Table) -> tuple[list[Found], dict[str, list[int]]]:
        if pairs.num_rows == 0:
            return [], {}
        rows = self._columns.query(
            f"SELECT {_FIELDS}, k.message_id AS owner FROM journal_by_message AS j "
            "INNER JOIN (SELECT message_key, message_id FROM $given) AS k "
            "ON k.message_key = j.message_key WHERE workspace = {workspace:String} "
            f"AND type IN ({_quoted((*HITS, *DELIVERIES))}) "
            "AND j.message_key IN (SELECT message_key FROM $given)",
            {"workspace": self._workspace},
            pairs,
        ).to_pylist()
        found: list[Found] = []
        deliveries: dict[str, list[int]] = {}
        for row in rows:
            if row["type"] in DELIVERIES:
                deliveries.setdefault(row["owner"], []).append(row["at"])
            else:
                found.append(_found(row, row["owner"]))
        return found, deliveries

    def _alone(self, hits: Hits) -> list[Found]:
        if not hits:
            return []
        rows = self._columns.query(
            f"SELECT {_FIELDS} FROM journal_by_person WHERE workspace = {{workspace:String}} "
            "AND person IN (SELECT person FROM $given) "
            "AND event_id IN (SELECT toUUID(event) FROM $given)",
            {"workspace": self._workspace},
            names_table(person=[one for one, _ in hits], event=[event for _, event in hits]),
        )
        return [_found(row, "") for row in rows.to_pylist()]

    def _evidence(self, weak: Sequence[Found], people: People) -> list[tuple[Found, list[int]]]:
        """For each weak hit, when a person of its cluster first showed after it."""
        if not weak:
            return []
        groups = people.members_by_subject({one.interaction.person for one in weak})
        shown = self._shown(set().union(*groups.values()))
        times = {
            person: sorted(at for member in members for at in shown.get(member, ()))
            for person, members in groups.items()
        }
        result = []
        for one in weak:
            mine = times[one.interaction.person]
            place = bisect_right(mine, one.interaction.at)
            result.append((one, mine[place : place + 1]))
        return result

    def _shown(self, subjects: set[str]) -> dict[str, list[int]]:
        """When each subject gave a sign of a person."""
        rows = self._columns.query(
            "SELECT person, toUnixTimestamp64Milli(occurred_at) AS at, "
            "JSONHas(data, 'hit') AS is_hit, "
            "JSONExtractString(data, 'hit', 'user_agent') AS agent FROM journal_by_person "
            "WHERE workspace = {workspace:String} AND person IN (SELECT name FROM $given) "
            f"AND type IN ({_quoted(EVIDENCE)}) "
            "AND NOT (startsWith(type, 'call.') AND reason = 'out')",
            {"workspace": self._workspace},
            names_table(name=sorted(subjects)),
        ).to_pylist()
        shown: dict[str, list[int]] = {}
        for row in rows:
            if not row["is_hit"] or self._judge.agents.is_person(row["agent"]):
                shown.setdefault(row["person"], []).append(row["at"])
        return shown

    # What changed

    def _changes(
        self, found: Sequence[Found], judged: dict[str, Judgement], version: int
    ) -> tuple[pa.Table, list[Draft]]:
        stored = self._stored(found)
        rows: list[dict[str, Any]] = []
        drafts: list[Draft] = []
        for one in sorted(found, key=lambda f: f.interaction.event_id):
            verdict = judged[one.interaction.event_id]
            old = stored.get(one.interaction.event_id)
            if old is not None and old[1:] == _content(verdict):
                continue
            ordinal = 0 if old is None else old[0] + 1
            rows.append(self._row(one, verdict, ordinal, version))
            drafts.append(self._draft(one, verdict, ordinal))
        return to_table(JUDGEMENT_COLUMNS, rows), drafts

    def _stored(self, found: Sequence[Found]) -> dict[str, tuple[Any, ...]]:
        """The verdicts as they stand, by the table's own order: keys first, then events."""
        if not found:
            return {}
        rows = self._columns.query(
            "SELECT toString(event_id) AS event_id, ordinal, toString(verdict) AS verdict, "
            "reasons, flags, turns_at, arrayMap(to -> toString(to), turns_to) AS turned "
            "FROM judgement FINAL WHERE generation = {generation:UInt32} "
            "AND workspace = {workspace:String} AND message_key IN (SELECT key FROM $given) "
            "AND event_id IN (SELECT toUUID(event) FROM $given)",
            self._here,
            names_table(
                key=[one.message_key for one in found],
                event=[one.interaction.event_id for one in found],
            ),
        ).to_pylist()
        return {
            row["event_id"]: (row["ordinal"], row["verdict"], tuple(row["reasons"]),
                              tuple(row["flags"]),
                              tuple(zip(row["turns_at"], row["turned"], strict=True)))
            for row in rows
        }  # fmt: skip

    def _row(self, one: Found, judged: Judgement, ordinal: int, version: int) -> dict[str, Any]:
        return {
            **self._here,
            "event_id": one.interaction.event_id,
            "message_key": one.message_key,
            "person": one.interaction.person,
            "event_type": one.interaction.type,
            "occurred_at": one.interaction.at,
            "classifier_version": self._version,
            "verdict": judged.opinion.verdict,
            "reasons": list(judged.opinion.reasons),
            "flags": list(judged.opinion.flags),
            "ordinal": ordinal,
            "turns_at": [at for at, _ in judged.turns],
            "turns_to": [verdict for _, verdict in judged.turns],
            "version": version,
        }

    def _draft(self, one: Found, judged: Judgement, ordinal: int) -> Draft:
        said = InteractionJudged.model_validate(
            {
                "event_id": one.interaction.event_id,
                "event_type": one.interaction.type,
                "classifier_version": self._version,
                "verdict": judged.opinion.verdict,
                "reasons": judged.opinion.reasons,
                "flags": judged.opinion.flags,
                "ordinal": ordinal,
            }
        )
        person, at = one.interaction.person, one.interaction.at
        return judged_draft(self._workspace, self._generation, said, person, at, test=one.test)


def judged_draft(
    workspace: str, generation: int, said: InteractionJudged, person: str, at: int, *, test: bool
) -> Draft:
    """The event that tells a verdict; its id is one for each classifier and ordinal."""
    kind, version = "interaction.judged", said.classifier_version
    return Draft(
        kind=load_all().newest(kind),
        topic=Topic.DERIVED,
        workspace=workspace,
        producer=PROCESSOR,
        event_id=named_id(workspace, kind, str(said.event_id), version, said.ordinal),
        payload=said,
        received_at=Instant(at),
        time=Instant(at),
        key_name=person,
        causation_id=said.event_id,
        derived=Derivation(PROCESSOR, version, generation),
        test=test,
    )


def _quoted(types: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in types)


def _content(judged: Judgement) -> tuple[Any, Any, Any, Any]:
    opinion = judged.opinion
    return opinion.verdict, opinion.reasons, opinion.flags, judged.turns


def _found(row: dict[str, Any], message_id: str) -> Found:
    data = orjson.loads(row["data"])
    interaction = Interaction(
        event_id=row["event_id"],
        type=row["type"],
        at=row["at"],
        person=row["person"],
        hit=_hit(data),
        link_id=row["link_id"],
        link_kind=row["reason"] if row["type"].endswith(".clicked") else "",
        machine_open=data.get("sg_machine_open") is True,
    )
    return Found(interaction, row["message_key"], message_id, row["test"])


def _hit(data: dict[str, Any]) -> Hit:
    """The hit; empty where a type declares none and an unknown field bears its name."""
    try:
        return Hit.model_validate(data.get("hit") or {})
    except ValidationError:
        return Hit()
