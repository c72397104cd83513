"""Certificates of messages: signed, and verified from the log alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from events.codec import decode
from events.cursor import Place
from events.keys import key_of
from events.log import EventLog, Filter, StoredRecord
from events.vault import Vault
from projections.reading.citing import (
    Moment,
    cited,
    last_read,
    prepared_of,
    read_entries,
    record_at,
    verdict_of,
)
from schemas.catalogue import Topic
from schemas.certificates import Certificate, CertificateKey, Cited, SignedCertificate
from schemas.envelope import Position
from schemas.errors import AnswerbackError

_PAGE = 5000
_TOLD = ("message_id", "activity_id", "campaign_id", "list_id", "list_clause", "cap_counters")


def _key_of(vault: Vault, workspace: str) -> Ed25519PrivateKey:
    # From the one key of a workspace that never changes, so that old certificates stay good.
    seed = hmac.digest(vault.address_key(workspace), b"certificates", hashlib.sha256)
    return Ed25519PrivateKey.from_private_bytes(seed)


def key_of_workspace(vault: Vault, workspace: str) -> CertificateKey:
    """The key that a workspace's certificates are signed by."""
    public = _key_of(vault, workspace).public_key().public_bytes_raw()
    return CertificateKey(public_key=base64.b64encode(public).decode())


def sign(vault: Vault, certificate: Certificate) -> SignedCertificate:
    """A certificate with its signature."""
    signature = _key_of(vault, certificate.workspace).sign(certificate.content())
    return SignedCertificate(
        certificate=certificate,
        public_key=key_of_workspace(vault, certificate.workspace).public_key,
        signature=base64.b64encode(signature).decode(),
    )


def problems(signed: SignedCertificate, log: EventLog, public_key: str | None) -> Iterator[str]:
    """All that is wrong with a certificate, by the log and the key that its workspace has told.

    Nothing is believed that the log does not say: the decision and each entry are read again, the
    verdict is worked out from them, and the log is searched for entries that are left out.
    """
    if public_key is not None and signed.public_key != public_key:
        yield "It is signed by another key than the workspace's."
    if not _is_signed(signed):
        yield "The signature is not that of this certificate."
    try:
        yield from _told_otherwise(signed.certificate, log)
    except AnswerbackError as error:
        yield str(error)


def _is_signed(signed: SignedCertificate) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed.public_key, validate=True))
        key.verify(base64.b64decode(signed.signature, validate=True), signed.certificate.content())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _told_otherwise(certificate: Certificate, log: EventLog) -> Iterator[str]:
    record = _record(log, certificate.decision)
    if cited(record) != certificate.decision:
        yield "The decision is not what the log has at its place."
        return
    event = decode(record)
    payload = prepared_of(event)
    for name in _TOLD:
        if getattr(payload, name) != getattr(certificate, name):
            yield f"The decision tells another {name}."
    about = (event.workspace, event.subject_id, payload.cluster_id)
    if about != (certificate.workspace, certificate.recipient, certificate.cluster):
        yield "The decision is about somebody else."
    for one in certificate.identity:
        if cited(_record(log, one)) != one:
            yield f"The event {one.event_id} about identity is not what the log has."
    yield from _in_the_ledger(certificate, log, last_read(log, payload))


def _in_the_ledger(certificate: Certificate, log: EventLog, last: Moment | None) -> Iterator[str]:
    read = read_entries(_record(log, one) for one in certificate.ledger)
    if [entry for entry, _ in read] != certificate.ledger:
        yield "The ledger is not what the log has."
    said = verdict_of([one for _, one in read], certificate.channel, certificate.purpose)
    if said != certificate.verdict:
        yield f"The entries come to {said}, not to {certificate.verdict}."
    named = {entry.event_id for entry, _ in read}
    for entry in _entries_until(log, certificate, last) if last is not None else ():
        if entry.event_id not in named:
            yield f"The entry {entry.event_id} was known, and is left out."


def _entries_until(log: EventLog, certificate: Certificate, last: Moment) -> Iterator[Cited]:
    """The entries of the person up to the newest one that the decision has read."""
    keys = frozenset(key_of(certificate.workspace, one) for one in certificate.subjects)
    only = Filter(keys=keys, until=last[0] + 1)
    for topic in (Topic.FACTS, Topic.DECISIONS):
        for partition in range(log.partitions):
            for record in _read(log, (topic, partition), only):
                if (record.recorded_at, record.position) <= last:
                    yield from (entry for entry, _ in read_entries([record]))


def _read(log: EventLog, place: Place, only: Filter) -> Iterator[StoredRecord]:
    start, end = 0, log.heads()[place]
    while start < end:
        part = log.read(*place, start, _PAGE, only)
        yield from part.records
        if part.end == start:
            return
        start = part.end


def _record(log: EventLog, one: Cited) -> StoredRecord:
    return record_at(log, Position(one.topic, one.partition, one.offset))
