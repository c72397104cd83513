"""The tables of the column store: one text for chDB and for a ClickHouse server.

Nothing is partitioned by the time of events, since a page over many months would be refused. A
tokenised insert needs a deduplication window on its table. Entity tables keep the row with the
greatest ``version``; copies of row folds are append-only, so that any cursor can be read.
"""

from __future__ import annotations

from projections.stores.columns import Columns

_DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"
_WINDOW = f"non_replicated_deduplication_window = 10000, {_DURABLE}"
# A part below this size is one file, and a sync: a range of a rebuild wrote 95 files, one for each
# column and its marks, and its two threads waited 16 s for their syncs. Merged parts are larger.
_FEW_FILES = "min_bytes_for_wide_part = 268435456"
VERDICTS = "Enum8('unjudged' = 0, 'human' = 1, 'machine' = 2, 'privacy_proxy' = 3, 'unknown' = 4)"
_LOW = "LowCardinality(String)"
_TIME = "DateTime64(3, 'UTC')"

JOURNAL_COLUMNS: dict[str, str] = {
    "event_id": "UUID",
    "causation_id": "UUID",
    "correlation_id": "UUID",
    "batch_id": "UUID",
    "type": _LOW,
    "schema_version": "UInt16",
    "workspace": _LOW,
    "producer": _LOW,
    "channel": _LOW,
    "stream_kind": _LOW,
    "actor": _LOW,
    "key": "String",
    "person": "String",
    "stream_id": "String",
    "stream_version": "UInt64",
    "external_id": "String",
    "source_seq": "Int64",
    "traceparent": "String",
    "subject": "String",
    "visitor_id": "String",
    "stated_visitor_id": "String",
    "stated_campaign_id": "String",
    "campaign_id": "String",
    "activity_id": "String",
    "content_version_id": "String",
    "message_id": "String",
    "message_key": "String",
    "provider_ref": "String",
    "object_id": "String",
    "link_id": "String",
    "occurred_at": _TIME,
    "time": "String",
    "source_time": "String",
    "received_at": _TIME,
    "recorded_at": _TIME,
    "effective_at": _TIME,
    "precision": "Enum8('ms' = 1, 's' = 2, 'min' = 3, 'day' = 4)",
    "country": _LOW,
    "line": _LOW,
    "reason": _LOW,
    "final": "Bool",
    "value": "Decimal(18, 4)",
    "currency": _LOW,
    "rate": "Decimal(20, 10)",
    "duration_s": "UInt32",
    "attempts": "UInt32",
    "utm": "Map(LowCardinality(String), String)",
    "derived": "Map(LowCardinality(String), String)",
    "flags": "Array(LowCardinality(String))",
    "test": "Bool",
    "data": "String CODEC(ZSTD)",
    "log_topic": "Enum8('facts' = 1, 'decisions' = 2, 'derived' = 3)",
    "log_partition": "UInt16",
    "log_offset": "UInt64",
}

_COPIES: dict[str, dict[str, str]] = {
    "campaign": {
        "code": "String", "name": "String", "kind": _LOW, "status": "UInt8", "goal": _LOW,
        "goal_event": "String", "goal_months": "UInt32", "goal_days": "UInt32",
        "goal_seconds": "UInt32", "expected_response": "Nullable(Int32)",
        "expected_revenue": "Nullable(Decimal(18, 4))", "budget": "Nullable(Decimal(18, 4))",
        "misc_cost": "Decimal(18, 4)",
    },
    "activity": {
        "campaign_id": "String", "subject": "String", "channel": _LOW, "pinned_batch": "String",
        "audience_size": "UInt64", "content_version_id": "String", "cost": "Decimal(18, 4)",
    },
    "entry": {
        "registry": _LOW, "entry_id": "String", "campaign_id": "String", "activity_id": "String",
        "name": "String", "links": "Array(String)",
    },
    "cluster": {"subject": "String", "since": "Int64", "cluster": "String"},
    "response": {
        "campaign_id": "String", "activity_id": "String", "message_id": "String",
        "person": "String", "cluster": "String", "type": _LOW, "channel": _LOW, "status": _LOW,
        "source": _LOW, "code": _LOW, "classified_at": "Int64", "country": _LOW, "region": _LOW,
        "occurred_at": "Int64", "precision": _LOW, "recorded_at": "Int64", "reviewed_at": "Int64",
        "canceled_at": "Int64", "routed_to": _LOW, "routed_at": "Int64", "followup_at": "Int64",
        "lead_at": "Int64", "opportunity_at": "Int64", "other_at": "Int64",
        "duplicate_of": "String", "adopted": "Bool", "test": "Bool",
    },
    "lead": {
        "campaign_id": "String", "response_id": "String", "status": "UInt8",
        "created_at": "Int64", "contacted_at": "Int64",
    },
    "opportunity": {
        "campaign_id": "String", "response_id": "String", "lead_id": "String", "state": "UInt8",
        "won_value": "Decimal(18, 4)", "won_at": "Int64",
    },
}  # fmt: skip
COPY_COLUMNS = {
    name: {"generation": "UInt32", "workspace": _LOW, "id": "String", **columns,
           "version": "UInt64", "deleted": "Bool"}
    for name, columns in _COPIES.items()
}  # fmt: skip

