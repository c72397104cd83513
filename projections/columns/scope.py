"""What a page's touched things lead to: found once, for its verdicts and for its entities."""

from __future__ import annotations

from dataclasses import dataclass

from projections.columns.arrow import names_table
from projections.columns.pairs import Pairs, message_pairs
from projections.columns.people import People
from projections.columns.touched import Hits, Touched
from projections.entities.messages import HITS
from projections.judgements.judge import WEAK
from projections.stores.columns import Columns

_WEAK = (
    "SELECT toString(event_id) AS event_id, message_key, person FROM judgement FINAL "
    "WHERE generation = {generation:UInt32} AND workspace = {workspace:String} "
    f"AND has(flags, '{WEAK}') AND (message_key, event_id) IN ("
    "SELECT message_key, event_id FROM journal_by_person WHERE workspace = {workspace:String} "
    f"AND person IN (SELECT name FROM $given) AND type IN ({', '.join(map(repr, HITS))}))"
)
_MESSAGES = (
    "SELECT message_id FROM message_row FINAL "
    "WHERE generation = {generation:UInt32} AND workspace = {workspace:String} "
    "AND (cluster IN (SELECT name FROM $given) OR person IN (SELECT name FROM $given))"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What of one workspace a step computes anew.

    It follows from the page and from weak hits, which stay weak when their verdict turns: so a step
    that is done again finds the same.
    """

    workspace: str
    people: People
    pairs: Pairs
    hits: Hits
    form_clusters: set[str]
    goal_clusters: set[str]
    campaigns: set[str]
    is_undone: bool


@dataclass(frozen=True, slots=True)
class _Weak:
    """Hits whose verdict signs of a person may turn: by message, and those without one."""

    keys: set[str]
    hits: Hits


def scope_of(touched: Touched, columns: Columns, generation: int) -> Scope:
    """Where everything that was touched leads to, in one generation."""
    people = People(columns, touched.workspace, generation)
    # All who are asked for below, at once: each question costs as much as a thousand answers.
    people.members(people.clusters(
        touched.persons | touched.regrouped | touched.evidence | touched.forms | touched.goals
    ))  # fmt: skip
    regrouped = people.clusters(touched.regrouped)
    here: dict[str, str | int] = {"workspace": touched.workspace, "generation": generation}
    weak = _weak(columns, here, people, touched)
    keys = touched.message_keys | weak.keys | _messages_of(columns, here, regrouped)
    return Scope(
        workspace=touched.workspace,
        people=people,
        pairs=message_pairs(columns, touched.workspace, keys),
        hits=touched.hits | weak.hits,
        form_clusters=people.clusters(touched.forms | {p for p, _ in weak.hits}) | regrouped,
        goal_clusters=people.clusters(touched.goals) | regrouped,
        campaigns=touched.campaigns,
        is_undone=touched.is_undone,
    )


def _weak(
    columns: Columns, here: dict[str, str | int], people: People, touched: Touched
) -> _Weak:  # fmt: skip
    """The weak hits of those who gave signs of a person in this page, or belong elsewhere now."""
    subjects = touched.evidence | touched.regrouped
    if not subjects:
        return _Weak(set(), set())
    members = people.members(people.clusters(subjects))
    rows = columns.query(_WEAK, here, names_table(name=sorted(members))).to_pylist()
    return _Weak(
        {row["message_key"] for row in rows if row["message_key"]},
        {(row["person"], row["event_id"]) for row in rows if not row["message_key"]},
    )


def _messages_of(columns: Columns, here: dict[str, str | int], clusters: set[str]) -> set[str]:
    """The messages of whoever belongs, or belonged, to the clusters."""
    if not clusters:
        return set()
    found = columns.query(_MESSAGES, here, names_table(name=sorted(clusters)))
    return set(found.column("message_id").to_pylist())
