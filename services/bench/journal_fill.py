"""Fills the column store with a journal of any size, by SQL inside the engine.

Of every 200 events 50 are sendings, 49 deliveries, 50 opens, 25 clicks, 20 page views, 5 form
events and one an order; a tenth of the deliveries know their message by the provider's id alone.
All follow from the event's number, so two fills of one size hold the same.
"""

from __future__ import annotations

from uuid import UUID

from projections.stores.columns import Columns
from services.bench.mix import Mix

WORKSPACE = "bench"
CAMPAIGN = UUID("5a0c1d2e-0000-5000-8000-00000000000c")
ACTIVITY = UUID("5a0c1d2e-0000-5000-8000-0000000000a1")
CONTENT = UUID("5a0c1d2e-0000-5000-8000-0000000000c1")
FORM = UUID("5a0c1d2e-0000-5000-8000-0000000000f1")
PERIOD = 200
MESSAGES_A_PERIOD = 50
_CHUNK = 1_000_000
_START = 1_790_000_000_000
_STEP = 100  # milliseconds between two events
_GOAL = '{"type":"order.placed","where":[]}'

_TYPES = (
    ("email.sent", 50), ("email.delivered", 49), ("email.opened", 50), ("email.clicked", 25),
    ("page.viewed", 20), ("form.visited", 4), ("form.submitted", 1), ("order.placed", 1),
)  # fmt: skip
_HITS = "('email.opened', 'email.clicked', 'page.viewed', 'form.visited', 'form.submitted')"


def fill_journal(columns: Columns, events: int, generation: int = 1) -> None:
    """Fill journal, judgement and copies with about that many events, in whole periods."""
    here: dict[str, str | int] = {"workspace": WORKSPACE, "generation": generation}
    for first in range(0, events, _CHUNK):
        bounds = {**here, "first": first, "count": min(_CHUNK, events - first)}
        columns.run(f"INSERT INTO journal ({_NAMES}) {_EVENTS}", bounds)
        columns.run(f"INSERT INTO judgement ({_JUDGED}) {_JUDGEMENTS}", bounds)
        chunk = (
            "FROM journal WHERE workspace = {workspace:String} AND log_offset >= {first:UInt64} "
            "AND log_offset < {first:UInt64} + {count:UInt64}"
        )
        columns.run(f"INSERT INTO journal_by_person ({_NAMES}) SELECT {_NAMES} {chunk}", bounds)
        columns.run(
            f"INSERT INTO journal_by_message ({_NAMES}) SELECT {_NAMES} {chunk} "
            "AND message_key != ''",
            bounds,
        )
        columns.run(
            "INSERT INTO provider_message (workspace, provider_ref, message_id) "
            f"SELECT workspace, provider_ref, message_id {chunk} AND type = 'email.sent'",
            bounds,
        )
        columns.run(_VISITORS, bounds)
    columns.run(_CAMPAIGN_COPY, here)
    columns.run(_ACTIVITY_COPY, here)


def _id(kind: str, number: str) -> str:
    return f"reinterpretAsUUID(sipHash128('{kind}', {number}))"


def _type() -> str:
    conditions, below = [], 0
    for name, share in _TYPES:
        below += share
        conditions.append(f"place < {below}, '{name}'")
    return f"multiIf({', '.join(conditions)}, '')"


_PLACED = f"""
SELECT number, number % {PERIOD} AS place, intDiv(number, {PERIOD}) AS period,
    cityHash64(number) AS random, {_type()} AS kind,
    period * {MESSAGES_A_PERIOD} + multiIf(place < 50, place, place < 99, place - 50,
        random % {MESSAGES_A_PERIOD}) AS target,
    kind IN ('email.sent', 'email.delivered', 'email.opened', 'email.clicked') AS is_mail,
    kind IN ('page.viewed', 'form.visited', 'form.submitted') AS is_web,
    toString({_id("message", "target")}) AS message,
    toString(if(is_web, {_id("visitor", "target")}, {_id("person", "target")})) AS who,
    concat('p:m', toString(target)) AS ref,
    kind = 'email.delivered' AND place % 10 = 0 AS by_ref,
    kind = 'email.clicked' AND place % 25 != 0 AS is_content,
    toInt64({_START} + number * {_STEP}) AS at
FROM numbers({{first:UInt64}}, {{count:UInt64}})"""

