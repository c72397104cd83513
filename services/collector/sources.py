"""The landing page's source of an address, and the script that it loads."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from uuid import UUID

from schemas.errors import NotFound
from services.collector.request import Doorway, Request
from services.http import Response, response
from services.reference import OwnedSource, Reference

LANDING_PAGE = "landing_page"
_SECONDS = 3600  # how long browsers go on with an old script


async def find_source(reference: Reference, text: str) -> OwnedSource:
    """The source of an address; one that is not known yet is read through.

    Raises ``NotFound``, also for one that is switched off or of another kind.
    """
    try:
        name = UUID(text)
    except ValueError:
        raise NotFound("There is no such source.") from None
    owner = reference.source_anywhere(name)
    if owner is None:
        await asyncio.to_thread(reference.refresh)
        owner = reference.source_anywhere(name)
    if owner is None or not owner.source.enabled or owner.source.kind != LANDING_PAGE:
        raise NotFound("There is no such source.")
    return owner


class Script:
    """``GET|HEAD /s/{source}.js``: the script that a landing page loads."""

    methods = "GET, HEAD"

    def __init__(self, doorway: Doorway) -> None:
        self._doorway = doorway
        self._text = files("services.collector").joinpath("snippet.js").read_text("utf-8")

    async def answer(self, request: Request) -> Response:
        """The script with its own addresses. Raises ``NotFound``."""
        name = request.rest.removesuffix(".js")
        if name == request.rest:
            raise NotFound("There is no such script.")
        parts = self._doorway.parts
        owner = await find_source(parts.reference, name)
        text = self._text.replace("%BASE%", parts.settings.public_url)
        return response(
            200,
            text.replace("%SOURCE%", str(owner.source.source_id)).encode(),
            "text/javascript; charset=utf-8",
            cache_control=f"public, max-age={_SECONDS}",
            cross_origin_resource_policy="cross-origin",
            x_content_type_options="nosniff",
            referrer_policy="no-referrer",
        )
