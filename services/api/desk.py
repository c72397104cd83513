"""What every writing endpoint does: decide once, answer with version, position and ETag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import Stream
from schemas.errors import PreconditionFailed, VersionConflict
from schemas.fields import Model
from schemas.views import View
from services.api.call import Call
from services.api.idempotency import Once
from services.commands.commander import Commander, Decide, Found, Result
from services.parts import Parts

JSON = "application/json"
D = TypeVar("D", bound=Model)
Show = Callable[[D, int], dict[str, Any]]


class Body(BaseModel):
    """A command's content; what it does not know it refuses, so that a slip is noticed."""

    model_config = ConfigDict(extra="forbid")


class Versioned(Body):
    """A command's content with the version it is made on; without one, the newest is meant."""

    expected_version: Annotated[int, Field(ge=0, lt=2**31)] | None = None


class Desk:
    """The commander and the kept replies, for the endpoints."""

    def __init__(self, parts: Parts) -> None:
        timeout = parts.settings.log_commit_timeout_seconds
        self.commander = Commander(parts.gate, parts.composer, parts.clock, timeout)
        self.once = Once(parts.gate, parts.clock)

    def find(self, call: Call, stream: Stream, model: type[D]) -> Found[D]:
        """An aggregate of the caller's workspace as it stands."""
        return self.commander.find(call.workspace, stream, model)

    def exists(self, call: Call, stream: Stream) -> bool:
        """Whether an aggregate exists in the caller's workspace."""
        return call.parts.gate.state_of(call.workspace, stream).version > 0


class Deed(Generic[D]):
    """One command on one aggregate, and how its outcome is shown."""

    def __init__(self, desk: Desk, call: Call, model: type[D], show: Show[D]) -> None:
        self._desk = desk
        self._call = call
        self._model = model
        self._show = show

    def do(
        self, stream: Stream, decide: Decide[D], *, expected: int | None = None, status: int = 200
    ) -> Response:
        """Decide, submit and answer; a repeat under the same key gets the first answer."""
        order = self._call.order(expected)

        def render(result: Result[D]) -> tuple[int, bytes]:
            body = {
                **self._show(result.document, result.version),
                "position": result.position,
            }
            return (status if result.changed else 200), orjson.dumps(body)

        def work() -> tuple[int, bytes]:
            return self._desk.commander.run(order, stream, self._model, decide, render)

        try:
            code, body = self._desk.once.run(order.workspace, order.reply_key, work)
        except VersionConflict as conflict:
            if self._call.if_match is None:
                raise
            raise PreconditionFailed(
                conflict.stream, conflict.expected, conflict.actual
            ) from conflict
        return reply(body, code)


def desk_of(request: Request) -> Desk:
    """The application's desk."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def reply(body: bytes, status: int = 200) -> Response:
    """A JSON reply; one that shows a version carries it as ETag."""
    return Response(body, status, media_type=JSON, headers=_etag(orjson.loads(body)))


def show(body: dict[str, Any]) -> Response:
    """A document as JSON, with its ETag."""
    return Response(orjson.dumps(body), media_type=JSON, headers=_etag(body))


def show_view(view: View) -> Response:
    """What was asked for as JSON; it is no document, and has no ETag."""
    return Response(view.model_dump_json(), media_type=JSON)


def _etag(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        return {}
    version = body.get("revision", body.get("version"))
    return {} if version is None else {"ETag": f'"{version}"'}
