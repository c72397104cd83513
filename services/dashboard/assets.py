"""The page's own files. Their address holds a digest of all of them, so a browser keeps them."""

from __future__ import annotations

import hashlib
from importlib.resources import files

KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def _content() -> dict[str, bytes]:
    folder = files("services.dashboard") / "static"
    found = {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file()}
    return {name: found[name] for name in sorted(found) if name.rpartition(".")[2] in KINDS}


CONTENT = _content()
"""Read once: the files are few and small, and a request must not name a path."""

DIGEST = hashlib.sha256(
    b"\0".join(name.encode() + b"\0" + content for name, content in CONTENT.items())
).hexdigest()[:16]


def address_of(name: str) -> str:
    """Where a file is served; another content has another address."""
    return f"/static/{DIGEST}/{name}"
