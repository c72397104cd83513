"""The stored form of personal data: what the edge does before anything is written (R36).

An address becomes a keyed hash and a sealed value; a marked text or map becomes a sealed value.
Sealing is AES-256-GCM under the subject's own key with a nonce that follows from key, event, field
and content, so a retry gives the same bytes and copies can be compared.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.addresses import address_hash, normalize
from events.keyed import keyed_hmac
from events.raw import SealedBytes
from events.vault import SubjectKey, Vault
from schemas.catalogue import EventType, SealedPath
from schemas.errors import Fault, InvalidInput
from schemas.fields import Mark, SealedValue

_NONCE = 12
_RAW = "#raw"  # no JSON Pointer, so its nonces are never those of a field


class Sealer:
    """Makes stored forms, and opens them again for those who may read."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def hash_of(self, workspace: str, address: str) -> str:
        """The keyed hash of an address in a workspace."""
        return address_hash(self._vault.address_key(workspace), address)

    def prepare(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        """The data keys of the subjects of a batch, in one visit to the vault."""
        return self._vault.subject_keys(workspace, subjects)

    def seal(
        self,
        workspace: str,
        kind: EventType,
        event_id: UUID,
        data: dict[str, Any],
        key: SubjectKey | None,
    ) -> dict[str, Any]:
        """The stored form of door-form data, made in place: nobody else may hold them.

        ``key`` may be missing only if nothing is sealed.
        """
        for marked, pointer, holder, name in _marked_in(kind, data):
            value = holder[name]
            if marked.mark is not Mark.SEALED and not isinstance(value, str):
                raise InvalidInput("An address must be sent in clear.", (_clear(pointer),))
            if marked.mark is Mark.SEALED and _is_sealed(value):
                raise InvalidInput("A text must be sent in clear.", (_clear(pointer),))
            holder[name] = self._stored(
                workspace, marked, event_id, pointer=pointer, value=value, key=key
            )
        return data

    def open(self, workspace: str, value: SealedValue | None) -> Any:
        """The clear value; ``None`` where its key has been destroyed, or where it is damaged."""
        if value is None:
            return None
        key = self._vault.by_id(workspace, value.key_id)
        if key is None:
            return None
        try:
            raw = base64.b64decode(value.value)
            return orjson.loads(AESGCM(key.key).decrypt(raw[:_NONCE], raw[_NONCE:], None))
        except (InvalidTag, ValueError):
            return None

    def seal_bytes(
        self, workspace: str, subject: str, event_id: UUID, content: bytes
    ) -> SealedBytes:
        """Bytes under the key of a subject; the same bytes of the same event come out the same."""
        key = self.prepare(workspace, [subject])[subject]
        return SealedBytes(key.id, _encrypt(key, event_id, _RAW, content))

    def open_bytes(self, workspace: str, sealed: SealedBytes) -> bytes | None:
        """The clear bytes; ``None`` where their key is destroyed, or where they are damaged."""
        key = self._vault.by_id(workspace, sealed.key_id)
        if key is None:
            return None
        try:
            content = sealed.content
            return AESGCM(key.key).decrypt(content[:_NONCE], content[_NONCE:], None)
        except (InvalidTag, ValueError):
            return None

    def _stored(
        self,
        workspace: str,
        marked: SealedPath,
        event_id: UUID,
        *,
        pointer: str,
        value: Any,
        key: SubjectKey | None,
    ) -> Any:
        if marked.mark is Mark.ADDRESS_HASH:
            return self.hash_of(workspace, value)
        if key is None:
            raise ValueError("Sealing needs the subject's key.")
        clear = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        sealed = _seal(key, event_id, pointer, clear)
        if marked.mark is Mark.SEALED:
            return sealed
        country = normalize(value).country
        stored = {"hash": self.hash_of(workspace, value), "sealed": sealed}
        return {**stored, "country": country} if country else stored


def needs_key(kind: EventType, data: dict[str, Any]) -> bool:
    """Whether the data hold anything that is sealed, and not only hashed."""
    for marked, *_ in _marked_in(kind, data):  # noqa: SIM110 - any() takes twice as long, and every event asks
        if marked.mark is not Mark.ADDRESS_HASH:
            return True
    return False


def _seal(key: SubjectKey, event_id: UUID, pointer: str, clear: bytes) -> dict[str, str]:
    sealed = _encrypt(key, event_id, pointer, clear)
    return {"$s": key.id, "v": base64.b64encode(sealed).decode()}


def _encrypt(key: SubjectKey, event_id: UUID, pointer: str, clear: bytes) -> bytes:
    nonce = keyed_hmac(key.key, event_id.bytes + pointer.encode() + clear)[:_NONCE]
    return nonce + AESGCM(key.key).encrypt(nonce, clear, None)


def _marked_in(kind: EventType, data: dict[str, Any]) -> list[tuple[SealedPath, str, Any, Any]]:
    """What the data hold of a type's marked fields: (mark, pointer, holder, name or index)."""
    found: list[tuple[SealedPath, str, Any, Any]] = []
    for marked in kind.sealed:
        if len(marked.path) == 1:  # as nearly all are
            name = marked.path[0]
            if data.get(name) is not None:
                found.append((marked, f"/{name}", data, name))
            continue
        for pointer, holder, name in _places(data, marked.path, ""):
            if holder[name] is not None:
                found.append((marked, pointer, holder, name))
    return found


def _places(node: Any, path: Sequence[str], at: str) -> Iterator[tuple[str, Any, Any]]:
    """Every (pointer, holder, name or index) that a path leads to in the data."""
    head, rest = path[0], path[1:]
    if head == "*":
        names: Sequence[Any] = range(len(node)) if isinstance(node, list) else ()
    else:
        names = (head,) if isinstance(node, dict) and head in node else ()
    for name in names:
        pointer = f"{at}/{name}"
        if rest:
            yield from _places(node[name], rest, pointer)
        else:
            yield pointer, node, name


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and "$s" in value


def _clear(pointer: str) -> Fault:
    return Fault(pointer, "Send the clear value; Answerback seals it.")
