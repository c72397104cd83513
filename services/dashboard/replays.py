"""Replays as a table: which generation readers see, and how far others are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from projections.replay.generation import State
from projections.replay.replays import Progress
from schemas.instants import Instant, to_datetime
from services.dashboard import words
from services.dashboard.markup import Markup, tag

_SAID = {
    State.BUILDING: "being built",
    State.PAUSED: "paused",
    State.READY: "ready to be promoted",
    State.LIVE: "live: what everybody sees",
    State.KEPT: "live before, kept for going back",
    State.FAILED: "failed",
    State.GONE: "dropped",
}


def listing(found: Sequence[Progress], zone: tzinfo) -> Markup:
    """Generations that are there, the newest first."""
    present = [one for one in reversed(found) if one.generation.state is not State.GONE]
    heads = [tag("th", h, scope="col") for h in ("Generation", "State", "Events", "Begun")]
    return tag(
        "table",
        tag("caption", "Generations", class_="unseen"),
        tag("thead", tag("tr", heads)),
        tag("tbody", [_row(one, zone) for one in present]),
        class_="stack",
    )


def _row(one: Progress, zone: tzinfo) -> Markup:
    made = one.generation
    return tag(
        "tr",
        tag("th", str(made.number), scope="row"),
        tag("td", _state(one), data_label="State"),
        tag("td", tag("progress", value=one.done, max=max(one.total, 1),
                      aria_label=f"Generation {made.number}"),
            f" {one.done:,} of {one.total:,}", data_label="Events"),
        tag("td", words.moment(to_datetime(Instant(made.begun_at)), "s", zone), data_label="Begun"),
    )  # fmt: skip


def _state(one: Progress) -> str:
    said = _SAID[one.generation.state]
    if one.waits:
        said += ", waits for what everybody sees"
    if one.mixed:
        said += f"; goes on by other versions of {', '.join(one.mixed)}"
    if one.generation.unapplied:
        said += f"; {one.generation.unapplied:,} events not applied"
    return said
