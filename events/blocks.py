"""Blocks: the records that one commit adds to one partition, packed into one value.

A row per record would cost a statement step per record, and each step hands the interpreter lock
to whoever waits: with blocks a commit of hundreds of records takes a few steps. The layout below is
on people's disks and never changes under its version.

Layout: one byte version, then per record a head of fixed size (``_HEAD``: flags, event id, digest,
and the lengths of what follows) and the type, key, head and data one after another.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from events.log import CopyIds, Record, StoredRecord, copy_ids
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import Unreadable
from schemas.ids import uuid_of

VERSION = 1
MOST_RECORDS = 512
MOST_BYTES = 1 << 20
NO_DIGEST = bytes(16)
_HEAD = struct.Struct("<B16s16sHHII")
_FRESH = 1


def pack(records: Sequence[Record]) -> list[tuple[int, bytes]]:
    """Records as blocks, each with how many are in it; bounded, so that reading one is cheap."""
    blocks: list[tuple[int, bytes]] = []
    parts: list[bytes] = []
    size = count = 0
    for record in records:
        packed = _pack_one(record)
        if count and (count == MOST_RECORDS or size + len(packed) > MOST_BYTES):
            blocks.append((count, b"".join((bytes((VERSION,)), *parts))))
            parts, size, count = [], 0, 0
        parts.append(packed)
        size += len(packed)
        count += 1
    if parts:
        blocks.append((count, b"".join((bytes((VERSION,)), *parts))))
    return blocks


def _pack_one(record: Record) -> bytes:
    _, key_text, event_id, kind_text, head, data, digest, fresh = record
    kind, key = kind_text.encode(), key_text.encode()
    sizes = _HEAD.pack(
        _FRESH if fresh else 0, event_id.bytes, digest or NO_DIGEST,
        len(kind), len(key), len(head), len(data),
    )  # fmt: skip
    return b"".join((sizes, kind, key, head, data))


def unpack(
    body: bytes, topic: Topic, partition: int, start: int, recorded_at: int, first: int, end: int
) -> Iterator[StoredRecord]:
    """The records of a block whose offsets lie in [first, end). ``start`` is the block's own.

    Raises ``Unreadable`` for a block that this version cannot read, or that is torn.
    """
    for offset, (at, sizes) in enumerate(_heads(body), start):
        if offset >= end:
            return
        if offset < first:
            continue
        _, raw, _, kind, key, head, data = sizes
        kind_end = at + kind
        key_end = kind_end + key
        head_end = key_end + head
        yield StoredRecord(
            Position(topic, partition, offset),
            recorded_at,
            body[kind_end:key_end].decode(),
            uuid_of(raw),
            body[at:kind_end].decode(),
            body[key_end:head_end],
            body[head_end : head_end + data],
        )


def ids(body: bytes) -> Iterator[tuple[CopyIds | bytes, bytes] | None]:
    """Copy ids and digest of every record in a block; ``None`` for those never looked up."""
    for at, (flags, raw, digest, kind, key, head, _) in _heads(body):
        start = at + kind + key
        named = copy_ids(uuid_of(raw), body[start : start + head])
        yield None if flags & _FRESH else (named, digest)


def _heads(body: bytes) -> Iterator[tuple[int, tuple[int, bytes, bytes, int, int, int, int]]]:
    if body[:1] != bytes((VERSION,)):
        raise Unreadable(f"A block of the log has the version {body[:1].hex() or 'of no bytes'}.")
    at, length = 1, len(body)
    while at < length:
        try:
            sizes = _HEAD.unpack_from(body, at)
        except struct.error:
            raise Unreadable("A block of the log ends too early.") from None
        at += _HEAD.size
        yield at, sizes
        at += sum(sizes[3:])
        if at > length:
            raise Unreadable("A block of the log ends too early.")
