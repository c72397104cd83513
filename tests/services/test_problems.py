from __future__ import annotations

import orjson
import pytest

from schemas import errors
from schemas.errors import (
    AnswerbackError,
    ConflictError,
    FatalError,
    Fault,
    InputError,
    InvalidInput,
    RateExceeded,
    UnavailableError,
    VersionConflict,
)
from services.problems import method_refused, problem_of


def made(kind: type[AnswerbackError]) -> AnswerbackError:
    if issubclass(kind, VersionConflict):
        return VersionConflict.__new__(kind)
    return RateExceeded("Later.", 7) if kind is RateExceeded else kind("Do this.")


LEAVES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, AnswerbackError) and not kind.__subclasses__()
]
STATUS = {
    "MalformedRequest": 400, "Unauthenticated": 401, "Forbidden": 403, "NotFound": 404,
    "TooSlow": 408, "PreconditionFailed": 412, "TooLarge": 413, "UnsupportedMedia": 415,
    "KeyReused": 422, "RateExceeded": 429,
}  # fmt: skip
OTHERS = ((InputError, 422), (ConflictError, 409), (UnavailableError, 503), (FatalError, 500))


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_problem_of_knows_the_status_of_every_error(kind: type[AnswerbackError]) -> None:
    (by_branch,) = (status for branch, status in OTHERS if issubclass(kind, branch))
    assert problem_of(made(kind)).status == STATUS.get(kind.__name__, by_branch)


def test_body_says_all_that_the_standard_and_the_operator_want() -> None:
    error = InvalidInput("Fill it in.", (Fault("/a", "Give a name."),))
    assert orjson.loads(problem_of(error).body("/x", "id-1")) == {
        "type": "urn:answerback:problem:invalid-input",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Fill it in.",
        "instance": "/x",
        "request_id": "id-1",
        "errors": [{"pointer": "/a", "detail": "Give a name."}],
    }


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("Unauthenticated", "WWW-Authenticate", "Bearer"),
        ("RateExceeded", "Retry-After", "7"),
        ("LogUnavailable", "Retry-After", "1"),
    ],
)
def test_some_problems_carry_a_header(kind: str, header: str, value: str) -> None:
    assert problem_of(made(getattr(errors, kind))).headers == {header: value}


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), errors.Unreadable("secret"), KeyError("secret")]
)
def test_what_is_our_fault_tells_nothing_of_itself(error: Exception) -> None:
    problem = problem_of(error)
    assert problem.status == 500
    assert b"secret" not in problem.body("/", "id")


def test_a_caller_may_choose_the_status() -> None:
    assert problem_of(InvalidInput("x"), 400).status == 400


def test_method_refused_names_the_methods() -> None:
    problem = method_refused("GET, HEAD")
    assert (problem.status, problem.headers["Allow"]) == (405, "GET, HEAD")
    assert problem.detail == "Use GET or HEAD here."
