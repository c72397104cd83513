"""Which entities a page touches: by its events and copies alone, so a redo finds the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from projections.columns.arrow import names_table
from projections.columns.copies import Copy
from projections.entities.messages import DELIVERIES, HITS
from projections.folds.campaigns import ActivityDoc, CampaignDoc
from projections.folds.identity import ClusterDoc
from projections.stores.columns import Columns

EVIDENCE = (
    "form.submitted", "email.replied", "sms.received", "call.completed", "call.missed",
    "call.voicemail_left", "page.viewed",
)  # fmt: skip
_FORMS = ("form.visited", "form.submitted")


@dataclass(slots=True)
class Touched:
    """What one workspace's part of a page touches."""

    workspace: str
    message_keys: set[str] = field(default_factory=set)
    judged_keys: set[str] = field(default_factory=set)
    hits: set[str] = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    goals: set[str] = field(default_factory=set)
    regrouped: set[str] = field(default_factory=set)
    campaigns: set[str] = field(default_factory=set)


def touched_by(
    rows: Sequence[dict[str, object]], copies: Sequence[Copy], goal_types: frozenset[str]
) -> list[Touched]:
    """What journal rows and copies touch, by workspace."""
    found: dict[str, Touched] = {}
    for row in rows:
        workspace = str(row["workspace"])
        _note_row(found.setdefault(workspace, Touched(workspace)), row, goal_types)
    for copy in copies:
        mine = found.setdefault(copy.workspace, Touched(copy.workspace))
        if isinstance(copy.doc, ClusterDoc):
            mine.regrouped.add(copy.doc.subject)
        elif isinstance(copy.doc, CampaignDoc | ActivityDoc):
            mine.campaigns.add(str(copy.doc.campaign_id))
    return [found[workspace] for workspace in sorted(found)]


def _note_row(mine: Touched, row: dict[str, object], goal_types: frozenset[str]) -> None:
    kind, person, key = str(row["type"]), str(row["person"]), str(row["message_key"])
    if key:
        mine.message_keys.add(key)
        if kind in HITS or kind in DELIVERIES or row["provider_ref"]:
            mine.judged_keys.add(key)
    elif kind in HITS:
        mine.hits.add(str(row["event_id"]))
    if kind in EVIDENCE:
        mine.evidence.add(person)
    if kind in _FORMS:
        mine.forms.add(person)
    if kind in goal_types:
        mine.goals.add(person)


Pairs = set[tuple[str, str]]
"""Keys of notices, each with the message it belongs to."""


def message_pairs(columns: Columns, workspace: str, keys: set[str]) -> Pairs:
    """All keys under which notices of the touched messages may lie, each with its message.

    A key is a message's own id, or the provider's id, which a ``*.sent`` ties to the message (R6).
    Of several messages under one provider's id the smallest has it; the others are touched too,
    since they may just have lost it.
    """
    here = {"workspace": workspace}
    refs = [key for key in keys if ":" in key]
    messages = {key for key in keys if ":" not in key}
    if refs:
        messages |= set(
            columns.query(
                "SELECT min(message_id) AS message_id FROM provider_message WHERE workspace = "
                "{workspace:String} AND provider_ref IN (SELECT name FROM $given) "
                "GROUP BY provider_ref",
                here, names_table(name=refs),
            ).column("message_id").to_pylist()
        )  # fmt: skip
    owners: Pairs = set()
    asked: set[str] = set()
    while new := messages - asked:
        asked |= new
        for ref, sharing in _refs_of(columns, here, sorted(new)):
            owners.add((ref, min(sharing)))
            messages |= set(sharing)
    return owners | {(message, message) for message in messages}


def pairs_table(pairs: Pairs) -> pa.Table:
    """The pairs as a table, each once: a query that joins them must not see a notice twice."""
    ordered = sorted(pairs)
    return names_table(
        message_key=[key for key, _ in ordered], message_id=[message for _, message in ordered]
    )


def _refs_of(
    columns: Columns, here: dict[str, str], messages: list[str]
) -> list[tuple[str, list[str]]]:
    """The provider's ids of messages, each with all messages that it was given to."""
    named = columns.query(
        "SELECT provider_ref, groupUniqArray(message_id) AS sharing FROM provider_message "
        "WHERE workspace = {workspace:String} AND provider_ref IN ("
        "SELECT provider_ref FROM journal_by_message WHERE workspace = {workspace:String} "
        "AND message_key IN (SELECT name FROM $given) AND provider_ref != '') "
        "GROUP BY provider_ref",
        here,
        names_table(name=messages),
    ).to_pylist()
    return [(row["provider_ref"], row["sharing"]) for row in named]
