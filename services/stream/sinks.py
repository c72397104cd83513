"""What a worker may follow, each with a group of its own."""

from __future__ import annotations

SINKS = ("rows", "columns")
