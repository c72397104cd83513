"""One example of every event type, in its door form: what golden records are made of.

A golden record never changes, so an example may only be changed before its type is first shipped.
"""

from __future__ import annotations

from tests.support.example_decisions import DECISIONS
from tests.support.example_facts import FACTS
from tests.support.example_values import Data

EXAMPLES: dict[str, Data] = {**FACTS, **DECISIONS}
