"""Dead letters held in memory, for tests of the API: one of the demo, one of another workspace."""

from __future__ import annotations

from dataclasses import replace

from projections.dead_letters import Letter
from projections.letters import Letters
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import NotFound

NAME = "rows/answerback.facts.v1/1/7"
OURS = Letter("rows", Position(Topic.FACTS, 1, 7), "demo", "e", "x.y.v1", "no", 1000, solved=False)


class SomeLetters(Letters):
    """One of ours, one of others; what is retried is solved."""

    def __init__(self) -> None:
        theirs = replace(OURS, workspace="other", position=Position(Topic.FACTS, 1, 8))
        self.held = {one.name: one for one in (OURS, theirs)}

    def letters(self) -> list[Letter]:
        return [one for one in self.held.values() if not one.solved]

    def letter(self, name: str) -> Letter:
        if name not in self.held:
            raise NotFound("No.")
        return self.held[name]

    def retry(self, name: str) -> Letter:
        self.held[name] = replace(self.letter(name), solved=True)
        return self.held[name]