MESSAGE_TIMES = (
    "prepared_at", "sent_at", "accepted_at", "delivered_at", "hard_at", "soft_at", "lost_at",
    "rejected_at", "excluded_at", "opened_any_at", "opened_at", "unmeasurable_at", "clicked_at",
    "replied_at", "unsubscribed_at", "complained_at", "human_at", "proof_at", "cohort_at",
    "touched_at",
)  # fmt: skip
ENTITY_COLUMNS: dict[str, dict[str, str]] = {
    "message_row": {
        "message_id": "String", "person": "String", "cluster": "String", "activity_id": "String",
        "content_version_id": "String", "batches": "Array(String)", "line": _LOW,
        "state": _LOW, "reason": _LOW, "precision": _LOW,
        **dict.fromkeys(MESSAGE_TIMES, "Int64"),
        "links": "Array(String)", "links_at": "Array(Int64)",
        "call_attempts": "UInt64", "talk_seconds": "UInt64", "test": "Bool",
    },
    "form_row": {
        "form_id": "String", "cluster": "String", "visited_at": "Int64", "submitted_at": "Int64",
        "visits": "UInt64", "submissions": "UInt64",
    },
    "reach_row": {
        "campaign_id": "String", "cluster": "String", "goal_at": "Int64", "message_id": "String",
        "activity_id": "String", "line": _LOW,
    },
}  # fmt: skip
ENTITY_KEYS = {
    "message_row": ("message_id",),
    "form_row": ("form_id", "cluster"),
    "reach_row": ("campaign_id", "cluster"),
}
STRAY_COLUMNS = {
    "generation": "UInt32", "workspace": _LOW, "message_id": "String",
    **{name: JOURNAL_COLUMNS[name] for name in (
        "event_id", "person", "type", "activity_id", "content_version_id", "batch_id", "line",
        "precision", "reason", "final", "link_id", "attempts", "duration_s",
    )},
    "at": "Int64", "verdict": VERDICTS,
}  # fmt: skip
"""What a rebuild lays out meanwhile: events that know their message by the provider's id alone."""

JUDGEMENT_COLUMNS = {
    "generation": "UInt32", "workspace": _LOW, "event_id": "UUID", "message_key": "String",
    "person": "String", "event_type": _LOW, "occurred_at": "Int64",
    "classifier_version": "UInt16", "verdict": VERDICTS, "reasons": "Array(String)",
    "flags": "Array(String)", "ordinal": "UInt32", "turns_at": "Array(Int64)",
    "turns_to": f"Array({VERDICTS})", "version": "UInt64",
}  # fmt: skip


# By it a range of the log is found that retention has removed there.
_BY_OFFSET = "INDEX by_offset log_offset TYPE minmax GRANULARITY 1"
EVER_JOURNALED = (
    "(SELECT * FROM journal UNION ALL SELECT * FROM journal_undone "
    "UNION ALL SELECT * FROM journal_again)"
)
"""A subquery: all that was ever journaled, undone or not (R31), and later copies too."""
JOURNAL_COPIES = {"journal_by_person": "1", "journal_by_message": "message_key != ''"}
"""The journal in other orders, and which of its rows they have."""
GIVES_PAIR = "message_id != '' AND provider_ref != '' AND endsWith(type, '.sent')"
"""Which rows of the journal ``provider_message`` has pairs of."""
UNDONE_ID = "toUUIDOrZero(JSONExtractString(data, 'batch_id'))"
"""Which batch a decision undoes; none, if it does not say so."""
BELONGS = "belongs"
LAY_OUT_BELONGS = (
    f"CREATE OR REPLACE TABLE {BELONGS} (subject String, cluster String) "
    "ENGINE = Join(ANY, LEFT, subject) SETTINGS persistent = 0"
)
"""What a rebuild holds in memory meanwhile: who belongs to whom, for all ranges of messages."""


def create_tables(columns: Columns) -> None:
    """Make every table that is missing."""
    for statement in _statements():
        columns.run(statement)
    if not _has_offset_index(columns):
        columns.run(f"ALTER TABLE journal ADD {_BY_OFFSET}")


