"""What the rows of a file can be."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["contacts", "accounts", "leads", "sends", "responses", "orders"]
KINDS: tuple[str, ...] = get_args(Kind)
