"""``answerback init`` and ``answerback copy-log``."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import AbstractContextManager

from events.copying import Source, Step, Target, carry_over
from schemas.clock import system_clock
from services.commandline.terminal import Terminal
from services.distributed import from_folder, make_topics, to_more_partitions
from services.settings import PREFIX, Settings, load_settings

_SECONDS = 1.0


def init(_arguments: Namespace, terminal: Terminal) -> int:
    """Make the topics, or make sure that they are as they must be."""
    settings = load_settings()
    made = make_topics(settings)
    for name in made:
        terminal.tell(f"{name}: made, {settings.kafka_partitions} partitions")
    if not made:
        terminal.tell(f"The topics at {settings.kafka_servers} are there, and as they must be.")
    return 0


def copy_log(arguments: Namespace, terminal: Terminal) -> int:
    """Carry a log over to Kafka, or the one on Kafka over to topics with other partitions."""
    settings = load_settings()
    with _logs(settings, arguments.to_partitions) as (source, target):
        digests = carry_over(source, target, _Progress(terminal))
    terminal.table(
        [
            ("TOPIC", "RECORDS", "DIGEST"),
            *((one.topic, f"{one.records:,}", one.digest) for one in digests),
        ]
    )
    if arguments.to_partitions is not None:
        terminal.note(
            f"Now set {PREFIX}KAFKA_GENERATION={settings.kafka_generation + 1} and "
            f"{PREFIX}KAFKA_PARTITIONS={arguments.to_partitions}."
        )
    return 0


def _logs(
    settings: Settings, partitions: int | None
) -> AbstractContextManager[tuple[Source, Target]]:
    if partitions is None:
        return from_folder(settings, clock=system_clock)
    return to_more_partitions(settings, partitions)


class _Progress:
    """Tells how far a copy is, once a second, and when each part has ended."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._told_at = time.monotonic()

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if now - self._told_at >= _SECONDS or step.done == step.total:
            self._told_at = now
            self._terminal.note(f"{step.doing} {step.done:,} of {step.total:,} records")
