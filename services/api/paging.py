"""Lists: a page of data, the opaque place to go on from, and a link to it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from schemas.errors import Fault, InvalidInput, MalformedRequest
from schemas.views import Rows

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)
_PREFIX = "id:"


def listed(request: Request, data: Sequence[Any], next_cursor: str | None) -> Response:
    """A page of plain JSON data."""
    body = orjson.dumps({"data": data, "next_cursor": next_cursor})
    return Response(body, media_type="application/json", headers=_link(request, next_cursor))


def listed_views(request: Request, rows: Rows[V]) -> Response:
    """A page of views as the read side gave it."""
    body = rows.model_dump_json().encode()
    return Response(body, media_type="application/json", headers=_link(request, rows.next_cursor))


def page_of(
    things: Iterable[T], name: Callable[[T], str], cursor: str | None, limit: int
) -> tuple[list[T], str | None]:
    """A page out of things in the order of their names, and the cursor of the next one."""
    after = "" if cursor is None else _decoded(cursor)
    found = list(islice((thing for thing in things if name(thing) > after), limit + 1))
    return found[:limit], _encoded(name(found[limit - 1])) if len(found) > limit else None


@contextmanager
def reading_cursor(cursor: str | None) -> Iterator[None]:
    """A cursor that the read side refuses is a malformed request."""
    try:
        yield
    except InvalidInput as error:
        if cursor is None:
            raise
        raise _unreadable() from error


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode((_PREFIX + name).encode()).rstrip(b"=").decode()


def _decoded(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        text = raw.decode()
    except (ValueError, binascii.Error) as error:
        raise _unreadable() from error
    if not text.startswith(_PREFIX):
        raise _unreadable()
    return text.removeprefix(_PREFIX)


def _unreadable() -> MalformedRequest:
    detail = "The cursor cannot be read. Send the next_cursor of an earlier page as it was."
    return MalformedRequest(detail, (Fault("/cursor", detail),))


def _link(request: Request, next_cursor: str | None) -> dict[str, str]:
    if next_cursor is None:
        return {}
    url = request.url.include_query_params(cursor=next_cursor)
    # Relative, since the address that the client knows us by may be a proxy's.
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
