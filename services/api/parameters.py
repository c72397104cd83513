"""Query parameters that many endpoints share, read strictly: a slip is told, never passed over."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from events.cursor import Cursor
from schemas.errors import Fault, InvalidInput, MalformedRequest
from schemas.instants import parse_instant
from services.parts import Parts

MOST = 1000
PATIENCE = 5.0
_PLUS_LOST = re.compile(r" (\d{2}:\d{2})$")

Limit = Annotated[int, Field(ge=1, le=MOST, description="How many at most.")]
After = Annotated[
    str | None, Field(max_length=2048, description="The next_cursor of the page before.")
]
Moment = Annotated[str | None, Field(max_length=40, description="An RFC 3339 time, or a date.")]


class Parameters(BaseModel):
    """Query parameters; one that an endpoint does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class PageParameters(Parameters):
    """Which page of a list."""

    limit: Limit = 100
    cursor: After = None


class ReadParameters(Parameters):
    """What a read rests on. ``known_at``, ``version`` and ``definition`` are not there yet."""

    min_position: Annotated[
        str | None,
        Field(max_length=2048, description="Wait until the read models have passed this position."),
    ] = None
    known_at: str | None = None
    version: str | None = None
    definition: str | None = None

    def await_position(self, parts: Parts) -> None:
        """Refuse what cannot be answered yet, and wait for one's own writes. Raises ``Stale``."""
        for name in ("known_at", "version", "definition"):
            if getattr(self, name) is not None:
                raise MalformedRequest(
                    f"The parameter {name} is not available yet; leave it out to read with what is"
                    " known and in force now."
                )
        if self.min_position is not None:
            parts.reads.wait_for(position(self.min_position), PATIENCE)


Page = Annotated[PageParameters, Query()]


def position(text: str) -> Cursor:
    """The cursor that an earlier reply gave as its position. Raises ``MalformedRequest``."""
    try:
        return Cursor.decode(text)
    except InvalidInput as error:
        raise MalformedRequest(
            "The position cannot be read. Send one exactly as an earlier reply gave it.",
            (Fault("/min_position", str(error)),),
        ) from error


def moment(text: str | None, name: str) -> int | None:
    """The instant a parameter names. Raises ``MalformedRequest``."""
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        return parse_instant(_PLUS_LOST.sub(r"+\1", text))
    except ValueError as error:
        detail = f"The parameter {name} must be an RFC 3339 time with an offset, or a date."
        raise MalformedRequest(detail, (Fault(f"/{name}", str(error)),)) from error
