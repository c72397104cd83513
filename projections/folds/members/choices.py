"""What a survivor's fields are: its own values, and those that merges chose from other records.

A value that was chosen stands from the merge on, until the record itself is told another one, or
the merge is undone: then the record has its own again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.folds.kin import Kin, Merge
from projections.rules.history import History, Said

_EVER = 2**62
Choice = tuple[Merge, Merge | None, Any]
"""The merge, what undid it, and the value."""


def chosen(kin: Kin, alone: Mapping[str, History]) -> Mapping[str, tuple[Said, ...]]:
    """The fields of a record, from what each of its kin says by itself."""
    choices: dict[str, list[Choice]] = {}
    for name, merge, undone in kin.absorbed():
        for path, record in merge.choices.items():
            if record == name and name in alone:
                value = alone[name].values(path).at(merge.at)
                choices.setdefault(path, []).append((merge, undone, value))
    said = alone[kin.record].said
    return {**said, **{path: _told(said.get(path, ()), some) for path, some in choices.items()}}


def _told(own: Sequence[Said], choices: Sequence[Choice]) -> tuple[Said, ...]:
    """The values of one field over time: of all that stand at an instant the newest counts."""
    stands = [(one.at, _EVER, one.value) for one in own]
    stands += [
        (m.at, _EVER if undone is None else undone.at, value) for m, undone, value in choices
    ]
    told = {one.at: one.event for one in own}
    told |= {one.at: one.event for merge, undone, _ in choices for one in (merge, undone) if one}
    found: list[Said] = []
    for at, event in sorted(told.items()):
        then = [one for one in stands if one[0] <= at < one[1]]
        newest = max(then, key=lambda one: one[0], default=None)
        found.append(Said(at, None if newest is None else newest[2], event))
    return tuple(found)
