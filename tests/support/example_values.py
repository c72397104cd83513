"""What the examples of event types are made of: ids, money, and a way to say one thing for many."""

from __future__ import annotations

from typing import Any

ACTIVITY = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a01"
BATCH = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a02"
CAMPAIGN = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a03"
CONTACT = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a04"
CONTENT = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a05"
FORM = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a06"
LEAD = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a07"
MESSAGE = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a08"
RESPONSE = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a09"
RULE = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a0a"
LIST = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a0b"
USER = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a0b"
VISITOR = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a0c"
OTHER = "3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a0d"

Data = dict[str, Any]


def same(names: str, data: Data) -> dict[str, Data]:
    """One example for several types."""
    return dict.fromkeys(names.split(), data)


EUROS: Data = {"amount": "1250.50", "currency": "EUR", "rate": "1.0831"}
