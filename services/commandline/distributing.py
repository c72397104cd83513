"""``answerback init`` and ``answerback copy-log``."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import AbstractContextManager

from events.copying import Source, Step, Target, carry_over
from schemas.clock import system_clock
from services.commandline.terminal import Terminal
from services.settings import PREFIX, Settings, load_settings

_SECONDS = 1.0


def init(arguments: Namespace, terminal: Terminal) -> int:
    """Make topics, tables and databases, or make sure that they are as they must be."""
    from services.distributed.making import make_stores, make_topics  # noqa: PLC0415 - drivers

    settings = load_settings()
    make_topics(settings, terminal.tell)
    if not arguments.topics:
        make_stores(settings, terminal.tell)
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
    from services.distributed.carrying import (  # noqa: PLC0415 - drivers
        from_folder,
        to_more_partitions,
    )

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
