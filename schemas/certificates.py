"""What a message was decided on, so that anybody with the log can prove it (N9)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import Field

from schemas.catalogue import Topic
from schemas.fields import Timestamp
from schemas.views import View

Verdict = Literal["granted", "withdrawn", "unknown"]


class Cited(View):
    """An event of the log: where it lies, and the SHA-256 of its stored bytes."""

    event_id: UUID
    type: str
    topic: Topic
    partition: Annotated[int, Field(ge=0, lt=2**31)]
    offset: Annotated[int, Field(ge=0, lt=2**62)]
    sha256: str


class LedgerEntry(Cited):
    """An entry of the consent ledger, of one record, address or browser of the person."""

    subject: str
    channel: str
    purpose: str
    granted: bool
    occurred_at: Timestamp


class Certificate(View):
    """Why a message was allowed to go out, by what was known when it was prepared.

    ``subjects`` are the records and addresses of the person, whose entries ``ledger`` has all of;
    ``verdict`` is what they come to for channel and purpose: the strictest of them.
    """

    version: Literal[1] = 1
    workspace: str
    message_id: UUID
    activity_id: UUID
    campaign_id: UUID
    recipient: str
    channel: str
    purpose: str
    prepared_at: Timestamp
    list_id: UUID | None
    list_clause: str
    cap_counters: dict[str, Any]
    cluster: str
    subjects: list[str]
    verdict: Verdict
    decision: Cited
    ledger: list[LedgerEntry]
    identity: list[Cited]

    def content(self) -> bytes:
        """What is signed: canonical JSON."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


class SignedCertificate(View):
    """A certificate, the key that it is signed by (Ed25519, raw), and the signature: base64."""

    certificate: Certificate
    public_key: str
    signature: str


class CertificateKey(View):
    """The key that the certificates of a workspace are signed by: Ed25519, raw, base64."""

    public_key: str
