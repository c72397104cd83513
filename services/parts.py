"""The parts a running Answerback is made of. ``bootstrap`` chooses them; services only use them."""

from __future__ import annotations

from dataclasses import dataclass, field

from events.compose import Composer
from events.gate import Gate
from events.log import OwnedLog
from events.raw import NoRawBodies, RawBodies
from events.sealing import Sealer
from events.vault import Vault
from projections.letters import Letters
from projections.reading.reads import Reads
from projections.replay.replays import Replays
from schemas.clock import Clock, RandomBytes
from services.access import Access
from services.backup.taking import Backups
from services.keepsake import Keepsake
from services.reference import Reference
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the doors need, by port."""

    settings: Settings
    clock: Clock
    random: RandomBytes
    log: OwnedLog
    gate: Gate
    vault: Vault
    sealer: Sealer
    composer: Composer
    access: Access
    reference: Reference
    reads: Reads
    rings_file: Keepsake = Keepsake()
    backups: Backups | None = None
    letters: Letters | None = None
    replays: Replays | None = None
    raw: RawBodies = field(default_factory=NoRawBodies)
