"""What the operator's door is asked, and the lines it answers with, one JSON object each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from projections.maintenance import Comparison
from services.backup.manifest import Manifest

PREFIX = "/operator/"
BACKUP = PREFIX + "backup"
VERIFY = PREFIX + "verify"
MEDIA_TYPE = "application/x-ndjson"


class BackupOrder(BaseModel):
    """Where a backup shall lie, as a path from the root."""

    model_config = ConfigDict(extra="forbid")

    target: str
    with_key: bool = False


class Line(BaseModel):
    """``copied`` tells of progress; every other line is the last."""

    kind: Literal["copied", "manifest", "compared", "failed"]
    copied: int = 0
    manifest: Manifest | None = None
    compared: list[Comparison] = []
    failed: str = ""
