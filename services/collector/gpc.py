"""``GET /.well-known/gpc.json``: that this server honors Global Privacy Control."""

from __future__ import annotations

import orjson

from services.collector.request import Request
from services.http import Response, response

PATH = "/.well-known/gpc.json"
_SINCE = "2026-11-25"


class WellKnown:
    """The support resource that the GPC standard asks for."""

    methods = "GET, HEAD"

    def __init__(self) -> None:
        body = orjson.dumps({"gpc": True, "version": 1, "lastUpdate": _SINCE})
        self._reply = response(200, body, "application/json", cache_control="max-age=86400")

    async def answer(self, request: Request) -> Response:
        """The same for everybody."""
        return self._reply
