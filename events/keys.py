"""Keys and partitions: the same request always lands in the same place."""

from __future__ import annotations

import zlib


def key_of(workspace: str, name: object) -> str:
    """The key of an event: its workspace, a colon, and what it is keyed by."""
    return f"{workspace}:{name}"


def partition_of(key: str, partitions: int) -> int:
    """The partition a key lies in, for a number of partitions that never changes."""
    return zlib.crc32(key.encode()) % partitions
