"""One row per message: what became of it, ranked so that the order of notices does not matter.

Hard bounce > final soft or block bounce > rejected without delivery > delivered > waiting. A human
hit proves delivery against any bounce, another hit against a rejection or loss; evidence of
acceptance beats an exclusion (R23, section 7). A push message is delivered unless its failure is
told. Times are instants in milliseconds, 0 for never.
"""

from __future__ import annotations

from functools import cache

from projections.stores.tables import latest_copy
from schemas.catalogue import load_all
from schemas.decisions.activity import BLOCK_REASONS

HITS = (
    "email.opened", "push.opened", "email.clicked", "sms.clicked", "push.clicked", "page.viewed",
    "link.clicked", "form.visited", "form.submitted", "asset.downloaded",
)  # fmt: skip
DELIVERIES = ("email.delivered", "sms.delivered")

KEYS_GIVEN = "(SELECT message_key, message_id FROM $given)"
"""The entities of an increment: every key that notices of a touched message may lie under."""

KEYS_ALL = (
    "(SELECT message_key, owner AS message_id FROM (SELECT provider_ref AS message_key, "
    "min(message_id) AS owner FROM provider_message WHERE workspace = {workspace:String} "
    "GROUP BY provider_ref) WHERE owner >= {low:String} AND owner < {high:String})"
)
"""The entities of a rebuild: all messages between two ids. Their own keys need no look-up."""

LOWEST, HIGHEST = "", "~"
"""Bounds that take in every message."""

VERDICT_NOW = "v.verdict"
VERDICT_AS_OF = (
    "if(empty(v.turns_at), v.verdict, v.turns_to["
    "greatest(1, arrayLastIndex(t -> t <= {as_of:Int64}, v.turns_at))])"
)


