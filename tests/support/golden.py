"""Golden records: the stored bytes of every (type, version) ever shipped.

``python -m tests.support.golden --write-missing`` makes the files that are not there yet. It never
touches one that is: those bytes lie in people's logs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson

from events.codec import decode, encode
from events.compose import Composer, Draft
from events.log import Record, StoredRecord
from events.sealing import Sealer
from events.vault_memory import MemoryVault
from schemas.catalogue import EventType, KeyRule, Topic, load_all
from schemas.envelope import Derivation, Event, Position, Stream
from schemas.ids import named_id
from schemas.instants import Instant, Precision
from tests.support.clock import MORNING, SettableClock
from tests.support.examples import EXAMPLES
from tests.support.randomness import seeded

FOLDER = Path(__file__).parents[1] / "golden"
RECORDED_AT = MORNING + 250


@dataclass(frozen=True, slots=True)
class Golden:
    """A record as a golden file holds it; ``head`` and ``data`` are its exact bytes."""

    topic: str
    type: str
    key: str
    event_id: str
    digest: str
    head: str
    data: str

    @classmethod
    def of(cls, record: Record) -> Golden:
        """The golden form of a record."""
        return cls(
            topic=record.topic.value,
            type=record.type,
            key=record.key,
            event_id=str(record.event_id),
            digest=record.digest.hex(),
            head=record.head.decode(),
            data=record.data.decode(),
        )

    @classmethod
    def read(cls, path: Path) -> Golden:
        """The golden form in a file."""
        return cls(**orjson.loads(path.read_bytes()))

    def write(self) -> Path:
        """Write the file of this record; refuse to write over one."""
        path = FOLDER / f"{self.type}.json"
        with path.open("xb") as file:
            file.write(orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return path

    def stored(self) -> StoredRecord:
        """The record as a log would hand it over."""
        return StoredRecord(
            position=Position(Topic(self.topic), 1, 7),
            recorded_at=RECORDED_AT,
            key=self.key,
            event_id=UUID(self.event_id),
            type=self.type,
            head=self.head.encode(),
            data=self.data.encode(),
        )

    def event(self) -> Event:
        """The event in it."""
        return decode(self.stored())


def made(kind: EventType) -> Record:
    """What today's code makes of the example of a type."""
    composer = Composer(Sealer(MemoryVault(seeded(2026))), SettableClock())
    (envelope,) = composer.compose([draft(kind)])
    return encode(envelope)


def draft(kind: EventType) -> Draft:
    """The example of a type with every attribute that its origin has."""
    topic = next(topic for topic in Topic if topic in kind.origins)
    id_of = f"{topic.value}|{kind.name}"
    fact, decision = topic is Topic.FACTS, topic is Topic.DECISIONS
    concluded = topic is Topic.DERIVED
    return Draft(
        kind=kind,
        topic=topic,
        workspace="demo",
        producer="golden|source",
        event_id=named_id("demo", "golden", id_of),
        payload=kind.model.model_validate_json(orjson.dumps(EXAMPLES[kind.name])),
        received_at=Instant(MORNING),
        time=Instant(MORNING - 61_001),
        precision=Precision.SECOND if fact else Precision.MILLISECOND,
        source_time="2026-10-14T16:45:39+0000" if fact else None,
        recipient=named_id("golden", "recipient") if fact else None,
        key_name=None if kind.key in {KeyRule.SUBJECT, KeyRule.WORKSPACE} else "aggregate",
        stream=Stream(kind.stream, "golden:1") if decision and kind.stream else None,
        version=3 if decision and kind.stream else None,
        external_id="evt-Łódź-1" if fact else None,
        source_seq=0 if fact else None,
        actor="Zofia" if decision else None,
        causation_id=named_id("golden", "cause") if concluded else None,
        correlation_id=named_id("golden", "correlation") if decision else None,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" if fact else None,
        batch_id=named_id("golden", "batch") if fact else None,
        subject=Stream("contact", str(named_id("golden", "contact"))) if fact else None,
        visitor_id=named_id("golden", "visitor") if fact else None,
        campaign_id=named_id("golden", "campaign"),
        derived=Derivation("golden", 2, 5) if concluded else None,
        flags=("expired", "test_flag") if fact else (),
        test=fact,
    )


def main(arguments: list[str]) -> int:
    """Write the golden files that are missing."""
    if arguments != ["--write-missing"]:
        sys.stderr.write("Usage: python -m tests.support.golden --write-missing\n")
        return 2
    catalogue = load_all()
    for kind in catalogue:
        newest = kind.version == catalogue.newest(kind.name).version
        if newest and not (FOLDER / f"{kind.wire}.json").exists():
            sys.stdout.write(f"{Golden.of(made(kind)).write()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
