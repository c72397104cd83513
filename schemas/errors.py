"""Every error Answerback raises, split by what the caller should do.

AnswerbackError
├── InputError              fix the request; sending it again unchanged fails again
│   ├── MalformedRequest    a header, parameter or cursor cannot be read
│   ├── InvalidInput        the content breaks a rule; carries a pointer per fault
│   ├── TooLarge            the request is over a limit
│   ├── TooSlow             the request did not arrive in time
│   ├── NotAFact            a door for facts was given a decision or a conclusion
│   ├── UnknownEventType    no such type in the catalogue
│   ├── Unauthenticated     no valid key
│   ├── Forbidden           the key is valid and may not do this
│   ├── NotFound            there is no such object in this workspace
│   └── UnsupportedMedia    the body is of a kind that this door does not take
├── ConflictError           read again, then decide anew
│   ├── VersionConflict     the stream has moved on since it was read
│   │   └── PreconditionFailed  ... and the request named its version in If-Match
│   ├── MoveRefused         the object's status does not allow the step
│   ├── Unexplained         a replay gives other rows, and nothing says why
│   ├── NotUnique           the value is taken
│   ├── KeyReused           an idempotency key came back with another request
│   └── StillRunning        the first request under this idempotency key has not ended
├── UnavailableError        wait and send the same again
│   ├── LogUnavailable      the log cannot take events now
│   ├── StoreUnavailable    a store of read models refuses a statement
│   ├── OutOfRoom           a disk has no room left
│   ├── ReferenceMissing    what the request refers to has not been read yet
│   ├── RateExceeded        the sender sends more than its share
│   ├── Stale               the read model has not reached the position asked for
│   ├── Preparing           the past that was asked for is still being put together
│   ├── Busy                long work of this kind is under way already
│   └── Abandoned           long work was given up by whoever asked for it
└── FatalError              an operator must act; the process stops rather than guess
    ├── SettingsInvalid     a setting is unknown or wrong
    ├── FolderInUse         another process owns the data folder
    ├── BackupRefused       a backup cannot be made at this place, or restored from it
    ├── FormatUnknown       the data folder was written by a version this one does not know
    ├── Unreadable          stored bytes cannot be decoded
    ├── ProjectionStopped   a read model cannot go on without harm
    ├── CursorGap           a page does not begin where the stored cursor stands
    ├── CopyDiffers         a copy of a log is not what its source is
    ├── RangeRemoved        retention has removed events that are asked for
    └── MeasurementSpoiled  a bench cannot vouch for the figure it would give
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (a JSON Pointer) and what to do about it."""

    pointer: str
    detail: str


class AnswerbackError(Exception):
    """The root. Everything below it is raised on purpose."""


# What the sender must mend


class InputError(AnswerbackError):
    """Raised when a request is wrong and would be wrong again."""


class InvalidInput(InputError):
    """Raised when the content of a request breaks a rule."""

    def __init__(self, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.faults = faults


class MalformedRequest(InputError):
    """Raised when a header, a parameter or a cursor cannot be read."""

    def __init__(self, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.faults = faults


class TooLarge(InputError):
    """Raised when a request is over a limit of size or count."""


class TooSlow(InputError):
    """Raised when a request's body does not arrive in time."""


class NotAFact(InputError):
    """Raised when a door for facts is given a type that only Answerback itself may record."""


class UnknownEventType(InputError):
    """Raised when a (type, version) is not in the catalogue."""


class Unauthenticated(InputError):
    """Raised when a request carries no key, or one that is unknown or revoked."""


class Forbidden(InputError):
    """Raised when a key lacks the scope that a request needs."""


class NotFound(InputError):
    """Raised when an object does not exist in the caller's workspace."""


class UnsupportedMedia(InputError):
    """Raised when a door is sent a kind of content that it does not take."""


# What the caller must read again


class ConflictError(AnswerbackError):
    """Raised when a command does not fit the present state."""


class VersionConflict(ConflictError):
    """Raised when a stream is no longer at the version the command expected."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"Stream {stream} is at version {actual}, not {expected}. Read it again.")
        self.stream = stream
        self.expected = expected
        self.actual = actual

    def __reduce__(self) -> tuple[type[VersionConflict], tuple[str, int, int]]:
        return type(self), (self.stream, self.expected, self.actual)


class PreconditionFailed(VersionConflict):
    """Raised when a stream is no longer at the version that If-Match named."""


class MoveRefused(ConflictError):
    """Raised when an object's status does not allow the step."""


class Unexplained(ConflictError):
    """Raised when a replay gives other rows than are live though no rule was changed."""


class NotUnique(ConflictError):
    """Raised when a value that must be unique in a workspace is taken."""


class KeyReused(ConflictError):
    """Raised when an idempotency key comes back with a different request."""


class StillRunning(ConflictError):
    """Raised when the first request under an idempotency key has not been answered yet."""


# What passes by itself


class UnavailableError(AnswerbackError):
    """Raised when a part is out of reach; the same request may succeed later."""


class LogUnavailable(UnavailableError):
    """Raised when the log cannot store events durably now."""


class ReferenceMissing(UnavailableError):
    """Raised when a link under a valid signature is not in the registry that was read so far."""


class RateExceeded(UnavailableError):
    """Raised when one sender's requests come faster than a door allows."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[RateExceeded], tuple[str, int]]:
        return type(self), (str(self), self.retry_after)


class StoreUnavailable(UnavailableError):
    """Raised when a store of read models refuses a statement."""


class OutOfRoom(UnavailableError):
    """Raised when a store cannot write because its disk is full."""


class Stale(UnavailableError):
    """Raised when a read model did not reach the asked position in time."""


class Preparing(UnavailableError):
    """Raised when a past was not put together within the time that a request waits."""


class Busy(UnavailableError):
    """Raised when long work is asked for while other such work is under way."""


class Abandoned(UnavailableError):
    """Raised when long work was given up by whoever asked for it."""


# What an operator must look at


class FatalError(AnswerbackError):
    """Raised when going on could harm the data."""


class SettingsInvalid(FatalError):
    """Raised when a setting is unknown, missing or malformed."""


class FolderInUse(FatalError):
    """Raised when another process holds the data folder."""


class BackupRefused(FatalError):
    """Raised when a place cannot take a backup, or holds none that can be restored."""


class FormatUnknown(FatalError):
    """Raised when the data folder has a format this version cannot read."""


class Unreadable(FatalError):
    """Raised when bytes from the log cannot be decoded."""


class ProjectionStopped(FatalError):
    """Raised when a projection has stopped because going on could skip events."""


class CursorGap(FatalError):
    """Raised when a page does not start at the stored cursor."""


class CopyDiffers(FatalError):
    """Raised when a copy of a log does not hold what its source holds."""


class RangeRemoved(FatalError):
    """Raised when the log no longer has events that are asked for."""


class MeasurementSpoiled(FatalError):
    """Raised when a bench lost count of events, or a part of it ended: its figure means nothing."""
