"""One row per message: what became of it, ranked so that the order of notices does not matter.

Hard bounce > final soft or block bounce > rejected without delivery > delivered > waiting. A human
hit proves delivery against any bounce, another hit against a rejection or loss; evidence of
acceptance beats an exclusion (R23, section 7). A push message is delivered unless its failure is
told. Times are instants in milliseconds, 0 for never.
"""

from __future__ import annotations

from projections.stores.tables import latest_copy
from schemas.decisions.activity import BLOCK_REASONS

HITS = (
    "email.opened", "push.opened", "email.clicked", "sms.clicked", "push.clicked", "page.viewed",
    "link.clicked", "form.visited", "form.submitted", "asset.downloaded",
)  # fmt: skip
DELIVERIES = ("email.delivered", "sms.delivered")

KEYS_GIVEN = "(SELECT message_key, message_id FROM $given)"
"""The entities of an increment: every key that notices of a touched message may lie under."""

KEYS_ALL = (
    "(SELECT message_key, owner AS message_id FROM (SELECT message_key, min(named) AS owner FROM ("
    "SELECT message_key, message_id AS named FROM journal_by_message "
    "WHERE workspace = {workspace:String} AND message_id != '' "
    "UNION ALL SELECT provider_ref AS message_key, message_id AS named FROM provider_message "
    "WHERE workspace = {workspace:String}) GROUP BY message_key) "
    "WHERE cityHash64(owner) % {buckets:UInt32} = {bucket:UInt32})"
)
"""The entities of a rebuild: one hash bucket of all messages."""

VERDICT_NOW = "v.verdict"
VERDICT_AS_OF = (
    "if(empty(v.turns_at), v.verdict, v.turns_to["
    "greatest(1, arrayLastIndex(t -> t <= {as_of:Int64}, v.turns_at))])"
)


def messages_sql(keys: str, verdict: str = VERDICT_NOW, bound: str = "1") -> str:
    """The rows of messages. Parameters: workspace, generation, version, and those of the bounds."""
    return f"""
SELECT {{generation:UInt32}} AS generation, {{workspace:String}} AS workspace, message_id, person,
    if(c.cluster = '', person, c.cluster) AS cluster, activity_id, content_version_id, batches,
    line, {_STATE} AS state, multiIf(state != 'blocked', '', rejected_at > 0 AND (accepted_at > 0
    OR blocked_for IN ('', 'no_outcome')), 'provider_rejected', blocked_for) AS reason, precision,
    {_TIMES}, links_and_times.1 AS links, links_and_times.2 AS links_at, call_attempts,
    talk_seconds, test, {{version:UInt64}} AS version, false AS deleted
FROM ({_grouped(keys, verdict, bound)}) AS m
LEFT JOIN (SELECT subject, argMax(cluster, since) AS cluster FROM {latest_copy("cluster")}
    GROUP BY subject) AS c ON c.subject = m.person
"""


_STATE = """multiIf(human_at > 0, 'delivered', hard_at > 0, 'hard', soft_at > 0, 'soft',
    delivered_at > 0 OR proof_at > 0, 'delivered', rejected_at > 0, 'blocked',
    lost_at > 0, 'lost', pushed_at > 0, 'delivered', accepted_at > 0, 'waiting',
    blocked_for != '', 'blocked', 'pending')"""

_TIMES = """prepared_at, sent_at, accepted_at, delivered_at, hard_at, soft_at, lost_at,
    rejected_at, excluded_at, opened_any_at, opened_at, unmeasurable_at, clicked_at, replied_at,
    unsubscribed_at, complained_at, human_at, proof_at,
    multiIf(sent_at > 0, sent_at, accepted_at > 0, accepted_at, first_at) AS cohort_at,
    multiIf(completed_at > 0, completed_at, cohort_at) AS touched_at"""

_SENT = ("email.sent", "sms.sent", "push.sent", "call.started")
_OPENS = ("email.opened", "push.opened")
_CLICKS = ("email.clicked", "sms.clicked", "push.clicked")
_REPLIES = ("email.replied", "sms.received")
_LOST = ("sms.failed", "push.failed", "call.missed", "call.failed", "call.voicemail_left")


def _in(types: tuple[str, ...]) -> str:
    return f"type IN ({', '.join(repr(name) for name in types)})"


def _first(condition: str) -> str:
    return f"minIf(at, {condition})"