def _has_offset_index(columns: Columns) -> bool:
    """Not left to ``IF NOT EXISTS``, which writes the definition anew even if nothing changes."""
    found = columns.query(
        "SELECT 1 FROM system.data_skipping_indices WHERE database = currentDatabase() "
        "AND table = 'journal' AND name = 'by_offset'"
    )
    return bool(found.num_rows)


def _statements() -> list[str]:
    journal = _columns(JOURNAL_COLUMNS)
    place = "log_topic, log_partition, log_offset"
    statements = [
        f"CREATE TABLE IF NOT EXISTS journal ({journal}, "
        "INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 4, "
        f"INDEX by_person person TYPE bloom_filter(0.01) GRANULARITY 4, {_BY_OFFSET}) "
        "ENGINE = MergeTree ORDER BY (workspace, type, toStartOfHour(recorded_at), event_id) "
        f"SETTINGS {_WINDOW}",
        f"CREATE TABLE IF NOT EXISTS journal_by_message ({journal}) ENGINE = MergeTree "
        f"ORDER BY (workspace, message_key, {place}) SETTINGS {_WINDOW}",
        f"CREATE TABLE IF NOT EXISTS journal_by_person ({journal}) ENGINE = MergeTree "
        f"ORDER BY (workspace, person, occurred_at, event_id) SETTINGS {_WINDOW}",
        f"CREATE TABLE IF NOT EXISTS journal_undone ({journal}) ENGINE = MergeTree "
        f"ORDER BY (workspace, batch_id, event_id) SETTINGS {_WINDOW}",
        f"CREATE TABLE IF NOT EXISTS journal_again ({journal}) ENGINE = MergeTree "
        f"ORDER BY (workspace, event_id) SETTINGS {_WINDOW}",
        "CREATE TABLE IF NOT EXISTS seen (event_id UUID, digest FixedString(16), "
        "log_topic Enum8('facts' = 1, 'decisions' = 2, 'derived' = 3), log_partition UInt16, "
        f"log_offset UInt64) ENGINE = MergeTree ORDER BY event_id SETTINGS {_WINDOW}",
        "CREATE TABLE IF NOT EXISTS provider_message (workspace LowCardinality(String), "
        "provider_ref String, message_id String) ENGINE = MergeTree "
        f"ORDER BY (workspace, provider_ref) SETTINGS {_WINDOW}",
        f"CREATE TABLE IF NOT EXISTS judgement ({_columns(JUDGEMENT_COLUMNS)}) "
        "ENGINE = ReplacingMergeTree(version) "
        "ORDER BY (generation, workspace, message_key, event_id) "
        f"PARTITION BY generation SETTINGS {_WINDOW}",
    ]
    statements.append(
        f"CREATE TABLE IF NOT EXISTS stray ({_columns(STRAY_COLUMNS)}) ENGINE = MergeTree "
        "ORDER BY (generation, workspace, message_id) PARTITION BY generation"
    )
    for name, columns in COPY_COLUMNS.items():
        statements.append(
            f"CREATE TABLE IF NOT EXISTS {name}_copy ({_columns(columns)}) ENGINE = MergeTree "
            "ORDER BY (generation, workspace, id, version) PARTITION BY generation "
            f"SETTINGS {_WINDOW}"
        )
    for name, columns in ENTITY_COLUMNS.items():
        whole = {"generation": "UInt32", "workspace": _LOW, **columns, "version": "UInt64",
                 "deleted": "Bool"}  # fmt: skip
        statements.append(
            f"CREATE TABLE IF NOT EXISTS {name} ({_columns(whole)}) "
            "ENGINE = ReplacingMergeTree(version) ORDER BY "
            f"(generation, workspace, {', '.join(ENTITY_KEYS[name])}) PARTITION BY generation "
            f"SETTINGS {_WINDOW}, {_FEW_FILES}"
        )
    return statements


def latest_copy(name: str, bound: str = "1") -> str:
    """A subquery: the newest version of every row of a copied table, in ``{generation:UInt32}``."""
    return (
        f"(SELECT * FROM (SELECT * FROM {name}_copy WHERE generation = {{generation:UInt32}} "
        f"AND workspace = {{workspace:String}} AND {bound} "
        "ORDER BY version DESC LIMIT 1 BY id) WHERE NOT deleted)"
    )


def latest_entity(name: str, bound: str = "1") -> str:
    """A subquery: the present rows of an entity table, in ``{generation:UInt32}``."""
    return (
        f"(SELECT * FROM {name} FINAL WHERE generation = {{generation:UInt32}} "
        f"AND workspace = {{workspace:String}} AND {bound} AND NOT deleted)"
    )


def _columns(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())
