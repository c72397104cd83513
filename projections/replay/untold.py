"""The verdicts of a generation that nobody has told, or that were told otherwise.

A verdict's number is part of its event's id, and one that was given before would be taken for the
event that bore it: so the numbers of the generation go on from those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from events.compose import Draft
from projections.columns.arrow import names_table, to_table
from projections.columns_sink import NAME as COLUMNS
from projections.judgements.classifiers import classifier_version
from projections.judgements.projection import judged_draft
from projections.read_models import ReadModels
from projections.replay.generation import Generation
from projections.stores.tables import EVER_JOURNALED, JUDGEMENT_COLUMNS
from projections.turns import numbered_turns
from schemas.derived.judgement import InteractionJudged

_AT_ONCE = 100_000
"""So many verdicts are compared at a time."""
_SAME = " AND ".join(f"n.{name} = o.{name}" for name in ("verdict", "reasons", "flags"))
_BUCKET = "cityHash64(event_id) % {buckets:UInt32} = {bucket:UInt32}"
_BY_TELLER = (
    "SELECT event_id, ordinal, toString(verdict) AS verdict, reasons, flags, 1 AS told "
    "FROM judgement FINAL WHERE generation = {teller:UInt32} AND workspace = {workspace:String} "
    f"AND {_BUCKET}"
)
_IN_JOURNAL = (
    "SELECT * FROM (SELECT toUUIDOrZero(JSONExtractString(data, 'event_id')) AS event_id, "
    "toUInt32(JSONExtractUInt(data, 'ordinal')) AS ordinal, "
    "JSONExtractString(data, 'verdict') AS verdict, "
    "JSONExtract(data, 'reasons', 'Array(String)') AS reasons, "
    "JSONExtract(data, 'flags', 'Array(String)') AS flags, 1 AS told FROM journal "
    "WHERE workspace = {workspace:String} AND type = 'interaction.judged' "
    "AND JSONExtractUInt(data, 'classifier_version') = {classifier:UInt32}) "
    f"WHERE {_BUCKET} ORDER BY ordinal DESC LIMIT 1 BY event_id"
)
_OTHERWISE = """
SELECT n.workspace AS workspace, toString(n.event_id) AS event_id, n.message_key AS message_key,
    n.person AS person, n.event_type AS event_type, n.occurred_at AS occurred_at,
    n.classifier_version AS classifier_version, n.verdict AS verdict, n.reasons AS reasons,
    n.flags AS flags, n.ordinal AS ordinal, n.turns_at AS turns_at, n.turned_to AS turns_to,
    n.version AS version, o.told AS is_told, o.ordinal AS before, {same} AS is_same
FROM (SELECT * EXCEPT (verdict), toString(verdict) AS verdict,
    arrayMap(to -> toString(to), turns_to) AS turned_to FROM judgement FINAL
    WHERE generation = {{new:UInt32}} AND workspace = {{workspace:String}} AND {bucket}) AS n
