"""Which entities a page touches: by its events and copies alone, so a redo finds the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from projections.columns.copies import Copy
from projections.entities.forms import FORMS
from projections.entities.messages import HITS
from projections.folds.campaigns import ActivityDoc, CampaignDoc
from projections.folds.identity import ClusterDoc

EVIDENCE = (
    "form.submitted", "email.replied", "sms.received", "call.completed", "call.missed",
    "call.voicemail_left", "page.viewed",
)  # fmt: skip

Hits = set[tuple[str, str]]
"""Hits that belong to no message: whose they are, and the events."""


@dataclass(slots=True)
class Touched:
    """What one workspace's part of a page touches."""

    workspace: str
    persons: set[str] = field(default_factory=set)
    message_keys: set[str] = field(default_factory=set)
    hits: Hits = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    goals: set[str] = field(default_factory=set)
    regrouped: set[str] = field(default_factory=set)
    campaigns: set[str] = field(default_factory=set)
    is_undone: bool = False
    """Touched by facts that count no more: messages that only those told of are gone."""


def touched_by(
    rows: Sequence[Mapping[str, object]],
    copies: Sequence[Copy],
    goal_types: Callable[[str], frozenset[str]],
) -> list[Touched]:
    """What journal rows and copies touch, by workspace; ``goal_types`` says what goals read."""
    found: dict[str, Touched] = {}
    types: dict[str, frozenset[str]] = {}
    for row in rows:
        workspace = str(row["workspace"])
        if workspace not in types:
            types[workspace] = goal_types(workspace)
        _note_row(found.setdefault(workspace, Touched(workspace)), row, types[workspace])
    for copy in copies:
        mine = found.setdefault(copy.workspace, Touched(copy.workspace))
        if isinstance(copy.doc, ClusterDoc):
            mine.regrouped.add(copy.doc.subject)
        elif isinstance(copy.doc, CampaignDoc | ActivityDoc):
            mine.campaigns.add(str(copy.doc.campaign_id))
    return [found[workspace] for workspace in sorted(found)]


def _note_row(mine: Touched, row: Mapping[str, object], goal_types: frozenset[str]) -> None:
    kind, person, key = str(row["type"]), str(row["person"]), str(row["message_key"])
    if key:
        mine.persons.add(person)
        mine.message_keys.add(key)
    elif kind in HITS:
        mine.hits.add((person, str(row["event_id"])))
    if kind in EVIDENCE:
        mine.evidence.add(person)
    if kind in FORMS:
        mine.forms.add(person)
    if kind in goal_types:
        mine.goals.add(person)
