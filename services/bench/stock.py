"""Records of a mix in any number, as the door for events stores them.

A few thousand go through the door's own parts; all others are copies with other ids, which costs
microseconds each instead of the time of a request.
"""

from __future__ import annotations

from collections.abc import Sequence

from events.compose import Composer
from events.log import EventLog, Record
from events.sealing import Sealer
from events.vault import Vault
from schemas.clock import Clock
from schemas.errors import MeasurementSpoiled
from schemas.ids import named_id
from services.access import Principal, Scope
from services.bench.happenings import (
    BATCH,
    SOME_CAMPAIGN,
    Campaign,
    Happenings,
    block_count,
    people_of_block,
)
from services.bench.mix import Mix
from services.bench.rounds import Note
from services.bench.stamps import BLOCK, REQUEST
from services.collector.batch import Batches
from services.collector.intake import Intake
from services.collector.privacy import Privacy
from services.collector.undone import UndoneBatches
from services.reference import Reference

TEMPLATES = 64
_LARGEST_EVENT = 64 << 10
_CALL = 5_000  # records in one append
_KEYS_AT_ONCE = 5_000
_TOLD_EVERY = 500_000


class Stock:
    """Makes the records of request number 0, 1, 2 ... of a mix."""

    def __init__(
        self, mix: Mix, log: EventLog, vault: Vault, clock: Clock, workspace: str,
        campaign: Campaign = SOME_CAMPAIGN,
    ) -> None:  # fmt: skip
        self._workspace = workspace
        self._blocks = block_count(mix)
        intake = Intake(Reference(log), Privacy(), _LARGEST_EVENT)
        batches = Batches(intake, Composer(Sealer(vault), clock), UndoneBatches(lambda *_: False))
        principal = Principal(workspace, "bench", "bench", frozenset((Scope.WRITE,)))
        happenings = Happenings(mix, clock(), campaign)
        self._templates: list[list[Record]] = []
        for _ in range(TEMPLATES):
            batch = batches.make(principal, happenings.batch(), clock())
            if batch.rejected:
                raise MeasurementSpoiled(f"The mix makes wrong events: {batch.rejected[0]}.")
            self._templates.append([batch.records[place] for place in batch.kinds])

    def request(self, number: int) -> list[Record]:
        """The records of one request of ``BATCH`` events."""
        one, block = f"{number:08x}", f"{number % self._blocks:08x}"
        words = ((REQUEST.encode(), one.encode()), (BLOCK.encode(), block.encode()))
        template = self._templates[number % TEMPLATES]
        return [
            record._replace(
                key=record.key.replace(BLOCK, block),
                event_id=named_id(self._workspace, number, place),
                head=_stamped(record.head, words),
                data=_stamped(record.data, words),
            )
            for place, record in enumerate(template)
        ]


def _stamped(text: bytes, words: Sequence[tuple[bytes, bytes]]) -> bytes:
    for word, value in words:
        text = text.replace(word, value)
    return text


def fill(log: EventLog, stock: Stock, events: int, note: Note, first: int = 0) -> int:
    """Append whole requests until there are this many events; answers the next request's number."""
    waiting: list[Record] = []
    last = first - (-events // BATCH)
    for number in range(first, last):
        waiting += stock.request(number)
        if len(waiting) >= _CALL or number == last - 1:
            log.append(waiting).result()
            waiting = []
        stored = (number + 1 - first) * BATCH
        if stored % _TOLD_EVERY == 0:
            note(f"{stored:,} of {events:,} events stored")
    return last


def make_keys(vault: Vault, mix: Mix, workspace: str, blocks: int) -> int:
    """Make the keys of the people of the first blocks; answers how many there are.

    Who has been written to before has a key: a new one for each would be another measurement.
    """
    names: list[str] = []
    count = 0
    for block in range(min(blocks, block_count(mix))):
        names += people_of_block(block)
        if len(names) >= _KEYS_AT_ONCE:
            count += len(vault.subject_keys(workspace, names))
            names = []
    return count + len(vault.subject_keys(workspace, names))
