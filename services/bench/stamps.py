"""How one template of a request becomes millions of different ones.

Where a template tells of itself it holds ``REQUEST``, and where it tells of people and messages,
``BLOCK``. Both are hex digits, so that a template is valid as it stands, and whoever uses it puts
eight others in their places: one replacement of text, instead of making events anew.
"""

from __future__ import annotations

REQUEST = "5e9ce5ed"
BLOCK = "b10cb10c"


def stamped(template: bytes, request: int, blocks: int) -> bytes:
    """The template as request number ``request``; its length stays the same."""
    one = template.replace(REQUEST.encode(), b"%08x" % request)
    return one.replace(BLOCK.encode(), b"%08x" % (request % blocks))
