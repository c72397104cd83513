"""CloudEvents as they are sent to ``POST /v1/events``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

BATCH_TYPE = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """One fact. ``id`` is chosen by the sender, so that sending it again is only a duplicate."""

    id: str
    source: str
    type: str
    time: str | None
    data: dict[str, Any]
    subject: str | None = None
    precision: str | None = None
    batch: UUID | None = None
    campaign: UUID | None = None

    def wire(self) -> dict[str, Any]:
        """The JSON form; attributes that are not set are left out."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "data": self.data,
        }
        if self.time is not None:
            event["time"] = self.time
        if self.subject is not None:
            event["subject"] = self.subject
        if self.precision is not None:
            event["precision"] = self.precision
        if self.batch is not None:
            event["batchid"] = str(self.batch)
        if self.campaign is not None:
            event["campaignid"] = str(self.campaign)
        return event


def batch_body(events: Iterable[CloudEvent]) -> bytes:
    """The body of one request with many events."""
    return orjson.dumps([event.wire() for event in events])
