"""A hit on a tracking address as a record: no model is built, since we alone make its content."""

from __future__ import annotations

from typing import Any

import orjson

from events.codec import hit_head
from events.keys import key_of
from events.log import Record
from schemas.catalogue import EventType, Topic
from schemas.clock import Clock, RandomBytes, RandomIds
from services.collector.privacy import flags_of
from services.collector.rings import Genuine
from services.http import Headers

EXPIRED = "expired"


class HitRecords:
    """Makes records of hits under a random id, drawn once, before the append."""

    def __init__(self, clock: Clock, random: RandomBytes, producer: str) -> None:
        self._clock = clock
        self._new_id = RandomIds(random)
        self._producer = producer

    def make(
        self, kind: EventType, genuine: Genuine, headers: Headers, data: dict[str, Any]
    ) -> Record:
        """The record of one hit of the token's recipient."""
        now = self._clock()
        flags = flags_of(headers)
        if now > genuine.token.expiry * 1000:
            flags = (*flags, EXPIRED)
        return Record(
            Topic.FACTS,
            key_of(genuine.workspace, genuine.token.recipient),
            self._new_id(),
            kind.wire,
            hit_head(genuine.workspace, self._producer, now, flags),
            orjson.dumps(data),
            digest=b"",
            fresh=True,
        )