_COLUMNS = {
    "event_id": _id("event", "number"),
    "type": "kind",
    "schema_version": "1",
    "workspace": "{workspace:String}",
    "producer": "'bench'",
    "channel": "if(is_web, 'web', 'email')",
    "key": "concat({workspace:String}, ':', who)",
    "person": "who",
    "source_seq": "-1",
    "visitor_id": "if(is_web, who, '')",
    "activity_id": f"if(kind = 'email.sent', '{ACTIVITY}', '')",
    "content_version_id": f"if(kind = 'email.sent', '{CONTENT}', '')",
    "message_id": "if(is_mail AND NOT by_ref, message, '')",
    "message_key": "multiIf(by_ref, ref, is_mail, message, '')",
    "provider_ref": "if(kind IN ('email.sent', 'email.delivered'), ref, '')",
    "object_id": f"if(startsWith(kind, 'form.'), '{FORM}', '')",
    "link_id": "if(kind = 'email.clicked', leftPad(hex(random % 5), 16, '0'), '')",
    "occurred_at": "fromUnixTimestamp64Milli(at, 'UTC')",
    "received_at": "fromUnixTimestamp64Milli(at, 'UTC')",
    "recorded_at": "fromUnixTimestamp64Milli(at, 'UTC')",
    "precision": "'ms'",
    "country": "if(is_mail, '', 'PL')",
    "reason": "if(kind = 'email.clicked', if(is_content, 'content', 'unsubscribe'), '')",
    "value": "if(kind = 'order.placed', 10, 0)",
    "currency": "if(kind = 'order.placed', 'EUR', '')",
    "rate": "1",
    "data": "concat('{\"message_id\":\"', message, '\",\"hit\":{\"ip\":\"192.0.2.', "
    "toString(random % 250), '\",\"country\":\"PL\",\"user_agent\":\"Mozilla/5.0 (X11; Linux "
    "x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\",\"method\":\"GET\"}}')",
    "log_topic": "'facts'",
    "log_partition": "number % 4",
    "log_offset": "number",
}  # fmt: skip
_NAMES = ", ".join(_COLUMNS)
_EVENTS = (
    f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in _COLUMNS.items())} FROM ({_PLACED})"
)

_VERDICT = (
    "multiIf(random % 20 < 13, 'human', random % 20 < 16, 'machine', "
    "random % 20 < 18, 'privacy_proxy', 'unknown')"
)
_JUDGED = (
    "generation, workspace, event_id, message_key, person, event_type, occurred_at, "
    "classifier_version, verdict, turns_at, turns_to, version"
)
_JUDGEMENTS = f"""
SELECT {{generation:UInt32}}, {{workspace:String}}, {_id("event", "number")},
    if(is_mail, message, ''), who, kind, at, 1, {_VERDICT} AS verdict, [at], [verdict], 1
FROM ({_PLACED}) WHERE kind IN {_HITS}"""

_VISITORS = f"""
INSERT INTO cluster_copy (generation, workspace, id, subject, since, cluster, version, deleted)
SELECT {{generation:UInt32}}, {{workspace:String}}, concat(who, '@0'), who, 0,
    toString({_id("person", "target")}), 1, false
FROM ({_PLACED}) WHERE kind IN ('form.visited', 'form.submitted') LIMIT 1 BY who"""

_CAMPAIGN_COPY = (
    "INSERT INTO campaign_copy (generation, workspace, id, code, name, kind, status, goal_event, "
    "goal_days, version, deleted) SELECT {generation:UInt32}, {workspace:String}, "
    f"'{CAMPAIGN}', 'BENCH', 'Bench', 'standard', 3, '{_GOAL}', 30, 1, false"
)
_ACTIVITY_COPY = (
    "INSERT INTO activity_copy (generation, workspace, id, campaign_id, channel, "
    "content_version_id, version, deleted) SELECT {generation:UInt32}, {workspace:String}, "
    f"'{ACTIVITY}', '{CAMPAIGN}', 'email', '{CONTENT}', 1, false"
)


def fill(columns: Columns, events: int, mix: Mix) -> None:
    """What the bench of rebuilds calls. The shares above are fixed: of the mix it takes nothing."""
    fill_journal(columns, events)
