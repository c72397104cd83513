"""Generations as a test wants them; no step of theirs is reached over HTTP."""

from __future__ import annotations

from typing import cast

from projections.replay.generation import Generation, Stage, State
from projections.replay.replays import Progress, Replays

LIVE = Generation(1, State.LIVE, Stage.FOLLOWING, {"responses": 1}, begun_at=1000, trouble="Ann")


def _refused(self: Replays, *_arguments: object) -> None:
    raise AssertionError("Nobody takes a step of a replay over HTTP.")


def some_replays() -> Replays:
    """One generation, which is live."""
    methods = dict.fromkeys(Replays.__abstractmethods__, _refused)
    told = [Progress(LIVE, done=3, total=4, waits=False, mixed=[])]
    listing = {"replays": lambda _self: told}
    return cast("Replays", type("SomeReplays", (Replays,), {**methods, **listing})())