def messages_sql(keys: str, verdict: str = VERDICT_NOW, bound: str = "1") -> str:
    """The rows of messages. Parameters: workspace, generation, version, and those of the bounds."""
    given = (
        "subject IN (SELECT person FROM journal_by_message WHERE workspace = {workspace:String} "
        f"AND message_key IN (SELECT message_key FROM {keys}))"
    )
    clusters = latest_copy("cluster", given if keys == KEYS_GIVEN else "1")
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
FROM ({_grouped(keys, verdict, bound)}) AS m
LEFT JOIN (SELECT subject, argMax(cluster, since) AS cluster FROM {clusters}
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
_LOST = ("sms.failed", "push.failed", "call.missed", "call.failed", "call.voicemail_left")
_GROUPS: dict[str, tuple[str, ...]] = {
    "sent": _SENT,
    "opens": _OPENS,
    "clicks": _CLICKS,
    "lost": _LOST,
    "delivered": ("email.delivered", "sms.delivered", "sms.read", "email.delivery_assumed",
                  "call.completed"),
    "other_notices": ("email.deferred", "call.answered"),
    "bounced": ("email.bounced",),
    "replies": ("email.replied", "sms.received"),
    "stops": ("email.unsubscribed", "consent.withdrawn"),
    "texts": ("sms.received",),
    "complained": ("email.complained",),
    "autoresponded": ("email.autoresponded",),
    "rejected": ("email.rejected",),
    "excluded": ("recipient.excluded",),
    "prepared": ("message.prepared",),
    "completed": ("call.completed",),
    "pushed": ("push.sent",),
}  # fmt: skip
_HUMAN, _MACHINE, _PROXY, _UNKNOWN = 1, 2, 3, 4  # as the column store numbers verdicts


@cache
def _kinds() -> dict[str, int]:
    """The groups of each type as a number of bits: a type is looked at once, then bits are asked.

    Comparing texts in each of 30 conditions took a third of a rebuild's time.
    """
    found: dict[str, int] = {}
    names = sorted({entry.name for entry in load_all()})
    for place, types in enumerate((*_GROUPS.values(), tuple(filter(_names_its_person, names)))):
        for name in types:
            found[name] = found.get(name, 0) | 1 << place
    return found


def _names_its_person(name: str) -> bool:
    """Whether an event of this type is keyed by the person that the message was for."""
    told = name in ("message.prepared", "recipient.excluded")
    return told or name.startswith("call.") or name.endswith(".sent")


def _in(*groups: str) -> str:
    order = (*_GROUPS, "named")
    return f"bitAnd(kind, {sum(1 << order.index(group) for group in groups)}) != 0"


def _first(condition: str) -> str:
    return f"minIf(at, {condition})"


def _grouped(keys: str, verdict: str, bound: str) -> str:
    human = f"{_in('opens', 'clicks')} AND verdict = {_HUMAN}"
    reply = f"({_in('replies')} AND reason NOT IN ('stop', 'start', 'help'))"
    stop = f"({_in('stops')} OR {_in('texts')} AND reason = 'stop')"
    by_person = f"({reply} OR {_in('complained')} OR {stop})"
    soft_proof = (f"({_in('opens', 'clicks')} AND verdict IN ({_HUMAN}, {_PROXY}, {_UNKNOWN}) "
                  f"OR {_in('autoresponded')})")  # fmt: skip
    hard = f"{_in('bounced')} AND reason = 'hard'"
    soft = f"{_in('bounced')} AND reason != 'hard' AND final"
    noticed = (f"({_in('sent', 'lost', 'delivered', 'bounced', 'other_notices')} "
               f"OR {by_person} OR {soft_proof})")  # fmt: skip
    ranks = ", ".join(repr(reason) for reason in BLOCK_REASONS)
    numbers = ", ".join(str(number) for number in range(1, len(BLOCK_REASONS) + 1))
    content = f"{_in('clicks')} AND reason = 'content' AND verdict = {_HUMAN}"
    return f"""
SELECT message_id, argMin(person, if({_in("named")}, order, {_LATER})) AS person,
    argMinIf(activity_id, order, activity_id != '') AS activity_id,
    argMinIf(content_version_id, order, content_version_id != '') AS content_version_id,
    groupUniqArrayIf(batch_id, batch_id != toUUID('{_NO_ID}')) AS batch_ids,
    argMinIf(line, if({_in("completed")}, order, {_LATER}), line != '') AS line,
    argMinIf(precision, if({_in("completed")}, order, {_LATER}), {noticed}) AS known_to,
    if(countIf({_in("excluded")}) = 0, '', [{ranks}][minIf(
        transform(reason, [{ranks}], [{numbers}], 0), {_in("excluded")})]) AS blocked_for,
    {_first(_in("prepared"))} AS prepared_at, {_first(_in("sent"))} AS sent_at,
    {_first(noticed)} AS accepted_at, {_first(_in("delivered"))} AS delivered_at,
    {_first(_in("completed"))} AS completed_at, {_first(_in("pushed"))} AS pushed_at,
    {_first(hard)} AS hard_at, {_first(soft)} AS soft_at, {_first(_in("lost"))} AS lost_at,
    {_first(_in("rejected"))} AS rejected_at, {_first(_in("excluded"))} AS excluded_at,
    {_first(_in("opens"))} AS opened_any_at,
    {_first(f"{_in('opens')} AND verdict = {_HUMAN}")} AS opened_at,
    {_first(f"{_in('opens')} AND verdict IN ({_PROXY}, {_UNKNOWN})")} AS unmeasurable_at,
    {_first(content)} AS clicked_at, {_first(reply)} AS replied_at,
    {_first(stop)} AS unsubscribed_at, {_first(_in("complained"))} AS complained_at,
    {_first(f"({human}) OR {by_person}")} AS human_at, {_first(soft_proof)} AS proof_at,
    min(at) AS first_at, groupArrayIf((link_id, at), {content}) AS content_clicks,
    sumIf(attempts, {_in("completed")}) AS call_attempts,
    sumIf(duration_s, {_in("completed")}) AS talk_seconds, min(test) AS test
FROM ({_notices(keys, verdict, bound)}) GROUP BY message_id
"""


def _notices(keys: str, verdict: str, bound: str) -> str:
    """What happened to the messages, each event with its message, groups, order and verdict."""
    names = ", ".join(f"'{name}'" for name in _kinds())
    bits = ", ".join(str(number) for number in _kinds().values())
    turns = ", turns_at, turns_to" if "turns" in verdict else ""
    # Ranges follow the sort order of both tables, so that a bucket reads its own part alone.
    share = "message_key >= {low:String} AND message_key < {high:String}"
    judged = (
        f"message_key IN (SELECT message_key FROM {keys})" if keys == KEYS_GIVEN
        else f"(({share}) OR position(message_key, ':') > 0)"
    )  # fmt: skip
    return f"""
SELECT e.* EXCEPT (type, event_id), transform(type, [{names}], [{bits}], 0) AS kind,
    {_ORDER} AS order, toInt8({verdict}) AS verdict
FROM ({_found(keys, bound, share)}) AS e
LEFT JOIN (SELECT event_id, verdict{turns} FROM judgement FINAL
    WHERE generation = {{generation:UInt32}} AND workspace = {{workspace:String}} AND {judged}
) AS v ON v.event_id = e.event_id"""


def _found(keys: str, bound: str, share: str) -> str:
    """The events of the messages, by the keys given; of a range also by the messages' own."""
    where = f"workspace = {{workspace:String}} AND NOT test AND {bound}"
    by_key = f"""
SELECT k.message_id AS message_id, {_READ} FROM journal_by_message AS j
INNER JOIN {keys} AS k ON k.message_key = j.message_key WHERE {where}"""
    if keys == KEYS_GIVEN:
        return f"{by_key} AND j.message_key IN (SELECT message_key FROM {keys})"
    own = f"SELECT j.message_key AS message_id, {_READ} FROM journal_by_message AS j WHERE {where}"
    return (
        f"{own} AND j.message_id != '' AND j.{share.replace('AND ', 'AND j.')} "
        f"UNION ALL {by_key} AND j.message_id = ''"
    )


_READ = ", ".join(
    f"j.{name} AS {name}"
    for name in (
        "event_id", "person", "type", "activity_id", "content_version_id", "batch_id", "line",
        "precision", "reason", "final", "link_id", "attempts", "duration_s", "test",
    )
) + ", toUnixTimestamp64Milli(j.occurred_at) AS at"  # fmt: skip
_NO_ID = "00000000-0000-0000-0000-000000000000"
# Time and id as one number: with tuples the engine compares value by value, at half the speed.
_ORDER = f"toUInt256(at) * toUInt256('{2**128}') + reinterpretAsUInt128(event_id)"
_LATER = f"order + toUInt256('{2**240}')"
