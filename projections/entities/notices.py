"""What happened to messages: every event with the message it belongs to and its verdict.

Most events know their message, and lie under its id in ``journal_by_message``. *Strays* know only
the id that the provider gave it, and lie under that. An increment asks for keys of both kinds; a
rebuild goes through ranges of message ids, and finds the strays laid out by their messages.
"""

from __future__ import annotations

VERDICT_NOW = "v.verdict"
VERDICT_AS_OF = (
    "if(empty(v.turns_at), v.verdict, v.turns_to["
    "greatest(1, arrayLastIndex(t -> t <= {as_of:Int64}, v.turns_at))])"
)
JUDGEMENT, FRESH = "judgement AS v FINAL", "judgement AS v"
"""Verdicts as they stand; and those of a generation being made, of which there is one version."""

LOWEST, HIGHEST = "", "\U0010ffff"
"""Bounds that take in every key."""

_FIELDS = (
    "event_id", "person", "type", "activity_id", "content_version_id", "batch_id", "line",
    "precision", "reason", "final", "link_id", "attempts", "duration_s",
)  # fmt: skip
NOTICE_COLUMNS = ("message_id", *_FIELDS, "at")
_READ = ", ".join(f"j.{name} AS {name}" for name in _FIELDS) + (
    ", toUnixTimestamp64Milli(j.occurred_at) AS at"
)
_RANGE = "message_key >= {low:String} AND message_key < {high:String}"
_HERE = "workspace = {workspace:String}"
_LAID_OUT = (
    f"stray WHERE generation = {{generation:UInt32}} AND {_HERE} "
    "AND message_id >= {low:String} AND message_id < {high:String}"
)

PERSONS_GIVEN = (
    "subject IN (SELECT person FROM journal_by_message WHERE workspace = {workspace:String} "
    "AND message_key IN (SELECT message_key FROM $given))"
)
"""A condition on ``subject``: the persons of the events of the messages that are given."""


def notices_given() -> str:
    """The events of the messages that are given, with all keys they may lie under."""
    found = f"""
SELECT k.message_id AS message_id, {_READ} FROM journal_by_message AS j
INNER JOIN (SELECT message_key, message_id FROM $given) AS k ON k.message_key = j.message_key
WHERE {_HERE} AND NOT test AND j.message_key IN (SELECT message_key FROM $given)"""
    return _judged(found, _verdicts("message_key IN (SELECT message_key FROM $given)"))


def notices_as_of(bound: str) -> str:
    """The events of all messages up to a moment, with the verdicts that stood by then."""
    found = f"{_own(bound)} UNION ALL SELECT * FROM ({_astray(bound)})"
    return _judged(found, _verdicts(_RANGE, "v.turns_at, v.turns_to"), VERDICT_AS_OF)


# A rebuild lays strays out by their messages first, so that each range of messages finds its own


def strays_of_range() -> str:
    """The strays whose provider's ids lie between ``low`` and ``high``, with their messages."""
    judged = _judged(
        _astray("1"), _verdicts(f"{_RANGE} AND position(message_key, ':') > 0", table=FRESH)
    )
    whose = "{generation:UInt32} AS generation, {workspace:String} AS workspace"
    return f"SELECT {whose}, * FROM ({judged})"


def notices_of_range() -> str:
    """The events of the messages between ``low`` and ``high``, and of the strays what is theirs.

    They are put together before verdicts are joined: done after, it took twice the time.
    """
    found = f"{_own('1')} UNION ALL SELECT {', '.join(NOTICE_COLUMNS)} FROM {_LAID_OUT}"
    told = f"SELECT event_id, verdict FROM {_LAID_OUT}"
    return _judged(found, f"{_verdicts(_RANGE, table=FRESH)} UNION ALL {told}")


def _own(bound: str) -> str:
    """Events that know their message, which is their key."""
    return f"""
SELECT j.message_key AS message_id, {_READ} FROM journal_by_message AS j
WHERE {_HERE} AND NOT test AND {bound} AND j.message_id != '' AND {_RANGE}"""


def _astray(bound: str) -> str:
    """Strays with their messages: of several under one provider's id the smallest (R6)."""
    keys = _RANGE.replace("message_key", "provider_ref")
    astray = f"{_HERE} AND NOT test AND {bound} AND j.message_id = '' AND {_RANGE}"
    return f"""
SELECT o.owner AS message_id, {_READ} FROM journal_by_message AS j
INNER JOIN (
    SELECT provider_ref, min(message_id) AS owner FROM provider_message WHERE {_HERE} AND {keys}
        AND provider_ref IN (SELECT message_key FROM journal_by_message AS j WHERE {astray})
    GROUP BY provider_ref
) AS o ON o.provider_ref = j.message_key WHERE {astray}"""


def _verdicts(keys: str, more: str = "", table: str = JUDGEMENT) -> str:
    """The verdicts of events under some keys."""
    columns = ", ".join(filter(None, ("event_id", "verdict", more)))
    return f"""
SELECT {columns} FROM {table}
    WHERE generation = {{generation:UInt32}} AND {_HERE} AND {keys}"""


def _judged(found: str, verdicts: str, verdict: str = VERDICT_NOW) -> str:
    """Events beside their verdicts."""
    return f"""
SELECT e.*, {verdict} AS verdict FROM ({found}) AS e
LEFT JOIN ({verdicts}) AS v ON v.event_id = e.event_id"""
