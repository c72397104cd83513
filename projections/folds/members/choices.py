"""What a survivor's fields are: its own values, and those that merges chose from other records.

A value that was chosen stands from the merge on, until the record itself is told another one, or
the merge is undone: then the record has its own again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from projections.folds.kin import Kin, Merge
from projections.rules.history import History, Said
from schemas.calendar import NEVER

Fields = Mapping[str, tuple[Said, ...]]
Choice = tuple[Merge, Merge | None, Any]
"""The merge, what undid it, and the value."""


def chosen(kin: Kin, alone: Mapping[str, History], path: tuple[str, ...] = ()) -> Fields:
    """The fields of a record, from what each of its kin says by itself.

    What was chosen from a record is what it had by then, its own choices included; ``path`` are
    those that ask, since two records may have been merged into each other, one after the other.
    """
    said = alone[kin.record].said
    further = (*path, kin.record)
    choices: dict[str, list[Choice]] = {}
    for name, merge, undone in kin.absorbed():
        if name not in alone or name in further:
            continue
        theirs = chosen(kin.seen_from(name), alone, further) if merge.choices else {}
        for field, record in merge.choices.items():
            if record == name:
                for inner in _within(field, {*said, *theirs}):
                    value = _value_at(theirs.get(inner, ()), merge.at)
                    choices.setdefault(inner, []).append((merge, undone, value))
    told = {inner: _told(said.get(inner, ()), some) for inner, some in choices.items()}
    return {**said, **told}


def _within(field: str, fields: Iterable[str]) -> list[str]:
    """A field, and those in it: an object is chosen with all that it holds."""
    return sorted({field, *(one for one in fields if one.startswith(f"{field}."))})


def _value_at(said: Sequence[Said], at: int) -> Any:
    then = [one.value for one in said if one.at <= at]
    return then[-1] if then else None


def _told(own: Sequence[Said], choices: Sequence[Choice]) -> tuple[Said, ...]:
    """The values of one field over time: of all that stand at an instant the newest counts.

    Of one instant the last that was said counts, and before it what was chosen.
    """
    stands = [(one.at, NEVER, one.value, one.event) for one in own]
    stands += [
        (merge.at, NEVER if undone is None else undone.at, value, merge.event)
        for merge, undone, value in choices
    ]
    undoing = {undone.at: undone.event for _, undone, _ in choices if undone is not None}
    found: list[Said] = []
    for at in sorted({*undoing, *(one[0] for one in stands)}):
        then = [(one[0], index) for index, one in enumerate(stands) if one[0] <= at < one[1]]
        if not then:
            found.append(Said(at, None, undoing[at]))
            continue
        since, _, value, event = stands[max(then)[1]]
        found.append(Said(at, value, event if since == at else undoing[at]))
    return tuple(found)
