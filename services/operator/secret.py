"""The secret of the operator's door: a file that only the server's own user can read."""

from __future__ import annotations

from pathlib import Path

from schemas.clock import RandomBytes
from schemas.durable import write_whole

FILE = "operator.key"


def make_secret(folder: Path, random: RandomBytes) -> str:
    """A new secret, in place of that of an earlier start."""
    secret = random(32).hex()
    write_whole(folder / FILE, secret.encode())
    return secret


def read_secret(folder: Path) -> str:
    """The secret of the server that runs now."""
    return (folder / FILE).read_text("ascii").strip()
