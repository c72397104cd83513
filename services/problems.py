"""Errors as HTTP says them: ``application/problem+json`` (RFC 9457) for every error there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

from schemas.errors import (
    AnswerbackError,
    ConflictError,
    Fault,
    Forbidden,
    InputError,
    InvalidInput,
    KeyReused,
    MalformedRequest,
    NotFound,
    PreconditionFailed,
    RateExceeded,
    TooLarge,
    TooSlow,
    Unauthenticated,
    UnavailableError,
    UnsupportedMedia,
)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:answerback:problem:"
_RETRY_AFTER = 1

# The first class that fits decides.
_STATUS: tuple[tuple[type[AnswerbackError], int], ...] = (
    (MalformedRequest, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (TooSlow, 408),
    (PreconditionFailed, 412),
    (TooLarge, 413),
    (UnsupportedMedia, 415),
    (KeyReused, 422),
    (InputError, 422),
    (ConflictError, 409),
    (RateExceeded, 429),
    (UnavailableError, 503),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer that says what is wrong and what to do about it."""

    status: int
    name: str
    detail: str
    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str, request_id: str) -> bytes:
        """The JSON document for one request."""
        document = {
            "type": _TYPE + self.name,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "request_id": request_id,
        }
        if self.faults:
            document["errors"] = [{"pointer": f.pointer, "detail": f.detail} for f in self.faults]
        return orjson.dumps(document)


def problem_of(error: Exception, status: int | None = None) -> Problem:
    """The problem that an error is; one that nobody raised on purpose tells nothing of itself."""
    if not isinstance(error, AnswerbackError):
        return Problem(
            500, "internal", "Something went wrong here. The log of the server says what."
        )
    code = status or _status(error)
    if code == 500:
        return Problem(500, "internal", "The server needs its operator. Its log says why.")
    return Problem(code, _name(type(error)), str(error), _faults(error), _headers(error))


def method_refused(allowed: str) -> Problem:
    """405, with the methods that a path takes."""
    detail = f"Use {allowed.replace(', ', ' or ')} here."
    return Problem(405, "method-not-allowed", detail, headers={"Allow": allowed})


def _status(error: AnswerbackError) -> int:
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 500)


def _faults(error: AnswerbackError) -> tuple[Fault, ...]:
    return error.faults if isinstance(error, InvalidInput | MalformedRequest) else ()


def _headers(error: AnswerbackError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, RateExceeded):
        return {"Retry-After": str(error.retry_after)}
    return {"Retry-After": str(_RETRY_AFTER)} if isinstance(error, UnavailableError) else {}


def _name(kind: type[AnswerbackError]) -> str:
    """``VersionConflict`` as ``version-conflict``."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("-")
