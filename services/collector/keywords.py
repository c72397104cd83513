"""What a text message says by its first or only word (interfaces, section 3.4), and what that, or
a response, means for consent."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any
from uuid import UUID

from events.compose import Draft
from schemas.catalogue import load_all
from schemas.decisions.response import ResponseCaptured
from schemas.facts.consent import ConsentEntry
from schemas.facts.sms import SmsReceived
from schemas.ids import named_id

_WORDS = {
    "stop": frozenset((
        "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT",
        "REMOVE", "TD", "ARRET",
    )),
    "start": frozenset(("START", "YES", "UNSTOP")),
    "help": frozenset(("HELP", "INFO")),
}  # fmt: skip
_CONSENT = {"stop": "consent.withdrawn", "start": "consent.granted"}
_FIRST_WORD = re.compile(r"\W*([a-z0-9]{1,40})(?![a-z0-9])")
PURPOSE = "marketing"


def keyword_of(text: str) -> str | None:
    """The kind of the word that the whole message is, if it is one of the known ones."""
    word = text.strip().upper()
    return next((kind for kind, words in _WORDS.items() if word in words), None)


def with_keyword(data: dict[str, Any], registered: Container[str]) -> dict[str, Any]:
    """The data of ``sms.received``, its keyword filled in where the sender told none.

    The text is sealed when it is stored, so this is the last moment at which it can be read.
    """
    text = data.get("text")
    if not isinstance(text, str):
        return data
    told = data.get("keyword") or "none"
    if told == "none" and (known := keyword_of(text)):
        return {**data, "keyword": known}
    match = _FIRST_WORD.match(text.lower())
    first = match[1] if match else ""
    if first and (told == "campaign" or (told == "none" and first in registered)):
        return {"campaign_keyword": first, **data, "keyword": "campaign"}
    return {**data, "keyword": told}


def consent_beside(draft: Draft) -> Draft | None:
    """The entry of the consent ledger that an event amounts to, under an id of its own: a stop or
    start word, or a response that asks for no more mail (R11)."""
    told = draft.payload
    if isinstance(told, SmsReceived):
        return _of_keyword(draft, told)
    if isinstance(told, ResponseCaptured) and told.code == "do_not_send":
        return _of_response(draft, told)
    return None


def _of_keyword(draft: Draft, text: SmsReceived) -> Draft | None:
    if text.keyword not in _CONSENT:
        return None
    if not isinstance(text.sender, str) or not text.sender.strip():
        return None
    entry = ConsentEntry(
        channel="sms",
        purpose=PURPOSE,
        address=text.sender,
        source="sms_keyword",
        evidence={"event_id": str(draft.event_id), "keyword": text.keyword},
    )
    return _beside(draft, _CONSENT[text.keyword], entry)


def _of_response(draft: Draft, told: ResponseCaptured) -> Draft | None:
    address, record = told.person_address(), draft.recipient or told.person_id()
    if address is None and record is None:
        return None
    entry = ConsentEntry(
        channel="all",
        purpose=PURPOSE,
        # Without an address the entry still has a person: the key names them.
        address=address if isinstance(address, str) else str(record),
        source="response",
        evidence={"response_id": str(told.response_id)},
    )
    return _beside(draft, "consent.withdrawn", entry, record)


def _beside(draft: Draft, name: str, entry: ConsentEntry, record: UUID | None = None) -> Draft:
    return Draft(
        kind=load_all().newest(name),
        topic=draft.topic,
        workspace=draft.workspace,
        producer=draft.producer,
        event_id=named_id(draft.event_id, "consent"),
        payload=entry,
        received_at=draft.received_at,
        time=draft.time,
        precision=draft.precision,
        source_time=draft.source_time,
        recipient=record or draft.recipient,
        subject=draft.subject,
        causation_id=draft.event_id,
        batch_id=draft.batch_id,
        test=draft.test,
    )
