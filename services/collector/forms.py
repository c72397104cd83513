"""``POST /f/{form}``: a form of a landing page was sent (interfaces, section 1.5)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import orjson

from events.log import Record
from schemas.errors import Forbidden, InvalidInput, NotFound, RateExceeded, TooLarge
from schemas.instants import DAY, Instant
from schemas.registries import FormEntry
from services.collector.conflicts import Conflicts
from services.collector.form_bodies import JSON, Submission, read_submission
from services.collector.form_fields import check
from services.collector.form_page import form_again
from services.collector.privacy import origin_of
from services.collector.rates import Rates
from services.collector.raw import keep_raw
from services.collector.redirects import ascii_url
from services.collector.request import Doorway, Request
from services.collector.submissions import Sent, SubmissionRecords, Suspicion
from services.collector.tokens import Purpose, Token, sign
from services.http import Response, media_type, response, text_of
from services.metrics import EVENTS_APPENDED, EVENTS_DUPLICATE, EVENTS_REJECTED, RATE_LIMITED
from services.reference import OwnedForm

_TOO_FAST = 2000
_LONGEST_ID = 200


class FormDoor:
    """Stores submissions; what looks like a machine's is stored apart and answered alike."""

    methods = "GET, HEAD, POST"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        self._doorway = doorway
        self._rates = Rates(parts.clock)
        self._records = SubmissionRecords(doorway)
        self._conflicts = Conflicts(parts.log, parts.clock)

    async def answer(self, request: Request) -> Response:
        """Take a submission and send the person on."""
        owner = await self._form(request.rest)
        if request.method != "POST":
            return await asyncio.to_thread(self._token, owner)
        self._check_origin(owner.form, request)
        body = await self._doorway.body(request)
        content = read_submission(request.headers, body)
        sent = await self._sent(request, owner, content)
        suspicion = self._suspicion(sent)
        try:
            if suspicion is None:
                check(owner.form, content.fields)
        except InvalidInput as error:
            if not _is_browser(request) or not owner.form.fields:
                raise
            return form_again(owner.form, content, error.faults)
        position = await self._store(sent, suspicion, body)
        if suspicion == "rate":
            raise self._too_often()
        return _reply(sent, position)

    def _token(self, owner: OwnedForm) -> Response:
        """What the page puts into ``ab_token`` when it shows the form. Blocks for the vault."""
        parts = self._doorway.parts
        number = parts.access.workspace(owner.workspace).number
        shown = Token(number, about=owner.form.form_id, expiry=parts.clock() // 1000)
        text = sign(Purpose.FORM, shown, parts.vault.token_keys(owner.workspace))
        return response(200, orjson.dumps({"ab_token": text}), JSON, cache_control="no-store")

    def _check_origin(self, form: FormEntry, request: Request) -> None:
        """Raises ``Forbidden`` for a page that the form does not list; our own is always good.

        A client that sends no origin is no browser and could claim any, so it is let in. A form
        that lists none takes submissions from everywhere.
        """
        origin = text_of(request.headers, b"origin")
        own = origin_of(self._doorway.parts.settings.public_url)
        if origin and form.origins and origin not in (*form.origins, own):
            raise Forbidden("This form may not be sent from this page.")

    async def _form(self, rest: str) -> OwnedForm:
        """The form of an address; one that is not known yet is read through."""
        reference = self._doorway.parts.reference
        try:
            form_id = UUID(rest)
        except ValueError:
            raise NotFound("There is no such form.") from None
        owner = reference.form_anywhere(form_id)
        if owner is None:
            await asyncio.to_thread(reference.refresh)
            owner = reference.form_anywhere(form_id)
        if owner is None:
            raise NotFound("There is no such form.")
        return owner

    async def _sent(self, request: Request, owner: OwnedForm, content: Submission) -> Sent:
        parts = self._doorway.parts
        if len(orjson.dumps(content.fields)) > parts.settings.max_event_bytes:
            raise TooLarge(f"A form may hold at most {parts.settings.max_event_bytes} bytes.")
        now = parts.clock()
        given = content.own.get("ab_submission", "").strip()
        fits = 0 < len(given) <= _LONGEST_ID and given.isprintable()
        return Sent(
            request,
            owner,
            content,
            given if fits else parts.random(16).hex(),
            now,
            await self._shown_for(owner, content, now),
        )

    async def _shown_for(self, owner: OwnedForm, content: Submission, now: Instant) -> int | None:
        """How long the form was on the page, in milliseconds, if a genuine token tells."""
        text = content.own.get("ab_token", "")
        if not text:
            return None
        genuine = await self._doorway.rings.read(Purpose.FORM, text)
        if (
            genuine is None
            or (genuine.workspace, genuine.token.about) != (owner.workspace, owner.form.form_id)
            or genuine.token.expiry * 1000 > now
        ):
            EVENTS_REJECTED.labels("bad_token").inc()
            return None
        shown_for = now - genuine.token.expiry * 1000
        # A page left open, or a token used again and again: it tells nothing any more.
        return shown_for if shown_for <= DAY else None

    def _suspicion(self, sent: Sent) -> Suspicion | None:
        form = sent.owner.form
        limit = self._doorway.parts.settings.form_rate_per_minute
        count = self._rates.count(self._doorway.address(sent.request), form.form_id)
        if count > limit:
            RATE_LIMITED.labels("form").inc()
        if count > 2 * limit:  # a flood is not stored
            EVENTS_REJECTED.labels("rate").inc()
            raise self._too_often()
        if count > limit:
            return "rate"
        if sent.content.fields.get(form.honeypot):
            return "honeypot"
        return "too_fast" if sent.shown_for is not None and sent.shown_for < _TOO_FAST else None

    def _too_often(self) -> RateExceeded:
        return RateExceeded(
            "Too many submissions came from your address. Try again in a minute.",
            self._rates.seconds_left(),
        )

    async def _store(self, sent: Sent, suspicion: Suspicion | None, body: bytes) -> str:
        record = await asyncio.to_thread(self._made, sent, suspicion, body)
        appended = await self._doorway.appender.append([record])
        if appended.conflicts:
            told = await asyncio.to_thread(self._conflicts.records, [record], appended)
            if told:
                await self._doorway.appender.append(told)
        if appended.duplicates:
            EVENTS_DUPLICATE.inc()
        else:
            kind = self._records.kind(suspicion)
            EVENTS_APPENDED.labels(kind.channel, kind.name).inc()
        return appended.position

    def _made(self, sent: Sent, suspicion: Suspicion | None, body: bytes) -> Record:
        """The record, with its raw body kept."""
        record = self._records.make(sent, suspicion)
        parts, headers = self._doorway.parts, sent.request.headers
        keep_raw(parts, record.key, record.event_id, headers, body)
        return record


def _is_browser(request: Request) -> bool:
    wants_page = "text/html" in text_of(request.headers, b"accept")
    return wants_page and media_type(request.headers) != JSON


def _reply(sent: Sent, position: str) -> Response:
    shared = {"cache_control": "no-store", "referrer_policy": "no-referrer"}
    if media_type(sent.request.headers) != JSON:
        target = ascii_url(sent.owner.form.redirect_url)
        return response(303, b"", "text/plain; charset=utf-8", location=target, **shared)
    body = {"submission_id": sent.submission_id, "position": position}
    return response(201, orjson.dumps(body), JSON, **shared)
