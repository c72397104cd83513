"""Raw bodies at the doors: what came is kept, sealed, where the fact does not hold all of it.

Kept: submissions of forms, whose fact has the fields alone, without body and headers. Not kept:
CloudEvents, whose fact has the whole content; pixels and clicks, which have no body.
"""

from __future__ import annotations

import base64
import logging
from uuid import UUID

import orjson
from pydantic import BaseModel

from schemas.errors import AnswerbackError
from services.http import Headers
from services.metrics import RAW_LOST
from services.parts import Parts

_SECRET = frozenset((b"authorization", b"cookie", b"proxy-authorization"))
log = logging.getLogger(__name__)


class RawBody(BaseModel):
    """A request as it came; ``body`` in Base64."""

    content_type: str
    headers: dict[str, str]
    body: str


def keep_raw(parts: Parts, key: str, event_id: UUID, headers: Headers, body: bytes) -> None:
    """Keep a request before its fact, keyed ``key``, is appended. Blocks; call it from a thread.

    What cannot be kept is counted, and never a reason to refuse the fact.
    """
    if not parts.settings.raw_retention_days:
        return
    workspace, _, subject = key.partition(":")
    shown = {
        n.decode("latin-1"): v.decode("latin-1") for n, v in headers.items() if n not in _SECRET
    }
    document = RawBody(
        content_type=shown.get("content-type", ""),
        headers=shown,
        body=base64.b64encode(body).decode(),
    )
    try:
        content = orjson.dumps(document.model_dump())
        sealed = parts.sealer.seal_bytes(workspace, subject, event_id, content)
        parts.raw.put(workspace, event_id, sealed)
    except AnswerbackError as error:
        RAW_LOST.inc()
        log.warning("A raw body is not kept: %s", error)


def read_raw(parts: Parts, workspace: str, event_id: UUID) -> RawBody | None:
    """What was kept for an event, if it is still there and can be opened."""
    sealed = parts.raw.get(workspace, event_id)
    content = None if sealed is None else parts.sealer.open_bytes(workspace, sealed)
    return None if content is None else RawBody.model_validate_json(content)
