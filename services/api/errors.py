"""Whatever goes wrong inside the framework, said as a problem like everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schemas.errors import (
    AnswerbackError,
    Fault,
    InputError,
    InvalidInput,
    MalformedRequest,
    NotFound,
)
from services.commands.faults import MOST, pointer, said
from services.problems import MEDIA_TYPE, Problem, method_refused, problem_of


def add_handlers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(AnswerbackError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_error)  # the door logs it


def answer(request: Request, problem: Problem) -> Response:
    """A problem as a reply to a request."""
    body = problem.body(request.url.path, getattr(request.state, "request_id", ""))
    return Response(body, problem.status, dict(problem.headers), MEDIA_TYPE)


async def _on_error(request: Request, error: Exception) -> Response:
    return answer(request, problem_of(error))


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return answer(request, problem_of(_input_error(error.errors())))


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        return answer(request, problem_of(NotFound("There is nothing at this address.")))
    if error.status_code == 405:
        return answer(request, method_refused(_allowed(request)))
    refusal = InputError(str(error.detail))
    return answer(request, problem_of(refusal, error.status_code))


def _input_error(found: Sequence[dict[str, Any]]) -> InputError:
    """A path that names nothing, a parameter that cannot be read, or content that breaks a rule."""
    places = {fault["loc"][0] for fault in found}
    if "path" in places:
        return NotFound("There is nothing at this address: an id in it is not one.")
    faults = tuple(Fault(_pointer(fault["loc"]), said(fault["msg"])) for fault in found[:MOST])
    if places & {"query", "header"}:
        return MalformedRequest("A parameter of the request cannot be used.", faults)
    return InvalidInput("The content of the request breaks a rule.", faults)


def _pointer(place: Sequence[object]) -> str:
    return pointer(place[1:])


def _allowed(request: Request) -> str:
    """All methods that some route takes at this path."""
    path = request.url.path
    methods: set[str] = set()
    for pattern, taken in request.app.state.ways:
        if pattern.match(path):
            methods |= taken
    return ", ".join(sorted(methods))