def _grouped(keys: str, verdict: str, bound: str) -> str:
    human = f"{_in(_OPENS + _CLICKS)} AND verdict = 'human'"
    reply = f"({_in(_REPLIES)} AND reason NOT IN ('stop', 'start', 'help'))"
    stop = (
        "(type IN ('email.unsubscribed', 'consent.withdrawn') "
        "OR type = 'sms.received' AND reason = 'stop')"
    )
    by_person = f"({reply} OR type = 'email.complained' OR {stop})"
    soft_proof = (f"({_in(_OPENS + _CLICKS)} AND verdict NOT IN ('machine', 'unjudged') "
                  "OR type = 'email.autoresponded')")  # fmt: skip
    delivered = ("type IN ('email.delivered', 'sms.delivered', 'sms.read', "
                 "'email.delivery_assumed', 'call.completed')")  # fmt: skip
    hard = "type = 'email.bounced' AND reason = 'hard'"
    soft = "type = 'email.bounced' AND reason != 'hard' AND final"
    noticed = (f"({_in(_SENT + _LOST)} OR {delivered} OR type IN ('email.bounced', "
               f"'email.deferred', 'call.answered') OR {by_person} OR {soft_proof})")  # fmt: skip
    ranks = ", ".join(repr(reason) for reason in BLOCK_REASONS)
    content = f"{_in(_CLICKS)} AND reason = 'content' AND verdict = 'human'"
    named = ("type IN ('message.prepared', 'recipient.excluded') OR startsWith(type, 'call.') "
             "OR endsWith(type, '.sent')")  # fmt: skip
    return f"""
SELECT message_id, argMin(person, (NOT ({named}), at, event_id)) AS person,
    argMinIf(activity_id, (at, event_id), activity_id != '') AS activity_id,
    argMinIf(content_version_id, (at, event_id), content_version_id != '') AS content_version_id,
    arraySort(groupUniqArrayIf(toString(batch_id), batch_id != toUUID('{_NO_ID}'))) AS batches,
    argMinIf(line, (type != 'call.completed', at, event_id), line != '') AS line,
    argMinIf(toString(precision), (type != 'call.completed', at, event_id), {noticed}) AS precision,
    if(countIf(type = 'recipient.excluded') = 0, '', BLOCK_OF[minIf(
        indexOf(BLOCK_OF, toString(reason)), type = 'recipient.excluded')]) AS blocked_for,
    {_first("type = 'message.prepared'")} AS prepared_at, {_first(_in(_SENT))} AS sent_at,
    {_first(noticed)} AS accepted_at, {_first(delivered)} AS delivered_at,
    {_first("type = 'call.completed'")} AS completed_at,
    {_first("type = 'push.sent'")} AS pushed_at,
    {_first(hard)} AS hard_at, {_first(soft)} AS soft_at, {_first(_in(_LOST))} AS lost_at,
    {_first("type = 'email.rejected'")} AS rejected_at,
    {_first("type = 'recipient.excluded'")} AS excluded_at,
    {_first(_in(_OPENS))} AS opened_any_at,
    {_first(f"{_in(_OPENS)} AND verdict = 'human'")} AS opened_at,
    {_first(f"{_in(_OPENS)} AND verdict IN ('privacy_proxy', 'unknown')")} AS unmeasurable_at,
    {_first(content)} AS clicked_at, {_first(reply)} AS replied_at,
    {_first(stop)} AS unsubscribed_at,
    {_first("type = 'email.complained'")} AS complained_at,
    {_first(f"({human}) OR {by_person}")} AS human_at, {_first(soft_proof)} AS proof_at,
    min(at) AS first_at,
    minMapIf([link_id], [at], {content}) AS links_and_times,
    sumIf(attempts, type = 'call.completed') AS call_attempts,
    sumIf(duration_s, type = 'call.completed') AS talk_seconds, min(test) AS test
FROM (
    SELECT k.message_id AS message_id, {_READ},
        toUnixTimestamp64Milli(j.occurred_at) AS at,
        if({_in(HITS)}, toString({verdict}), 'human') AS verdict
    FROM journal_by_message AS j
    INNER JOIN {keys} AS k ON k.message_key = j.message_key
    LEFT JOIN (SELECT event_id, message_key, verdict, turns_at, turns_to FROM judgement FINAL
        WHERE generation = {{generation:UInt32}} AND workspace = {{workspace:String}}
        AND message_key IN (SELECT message_key FROM {keys})) AS v ON v.event_id = j.event_id
    WHERE j.workspace = {{workspace:String}} AND NOT j.test AND {bound}
        AND j.message_key IN (SELECT message_key FROM {keys})
) GROUP BY message_id
""".replace("BLOCK_OF", f"[{ranks}]")


_READ = ", ".join(
    f"j.{name} AS {name}"
    for name in (
        "event_id", "person", "type", "activity_id", "content_version_id", "batch_id", "line",
        "precision", "reason", "final", "link_id", "attempts", "duration_s", "test",
    )
)  # fmt: skip
_NO_ID = "00000000-0000-0000-0000-000000000000"
