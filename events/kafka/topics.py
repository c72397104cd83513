"""The topics of an installation: made once by ``init``, and checked by whoever opens them.

A topic's number of partitions never changes: that would move keys to other partitions. It is never
compacted: the key is a person, of whom one event would be left. Its times are the broker's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from events.cursor import TOPICS
from events.kafka.broker import Broker
from schemas.catalogue import Topic
from schemas.errors import LogUnavailable, SettingsInvalid

LARGEST_RECORD = 2 * 1024 * 1024
MOST_PARTITIONS = 256  # a position as one integer has eight bits for it (``places``)
DEAD_LETTERS = "answerback.dead-letter.v1"

_SETTLE_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05

_TIMES = "message.timestamp.type"
_RETENTION = "retention.ms"
_BROKERS, _GIVEN = "LogAppendTime", "CreateTime"
_FIXED = {
    "cleanup.policy": "delete",
    _TIMES: _BROKERS,
    "max.message.bytes": str(LARGEST_RECORD),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What the topics are made like. ``retention_days`` of None keeps everything; decisions are
    kept in any case, since they are few and every process begins by reading them.

    ``prefix`` tells installations apart that share a cluster. ``generation`` is 1 until the log is
    carried over to topics with another number of partitions, and one more each time it is.
    """

    partitions: int = 64
    replicas: int = 3
    retention_days: int | None = None
    prefix: str = ""
    generation: int = 1

    def name(self, topic: Topic | str) -> str:
        """What Kafka calls a topic."""
        return f"{self.prefix}{topic.removesuffix('.v1')}.v{self.generation}"

    @property
    def names(self) -> list[str]:
        """All topics, by Kafka's names."""
        return [self.name(topic) for topic in (*TOPICS, DEAD_LETTERS)]

    @property
    def topics(self) -> dict[str, Topic]:
        """By Kafka's names, the topics of the log."""
        return {self.name(topic): topic for topic in TOPICS}

    def configuration(self, name: str) -> dict[str, str]:
        """A topic's settings. An acknowledged record is on two brokers wherever there are two."""
        days = None if name == self.name(Topic.DECISIONS) else self.retention_days
        return {
            **_FIXED,
            _RETENTION: "-1" if days is None else str(days * 86_400_000),
            "min.insync.replicas": str(min(2, self.replicas)),
        }


def create(broker: Broker, layout: Layout) -> list[str]:
    """Make the topics that are missing and check the rest; answers the names of those made.

    Raises ``SettingsInvalid`` if what is there differs, ``LogUnavailable`` if no broker answers.
    """
    if not 1 <= layout.partitions <= MOST_PARTITIONS:
        raise SettingsInvalid(
            f"A topic may have 1 to {MOST_PARTITIONS} partitions, not {layout.partitions}."
        )
    with broker.reached(), broker.opened(KafkaAdminClient) as admin:
        there = set(admin.list_topics())
        missing = [name for name in layout.names if name not in there]
        if missing:
            _make(admin, layout, missing, given={})
        _check(admin, layout, _FIXED)
    return missing


def check(broker: Broker, layout: Layout) -> None:
    """Make sure that the topics are there and as they must be. Raises as ``create`` does."""
    with broker.reached(), broker.opened(KafkaAdminClient) as admin:
        _check(admin, layout, _FIXED)


def begin_filling(broker: Broker, layout: Layout) -> None:
    """Make topics that take a copy of another log, or make sure that they still are such.

    Raises ``SettingsInvalid`` if they are in use, ``LogUnavailable`` if no broker answers.
    """
    with broker.reached(), broker.opened(KafkaAdminClient) as admin:
        there = set(admin.list_topics())
        missing = [name for name in layout.names if name not in there]
        if missing:
            # Retention counts from a record's time: it would remove old records under the copy.
            given = {_TIMES: _GIVEN, _RETENTION: "-1"}
            _make(admin, layout, missing, given)
        _check(admin, layout, {**_FIXED, _TIMES: _GIVEN})


def end_filling(broker: Broker, layout: Layout) -> None:
    """From now on the topics' times are the brokers'."""
    with broker.reached(), broker.opened(KafkaAdminClient) as admin:
        admin.alter_configs([
            ConfigResource(ConfigResourceType.TOPIC, name, _final(layout, name))
            for name in layout.names
        ])  # fmt: skip
        _await(lambda: _check(admin, layout, _FIXED))


def _final(layout: Layout, name: str) -> dict[str, str]:
    return {_TIMES: _BROKERS, _RETENTION: layout.configuration(name)[_RETENTION]}


def _await(check: Callable[[], None]) -> None:
    """Brokers learn of a change of settings a moment later."""
    gives_up = time.monotonic() + _SETTLE_SECONDS
    while True:
        try:
            return check()
        except SettingsInvalid:
            if time.monotonic() > gives_up:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


def _make(admin: Any, layout: Layout, names: list[str], given: Mapping[str, str]) -> None:
    """Make topics, with some settings other than theirs."""
    wanted = {
        name: {
            "num_partitions": layout.partitions,
            "replication_factor": layout.replicas,
            "configs": {**layout.configuration(name), **given},
        }
        for name in names
    }
    made = admin.create_topics(wanted, raise_errors=False)
    for topic in made["topics"]:
        if topic["error_code"] not in (
            0,
            TopicAlreadyExistsError.errno,
        ):  # another init was quicker
            raise SettingsInvalid(f"Kafka does not make {topic['name']}: {topic['error_message']}")
    admin.wait_for_topics(names)


def _check(admin: Any, layout: Layout, wanted: Mapping[str, str]) -> None:
    there = set(admin.list_topics())
    missing = [name for name in layout.names if name not in there]
    if missing:
        raise SettingsInvalid(
            f"Kafka lacks {', '.join(missing)}. Make the topics with 'answerback init'."
        )
    found = {topic["name"]: len(topic["partitions"]) for topic in _described(admin, layout)}
    differing = {name: n for name, n in found.items() if n != layout.partitions}
    if differing:
        told = ", ".join(f"{name} has {n}" for name, n in sorted(differing.items()))
        raise SettingsInvalid(
            f"The topics must have {layout.partitions} partitions each, but {told}. Other numbers "
            "move keys: set the number they were made with, or carry the log over to new topics."
        )
    _check_settings(admin, layout, wanted)


def _described(admin: Any, layout: Layout) -> list[Mapping[str, Any]]:
    described: list[Mapping[str, Any]] = admin.describe_topics(layout.names)
    return described


def _check_settings(admin: Any, layout: Layout, fixed: Mapping[str, str]) -> None:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in layout.names]
    answers = admin.describe_configs(asked, config_filter="all")
    settings: Mapping[str, Mapping[str, Any]] = answers.get("topic", {})
    for name in layout.names:
        if name not in settings:
            raise LogUnavailable(f"Kafka does not tell the settings of {name}.")
        for key, wanted in fixed.items():
            actual = settings[name][key]["value"]
            if actual != wanted:
                raise SettingsInvalid(_differing(name, key, actual, wanted))


def _differing(name: str, key: str, actual: str, wanted: str) -> str:
    if (key, actual) == (_TIMES, _GIVEN):
        return (
            f"Topic {name} has {key}={actual}: a copy of a log into it has not ended. "
            "Run 'answerback copy-log' again."
        )
    if (key, wanted) == (_TIMES, _GIVEN):
        return f"Topic {name} is in use; a log is copied into new topics only."
    return (
        f"Topic {name} has {key}={actual}; Answerback needs {wanted}, or events would be lost or "
        "misdated. Change the topic's setting."
    )
