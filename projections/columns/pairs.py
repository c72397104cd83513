"""Under which keys of the journal the notices of messages lie."""

from __future__ import annotations

import pyarrow as pa

from projections.columns.arrow import names_table
from projections.stores.columns import Columns

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
