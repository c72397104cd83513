"""How many events a second are composed: sealed, keyed, and digested.

``python -m tests.bench.sealing`` prints one line per case. A contact has two names, a mail address
and a telephone number: four sealed values and two hashes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

from events.codec import encode
from events.compose import Composer, Draft
from events.sealing import Sealer
from events.vault_sqlite import SqliteVault
from schemas.catalogue import Topic, load_all
from schemas.clock import random_id, system_clock, system_random

ROUNDS = 5
BATCH = 1000


def drafts(count: int) -> list[Draft]:
    """Contacts that nobody has heard of."""
    return [contact(number) for number in range(count)]


def contact(number: int) -> Draft:
    kind = load_all().newest("contact.created")
    made = random_id(system_random)
    changes = {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": [f"{made.hex}@example.com"],
        "mobile": f"+4477009{number % 100_000:05d}",
    }
    return Draft(
        kind=kind,
        topic=Topic.FACTS,
        workspace="demo",
        producer="bench",
        event_id=made,
        payload=kind.model.model_validate({"id": str(made), "changes": changes}),
        received_at=system_clock(),
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        vault = SqliteVault(Path(name) / "vault.db", bytes(32), system_random)
        composer = Composer(Sealer(vault), system_clock)
        batches = [drafts(BATCH) for _ in range(ROUNDS)]
        new = seconds_of(composer, batches)
        known = seconds_of(composer, batches)
        envelopes = composer.compose(batches[0])
        start = perf_counter()
        for envelope in envelopes:
            encode(envelope)
        encoded = perf_counter() - start
        vault.close()
    for title, count, spent in (
        ("contacts composed, keys to be made", ROUNDS * BATCH, new),
        ("contacts composed, keys known", ROUNDS * BATCH, known),
        ("envelopes encoded", BATCH, encoded),
    ):
        sys.stdout.write(f"{title:<40}{count / spent:>10,.0f} a second\n")


def seconds_of(composer: Composer, batches: list[list[Draft]]) -> float:
    """The time to compose all batches."""
    start = perf_counter()
    for some in batches:
        composer.compose(some)
    return perf_counter() - start


if __name__ == "__main__":
    main()