LEFT JOIN ({told}) AS o ON o.event_id = n.event_id
WHERE o.told = 0 OR o.ordinal != n.ordinal OR NOT ({same})
"""
_COLUMNS = ", ".join(JUDGEMENT_COLUMNS)
_MISSING = (
    "event_id NOT IN (SELECT event_id FROM judgement "
    "WHERE generation = {new:UInt32} AND workspace = {workspace:String})"
)
_AS_UNJUDGED = (
    f"INSERT INTO judgement ({_COLUMNS}) SELECT {_COLUMNS} FROM (SELECT * REPLACE ("
    "{new:UInt32} AS generation, 'unjudged' AS verdict, [] AS reasons, [] AS flags, "
    "[] AS turns_at, [] AS turns_to, 0 AS version) FROM "
)
_KNOWN_BY_TELLER = (
    f"{_AS_UNJUDGED} (SELECT * FROM judgement FINAL WHERE generation = {{teller:UInt32}} "
    f"AND workspace = {{workspace:String}} AND {_MISSING}))"
)
_KNOWN_IN_JOURNAL = (
    f"{_AS_UNJUDGED} (SELECT {{new:UInt32}} AS generation, workspace, event_id, message_key, "
    "person, type AS event_type, toUnixTimestamp64Milli(occurred_at) AS occurred_at, "
    "{classifier:UInt32} AS classifier_version, '' AS verdict, [] AS reasons, [] AS flags, "
    "0 AS ordinal, [] AS turns_at, [] AS turns_to, 0 AS version "
    f"FROM {EVER_JOURNALED} WHERE workspace = {{workspace:String}} AND {_MISSING} "
    "AND event_id IN (SELECT toUUIDOrZero(JSONExtractString(data, 'event_id')) FROM journal "
    "WHERE workspace = {workspace:String} AND type = 'interaction.judged' "
    "AND JSONExtractUInt(data, 'classifier_version') = {classifier:UInt32}) "
    "LIMIT 1 BY event_id))"
)
"""Hits it has no verdict on, undone by now or not met yet: they are no rows, but their numbers were
given.
"""
_TESTS = (
    "SELECT toString(event_id) AS event_id FROM journal "
    "WHERE test AND event_id IN (SELECT toUUID(name) FROM $given)"
)
_COUNT = (
    "SELECT count() AS n FROM judgement "
    "WHERE generation = {new:UInt32} AND workspace = {workspace:String}"
)


def untold(
    models: ReadModels, one: Generation, workspace: str, teller: int | None
) -> Iterator[list[Draft]]:
    """The verdicts of a generation that are others than those that ``teller`` has told.

    Without a teller, than those that the journal has, which must have all that was sent. Done
    twice, it changes nothing.
    """
    here: dict[str, str | int] = {
        "workspace": workspace, "new": one.number, "teller": teller or 0,
        "classifier": classifier_version(one.versions, workspace),
    }  # fmt: skip
    models.columns.run(_KNOWN_IN_JOURNAL if teller is None else _KNOWN_BY_TELLER, here)
    told = _IN_JOURNAL if teller is None else _BY_TELLER
    text = _OTHERWISE.format(same=_SAME, bucket=_BUCKET, told=told)
    (count,) = models.columns.query(_COUNT, here).column("n").to_pylist()
    buckets = 1 + count // _AT_ONCE
    for bucket in range(buckets):
        bounds = {**here, "bucket": bucket, "buckets": buckets}
        rows = models.columns.query(text, bounds).to_pylist()
        if rows:
            yield _renumbered(models, one.number, workspace, rows)


def _renumbered(
    models: ReadModels, new: int, workspace: str, rows: Sequence[dict[str, Any]]
) -> list[Draft]:
    for row in rows:
        row["generation"] = new
        is_said = row["is_same"] or row["verdict"] == "unjudged"  # which is no verdict
        if row["is_told"]:
            row["ordinal"] = row["before"] + (0 if is_said else 1)
        row["is_news"] = not (is_said and row["is_told"]) and row["verdict"] != "unjudged"
    least = max(row["version"] for row in rows) + 1
    with numbered_turns(models.rows, COLUMNS, new, [workspace], least) as numbers:
        numbered = [{**row, "version": numbers[workspace]} for row in rows]
        models.columns.insert("judgement", to_table(JUDGEMENT_COLUMNS, numbered))
    news = [row for row in rows if row["is_news"]]
    given = names_table(name=[row["event_id"] for row in news])
    tests = set(models.columns.query(_TESTS, None, given).column("event_id").to_pylist())
    return [_verdict(row, new, test=row["event_id"] in tests) for row in news]


def _verdict(row: Mapping[str, Any], generation: int, *, test: bool) -> Draft:
    said = InteractionJudged.model_validate(
        {name: row[name] for name in InteractionJudged.model_fields if name in row}
    )
    person, at = row["person"], row["occurred_at"]
    return judged_draft(row["workspace"], generation, said, person, at, test=test)
