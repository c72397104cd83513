"""A sender's event in CloudEvents form: its attributes, checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput
from schemas.fields import Whole
from schemas.instants import Instant, Precision, parse_instant
from services.collector.faults import faults_of

_LONGEST_SOURCE_TIME = 100
_TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
# What the next two lines would make of itself: as our own ids are written.
_WRITTEN_HERE = re.compile(
    "[a-z_]{1,40}:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)
_SUBJECT = "^[a-z_]{1,40}:[0-9a-fA-F-]{36}$"


def _json_type(value: str) -> str:
    kind = value.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise ValueError("Send data as JSON")
    return value


def _subject(value: str) -> str:
    if _WRITTEN_HERE.fullmatch(value):
        return value
    kind, _, name = value.partition(":")
    return f"{kind}:{UUID(name)}"


def _absent_if_zero(value: UUID) -> UUID | None:
    """The UUID of zeros names nothing; some senders write it for what they do not have."""
    return value if value.int else None


Id = Annotated[UUID, AfterValidator(_absent_if_zero)] | None


class CloudEvent(BaseModel):
    """The attributes that Answerback reads; others are passed over, as the standard allows."""

    model_config = ConfigDict(frozen=True)

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=500)]
    source: Annotated[str, Field(min_length=1, max_length=2048)]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    time: str | None = None
    subject: Annotated[str, Field(pattern=_SUBJECT), AfterValidator(_subject)] | None = None
    datacontenttype: Annotated[str, AfterValidator(_json_type)] | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    precision: Precision = Precision.MILLISECOND
    batchid: Id = None
    visitorid: Id = None
    campaignid: Id = None
    sourceseq: Annotated[Whole, Field(ge=0)] | None = None
    correlationid: Id = None
    causationid: Id = None
    traceparent: Annotated[str, Field(pattern=_TRACEPARENT)] | None = None
    test: bool = False

    def told_time(self) -> tuple[Instant | None, str | None]:
        """The time; or, if it cannot be read, the time as it was sent."""
        if self.time is None:
            return None, None
        try:
            return parse_instant(self.time), None
        except ValueError:
            # The journal cannot tell an empty text from none, so an empty one is shown as in JSON.
            return None, (self.time or '""')[:_LONGEST_SOURCE_TIME]

    @property
    def about(self) -> Stream | None:
        """The record that the sender says the event is about."""
        return None if self.subject is None else Stream.parse(self.subject)


# Not model_validate: its own work is a third of the whole, and every event comes by here.
_validated: Callable[[Any], CloudEvent] = CloudEvent.__pydantic_validator__.validate_python


def read_event(item: Any) -> CloudEvent:
    """The event that a JSON value is. Raises ``InvalidInput``."""
    if not isinstance(item, dict):
        raise InvalidInput("The event is no JSON object.", (Fault("", "Send an object."),))
    if "data_base64" in item:
        fault = Fault("/data_base64", "Send data as JSON in the attribute data.")
        raise InvalidInput("Binary data are not taken.", (fault,))
    try:
        return _validated(item)
    except ValidationError as error:
        raise InvalidInput("An attribute is wrong.", faults_of(error, item)) from None
