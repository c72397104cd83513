"""One row per message: what became of it, ranked so that the order of notices does not matter.

Hard bounce > final soft or block bounce > rejected without delivery > delivered > waiting. A human
hit proves delivery against any bounce, another hit against a rejection or loss; evidence of
acceptance beats an exclusion (R23, section 7). A push message is delivered unless its failure is
told. Times are instants in milliseconds, 0 for never.
"""

from __future__ import annotations

from projections.entities.kinds import bits_of, happened
from projections.stores.tables import latest_copy
from schemas.decisions.activity import BLOCK_REASONS

HITS = (
    "email.opened", "push.opened", "email.clicked", "sms.clicked", "push.clicked", "page.viewed",
    "link.clicked", "form.visited", "form.submitted", "asset.downloaded",
)  # fmt: skip
DELIVERIES = ("email.delivered", "sms.delivered")


def clusters_sql(persons: str = "1") -> str:
    """A subquery: the cluster that each subject belongs to at last.

    ``persons`` is a condition on ``subject`` that bounds whose clusters are read.
    """
    found = latest_copy("cluster", persons)
    return f"(SELECT subject, argMax(cluster, since) AS cluster FROM {found} GROUP BY subject)"


def messages_sql(notices: str, clusters: str) -> str:
    """The rows of messages, from a text of their notices.

    ``clusters`` is a table or subquery with the cluster of each of their persons.
    """
    return f"""
SELECT {{generation:UInt32}} AS generation, {{workspace:String}} AS workspace, message_id, person,
    if(c.cluster = '', person, c.cluster) AS cluster, activity_id, content_version_id,
    arraySort(arrayMap(id -> toString(id), batch_ids)) AS batches, line, {_STATE} AS state,
    multiIf(state != 'blocked', '', rejected_at > 0 AND (accepted_at > 0
    OR blocked_for IN ('', 'no_outcome')), 'provider_rejected', blocked_for) AS reason,
    if(accepted_at = 0, '', toString(known_to)) AS precision,
    {_TIMES}, arraySort(content_clicks) AS all_clicks,
    arrayFilter((click, place) -> place = 1, all_clicks,
        arrayEnumerateUniq(tupleElement(all_clicks, 1))) AS first_clicks,
    tupleElement(first_clicks, 1) AS links, tupleElement(first_clicks, 2) AS links_at,
    call_attempts, talk_seconds, test, {{version:UInt64}} AS version, false AS deleted
FROM ({_grouped(notices)}) AS m
ANY LEFT JOIN {clusters} AS c ON c.subject = m.person
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


def _first(*happenings: str) -> str:
    return f"minIf(at, {happened(*happenings)})"


_STOPS = ("stopped", "stop_text")
_BY_PERSON = ("replied", "complained", *_STOPS)
_PROOF = ("proof_hit", "autoresponded")
_NOTICED = ("sent", "lost", "delivered", "bounced", "other_notices", *_BY_PERSON, *_PROOF)


def _grouped(notices: str) -> str:
    ranks = ", ".join(repr(reason) for reason in BLOCK_REASONS)
    numbers = ", ".join(str(number) for number in range(1, len(BLOCK_REASONS) + 1))
    named, completed = happened("named"), happened("completed")
    excluded, content = happened("excluded"), happened("content_click")
    return f"""
SELECT message_id, argMin(person, if({named}, order, {_LATER})) AS person,
    argMinIf(activity_id, order, activity_id != '') AS activity_id,
    argMinIf(content_version_id, order, content_version_id != '') AS content_version_id,
    groupUniqArrayIf(batch_id, batch_id != toUUID('{_NO_ID}')) AS batch_ids,
    argMinIf(line, if({completed}, order, {_LATER}), line != '') AS line,
    argMinIf(precision, if({completed}, order, {_LATER}), {happened(*_NOTICED)}) AS known_to,
    if(countIf({excluded}) = 0, '', [{ranks}][minIf(
        transform(reason, [{ranks}], [{numbers}], 0), {excluded})]) AS blocked_for,
    {_first("prepared")} AS prepared_at, {_first("sent")} AS sent_at,
    {_first(*_NOTICED)} AS accepted_at, {_first("delivered")} AS delivered_at,
    {_first("completed")} AS completed_at, {_first("pushed")} AS pushed_at,
    {_first("hard")} AS hard_at, {_first("soft")} AS soft_at, {_first("lost")} AS lost_at,
    {_first("rejected")} AS rejected_at, {_first("excluded")} AS excluded_at,
    {_first("opened_any")} AS opened_any_at, {_first("opened")} AS opened_at,
    {_first("unmeasurable")} AS unmeasurable_at, {_first("content_click")} AS clicked_at,
    {_first("replied")} AS replied_at, {_first(*_STOPS)} AS unsubscribed_at,
    {_first("complained")} AS complained_at, {_first("human_hit", *_BY_PERSON)} AS human_at,
    {_first(*_PROOF)} AS proof_at,
    min(at) AS first_at, groupArrayIf((link_id, at), {content}) AS content_clicks,
    sumIf(attempts, {completed}) AS call_attempts,
    sumIf(duration_s, {completed}) AS talk_seconds, false AS test
FROM (SELECT * EXCEPT (type, event_id, verdict, final), {_BITS} AS bits, {_ORDER} AS order
    FROM ({notices})) GROUP BY message_id
"""


_BITS = bits_of("type", "toInt8(verdict)", "reason", "final")
_NO_ID = "00000000-0000-0000-0000-000000000000"
# Time and id as one number: with tuples the engine compares value by value, at half the speed.
_ORDER = f"toUInt256(at) * toUInt256('{2**128}') + reinterpretAsUInt128(event_id)"
_LATER = f"order + toUInt256('{2**240}')"
