"""Pages of other origins at the doors for pages (interfaces, section 1.4).

An origin that is on the list of the form or source is told so, with ``Vary: Origin``; where there
is no list any origin is. Never ``*``, and credentials only for origins that were named.
"""

from __future__ import annotations

from uuid import UUID

from services.http import Headers, Response, text_of
from services.reference import Reference

DOORS = ("/e/", "/f/")
_PREFIX = 3
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, x-retry-count, sp-anonymous"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
    (b"cache-control", b"no-store"),
)


def preflight() -> Response:
    """What a browser is told before it sends; ``shared`` says to which origin it applies."""
    return Response(204, _PREFLIGHT)


def shared(reply: Response, reference: Reference, path: str, headers: Headers) -> Response:
    """The reply with what lets the page that asked read it, if it may; also a refusal."""
    vary = (*reply.headers, (b"vary", b"Origin"))
    origin = text_of(headers, b"origin")
    listed = _origins(reference, path)
    if not origin or not origin.isascii() or listed is None or (listed and origin not in listed):
        return reply._replace(headers=vary)
    told = [(b"access-control-allow-origin", origin.encode("ascii"))]
    if listed:
        told.append((b"access-control-allow-credentials", b"true"))
    return reply._replace(headers=(*vary, *told))


def _origins(reference: Reference, path: str) -> tuple[str, ...] | None:
    """The origins listed for a path; ``None`` if there is nothing there."""
    try:
        name = UUID(path[_PREFIX:])
    except ValueError:
        return None
    if path.startswith("/f/"):
        form = reference.form_anywhere(name)
        return form.form.origins if form else None
    source = reference.source_anywhere(name)
    return source.source.origins if source else None
