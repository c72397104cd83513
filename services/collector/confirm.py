"""``GET|HEAD|POST /d/{token}``: a person confirms what a form was sent with (section 1.5).

GET only shows a button, since machines follow every link; POST confirms. The event names the
submission as the token does, so its key and id follow from the token alone, and a second POST is a
copy of the first.
"""

from __future__ import annotations

import hashlib

from services.collector.pages import page
from services.collector.privacy import flags_of
from services.collector.request import Doorway, Request
from services.collector.rings import Genuine
from services.collector.tokens import Purpose
from services.commands.submissions import confirmed
from services.http import Response
from services.metrics import EVENTS_APPENDED, EVENTS_DUPLICATE, EVENTS_REJECTED

_KIND = "form.confirmed"
_DIGEST = 16

DONE = page(200, "Thank you", ("Your confirmation is recorded.",))
NOT_FOUND = page(
    404, "This did not work", ("The address is not complete, or it was not made by us.",)
)
EXPIRED = page(
    410, "This is too old", ("The time to confirm is over. Please send the form again.",)
)


class Confirm:
    """Shows the question, or takes the answer."""

    methods = "GET, HEAD, POST"

    def __init__(self, doorway: Doorway) -> None:
        self._doorway = doorway
        self._appended = EVENTS_APPENDED.labels("web_form", _KIND)

    async def answer(self, request: Request) -> Response:
        """Raises ``LogUnavailable``: then nothing is confirmed, and the person tries again."""
        genuine = await self._doorway.rings.read(Purpose.CONFIRM, request.rest)
        if genuine is None:
            EVENTS_REJECTED.labels("bad_token").inc()
            return NOT_FOUND
        if self._doorway.parts.clock() > genuine.token.expiry * 1000:
            return EXPIRED
        if request.method != "POST":
            return self._question(genuine)
        await self._doorway.body(request)
        await self._store(request, genuine)
        return DONE

    def _question(self, genuine: Genuine) -> Response:
        form = self._doorway.parts.reference.form(genuine.workspace, genuine.token.recipient)
        text = (form and form.consent_text) or "Did you send this form, and is it what you want?"
        return page(200, "Please confirm", (text,), button="Yes, I confirm")

    async def _store(self, request: Request, genuine: Genuine) -> None:
        parts, token = self._doorway.parts, genuine.token
        proof = {
            "text_version": self._text_version(genuine),
            "ip": self._doorway.hit(request).ip,
            "token_id": hashlib.blake2b(request.rest.encode(), digest_size=_DIGEST).hexdigest(),
        }
        draft = confirmed(
            genuine.workspace, token.recipient, token.about, proof, parts.clock(),
            flags_of(request.headers),
        )  # fmt: skip
        # What differs between two answers is only how they came, so a copy is no conflict.
        appended = await self._doorway.appender.append(parts.composer.records([draft]))
        if appended.duplicates:
            EVENTS_DUPLICATE.inc()
        else:
            self._appended.inc()

    def _text_version(self, genuine: Genuine) -> str:
        reference, form_id = self._doorway.parts.reference, genuine.token.recipient
        form = reference.form(genuine.workspace, form_id)
        if form is not None and form.consent_version:
            return form.consent_version
        return f"form {reference.version(genuine.workspace, 'form', str(form_id))}"
