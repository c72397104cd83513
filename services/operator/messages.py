"""What the operator's door is asked, and the lines it answers with, one JSON object each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from projections.maintenance import Comparison, Verification
from projections.replay.replays import Caused, Choice, Plan, Portion, Progress, Promotion, Step
from services.backup.manifest import Manifest

PREFIX = "/operator/"
BACKUP = PREFIX + "backup"
VERIFY = PREFIX + "verify"
REPLAY = PREFIX + "replay"
MEDIA_TYPE = "application/x-ndjson"


class BackupOrder(BaseModel):
    """Where a backup shall lie, as a path from the root."""

    model_config = ConfigDict(extra="forbid")

    target: str
    with_key: bool = False


ReplayStep = Literal[
    "plan", "begin", "status", "pause", "resume", "cancel", "retire", "compare", "diff",
    "history", "promote", "rollback", "chosen", "partial",
]  # fmt: skip


class ReplayOrder(BaseModel):
    """A step of a replay; ``number`` is the generation's, where the step is about one.

    ``table``, ``workspace`` and ``row`` name the row whose history is asked for; ``choice`` and
    ``after`` say which events a partial replay is of, and where it goes on.
    """

    model_config = ConfigDict(extra="forbid")

    step: ReplayStep
    number: int = Field(0, ge=0)
    anyway: bool = False
    table: str = Field("", max_length=100)
    workspace: str = Field("", max_length=100)
    row: str = Field("", max_length=1000)
    choice: Choice = Choice()
    after: str = Field("", max_length=100)


class ReplayAnswer(BaseModel):
    """What a step came to: by step, one of these."""

    plan: Plan | None = None
    replays: list[Progress] = []
    compared: list[Comparison] = []
    diff: list[Caused] = []
    history: list[Step] = []
    promotion: Promotion | None = None
    portion: Portion | None = None


class Line(BaseModel):
    """``copied`` tells of progress; every other line is the last."""

    kind: Literal["copied", "manifest", "verified", "replay", "failed"]
    copied: int = 0
    manifest: Manifest | None = None
    verified: Verification | None = None
    replay: ReplayAnswer | None = None
    failed: str = ""
