"""``GET|HEAD|POST /u/{token}``: a person takes back their consent (interfaces, section 3.4).

GET only shows a button, since machines follow every link; POST acts, at once and without a
question, as RFC 8058 wants it. Expired tokens still unsubscribe. Each POST is a fact of its own:
under an id that followed from the token, somebody who subscribed again could not leave again.
"""

from __future__ import annotations

from schemas.catalogue import load_all
from services.collector.hits import HitRecords
from services.collector.pages import page
from services.collector.request import Doorway, Request
from services.collector.tokens import Purpose
from services.http import Response
from services.metrics import EVENTS_APPENDED, EVENTS_REJECTED

PURPOSE = "marketing"
_ONE_CLICK = b"One-Click"

QUESTION = page(
    200, "Unsubscribe", ("Do you want no more of our mails?",), button="Yes, unsubscribe"
)
DONE = page(200, "You are unsubscribed", ("You will get no more of these mails.",))
NOT_FOUND = page(
    404, "This did not work", ("The address is not complete, or it was not made by us.",)
)


class Unsubscribe:
    """Shows the question, or takes the answer."""

    methods = "GET, HEAD, POST"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        self._doorway = doorway
        self._kind = load_all().newest("email.unsubscribed")
        self._records = HitRecords(parts.clock, parts.random, "unsubscribe")
        self._appended = EVENTS_APPENDED.labels(self._kind.channel, self._kind.name)

    async def answer(self, request: Request) -> Response:
        """Raises ``LogUnavailable``: then nothing was done, and the sender tries again."""
        genuine = await self._doorway.rings.read(Purpose.UNSUBSCRIBE, request.rest)
        if genuine is None:
            EVENTS_REJECTED.labels("bad_token").inc()
            return NOT_FOUND
        if request.method != "POST":
            return QUESTION
        body = await self._doorway.body(request)
        data = {
            "message_id": genuine.token.about,
            "via": "one_click" if _ONE_CLICK in body else "page",
            "purpose": PURPOSE,
            "hit": self._doorway.hit(request),
        }
        await self._doorway.appender.add(
            self._records.make(self._kind, genuine, request.headers, data)
        )
        self._appended.inc()
        return DONE
