"""Query parameters that many endpoints share, read strictly: a slip is told, never passed over."""

from __future__ import annotations

import re
import time
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from events.cursor import Cursor
from schemas.errors import Fault, InvalidInput, MalformedRequest, NotFound, Stale
from schemas.instants import parse_instant
from schemas.views import Past
from services.parts import Parts

MOST = 1000
PATIENCE = 5.0
_PENDING = "pending:"
_LOOK_AGAIN_SECONDS = 0.05
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_PLUS_LOST = re.compile(r" (\d{2}:\d{2})$")

Limit = Annotated[int, Field(ge=1, le=MOST, description="How many at most.")]
After = Annotated[
    str | None, Field(max_length=2048, description="The next_cursor of the page before.")
]
KnownAt = Annotated[
    str | None,
    Field(
        max_length=2048,
        description="Only what was known at this time, or at the cursor of an earlier reply.",
    ),
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
    """What a read waits for."""

    min_position: Annotated[
        str | None,
        Field(max_length=2048, description="Wait until the read models have passed this position."),
    ] = None

    def await_position(self, parts: Parts) -> None:
        """Wait for one's own writes. Raises ``Stale``."""
        if self.min_position is not None:
            ends = parts.clock() + int(PATIENCE * 1000)
            cursor = _passed(self.min_position, parts, ends)
            parts.reads.wait_for(cursor, max(0.0, (ends - parts.clock()) / 1000))


class PastParameters(ReadParameters):
    """Which past a read is of (R4); without, it is of now."""

    as_of: Annotated[
        str | None, Field(max_length=40, description="Only what had happened by this time.")
    ] = None
    known_at: KnownAt = None
    version: Annotated[
        str | None,
        Field(max_length=20, description="Of the definition: a number, or current."),
    ] = None

    def past(self, parts: Parts) -> Past:
        """The past that is asked for. Raises ``MalformedRequest``."""
        return Past(as_of=moment(self.as_of, "as_of"), known_at=known_at(self.known_at, parts))

    def version_of(self, name: str, current: int) -> int | None:
        """The version that is asked for, if one is. Raises ``MalformedRequest``."""
        if self.version is None or self.version == "current":
            return None if self.version is None else current
        if not _NUMBER.fullmatch(self.version) or not 1 <= int(self.version) <= current:
            detail = f"The {name} has the versions 1 to {current}: send one of them, or current."
            raise MalformedRequest(detail, (Fault("/version", detail),))
        return int(self.version)


Page = Annotated[PageParameters, Query()]


def _passed(text: str, parts: Parts, ends: int) -> Cursor:
    """The cursor of a position; one that is pending gets it when its events are relayed.

    Raises ``Stale``, and ``MalformedRequest``.
    """
    if not text.startswith(_PENDING):
        return position(text)
    try:
        pending = UUID(text.removeprefix(_PENDING))
        while (cursor := parts.gate.cursor_of(pending)) is None:
            if parts.clock() >= ends:
                raise Stale("What was decided is not in the log yet. Ask again.")
            time.sleep(_LOOK_AGAIN_SECONDS)
    except (ValueError, NotFound) as error:
        raise MalformedRequest(
            "The position cannot be read. Send one exactly as an earlier reply of the API gave it: "
            "what waits in a collector's spool is known to that collector alone.",
            (Fault("/min_position", str(error)),),
        ) from error
    return cursor


def position(text: str) -> Cursor:
    """The cursor that an earlier reply gave as its position. Raises ``MalformedRequest``."""
    try:
        return Cursor.decode(text)
    except InvalidInput as error:
        raise MalformedRequest(
            "The position cannot be read. Send one exactly as an earlier reply gave it.",
            (Fault("/min_position", str(error)),),
        ) from error


def known_at(text: str | None, parts: Parts) -> str | None:
    """The cursor of a point of knowledge, given as a time or as a cursor.

    Raises ``MalformedRequest``.
    """
    if text is None:
        return None
    try:
        time = parse_instant(_PLUS_LOST.sub(r"+\1", text))
    except ValueError:
        cursor = _cursor(text)
    else:
        if time > parts.clock():
            raise _no_knowledge("That time has not come yet.")
        cursor = parts.log.cursor_at(time)
    if not parts.log.heads().reaches(cursor):
        raise _no_knowledge("That cursor lies behind the end of the log.")
    return cursor.encode()


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.decode(text)
    except InvalidInput:
        raise _no_knowledge("That is neither a time nor a cursor.") from None


def _no_knowledge(detail: str) -> MalformedRequest:
    return MalformedRequest(
        "The parameter known_at must be an RFC 3339 time that has passed, or a cursor that an "
        "earlier reply gave.",
        (Fault("/known_at", detail),),
    )


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
