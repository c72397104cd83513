"""Topics are made as they must be, and what differs is refused with the reason."""

from __future__ import annotations

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from events.kafka.broker import Broker
from events.kafka.topics import DEAD_LETTERS, Layout, check, create
from schemas.catalogue import Topic
from schemas.errors import SettingsInvalid
from tests.support.waiting import until


def settings(broker: Broker, name: str) -> dict[str, str]:
    with broker.opened(KafkaAdminClient) as admin:
        asked = [ConfigResource(ConfigResourceType.TOPIC, name)]
        answers = admin.describe_configs(asked, config_filter="all")
    return {key: told["value"] for key, told in answers["topic"][name].items()}


def change(broker: Broker, name: str, **configuration: str) -> None:
    changed = {key.replace("_", "."): value for key, value in configuration.items()}
    with broker.opened(KafkaAdminClient) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    until(lambda: changed.items() <= settings(broker, name).items())


def test_names_are_those_of_the_contract() -> None:
    assert Layout().names == [*Topic, DEAD_LETTERS]
    assert Layout(generation=2).name(Topic.FACTS) == "answerback.facts.v2"


def test_topics_keep_everything_unless_told_otherwise(broker: Broker, layout: Layout) -> None:
    for name in layout.names:
        told = settings(broker, name)
        assert told["cleanup.policy"] == "delete"
        assert told["message.timestamp.type"] == "LogAppendTime"
        assert told["retention.ms"] == "-1"


def test_retention_is_days(broker: Broker) -> None:
    layout = Layout(partitions=1, replicas=1, retention_days=30, prefix="retained.")
    create(broker, layout)
    assert settings(broker, layout.name(Topic.FACTS))["retention.ms"] == str(30 * 86_400_000)
    # Every process begins by reading all decisions.
    assert settings(broker, layout.name(Topic.DECISIONS))["retention.ms"] == "-1"


def test_making_them_again_makes_nothing(broker: Broker, layout: Layout) -> None:
    assert create(broker, layout) == []


def test_what_is_missing_is_made(broker: Broker, layout: Layout) -> None:
    lost = layout.name(Topic.DERIVED)
    with broker.opened(KafkaAdminClient) as admin:
        admin.delete_topics([lost])
        until(lambda: lost not in admin.list_topics())
    with pytest.raises(SettingsInvalid, match=f"lacks {lost}.*answerback init"):
        check(broker, layout)
    assert create(broker, layout) == [lost]
    check(broker, layout)


@pytest.mark.parametrize(
    ("key", "value"), [("cleanup_policy", "compact"), ("message_timestamp_type", "CreateTime")]
)
def test_a_topic_that_would_lose_or_misdate_events_is_refused(
    broker: Broker, layout: Layout, key: str, value: str
) -> None:
    change(broker, layout.name(Topic.FACTS), **{key: value})
    with pytest.raises(SettingsInvalid, match=f"has {key.replace('_', '.')}={value}"):
        check(broker, layout)


def test_another_number_of_partitions_is_refused(broker: Broker, layout: Layout) -> None:
    other = Layout(partitions=5, replicas=1, prefix=layout.prefix)
    with pytest.raises(SettingsInvalid, match="must have 5 partitions each"):
        create(broker, other)


@pytest.mark.parametrize("partitions", [0, 257])
def test_a_number_of_partitions_out_of_bounds_is_refused(broker: Broker, partitions: int) -> None:
    with pytest.raises(SettingsInvalid, match="1 to 256 partitions"):
        create(broker, Layout(partitions=partitions))


def test_more_replicas_than_brokers_are_refused(broker: Broker) -> None:
    with pytest.raises(SettingsInvalid, match="replication"):
        create(broker, Layout(partitions=1, replicas=3, prefix="many."))
