"""Batches of facts as readers see them: an import, or whatever a source sent as one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.fields import Ref, Timestamp
from schemas.views import View


class BatchView(View):
    """A batch: how many of its facts are stored, by type, and when and from whom they came."""

    batch_id: UUID
    facts: dict[str, int]
    producers: list[str]
    first_recorded_at: Timestamp
    last_recorded_at: Timestamp
    is_undone: bool = False


class BatchEffects(View):
    """What had left the house because of a batch: the first of ``count``, and in ``prepared``
    whether messages were prepared for it as an audience.
    """

    refs: Annotated[list[Ref], Field(max_length=1000)]
    count: int
    prepared: bool
