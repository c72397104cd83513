"""Fixtures: a plugin of pytest, so that one broker serves all test modules of a process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from events.kafka.broker import Broker
from events.kafka.topics import Layout, create
from tests.support.kafka.cluster import Cluster, running
from tests.support.kafka.jars import NoBroker, jars

_installations = itertools.count(1)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running broker. Where there can be none, its tests skip and say why."""
    try:
        parts = jars()
    except NoBroker as reason:
        pytest.skip(str(reason))
    with running(tmp_path_factory.mktemp("kafka"), parts) as cluster:
        yield cluster


@pytest.fixture
def broker(kafka: Cluster) -> Broker:
    """How to reach it."""
    return Broker(kafka.bootstrap)


@pytest.fixture
def layout(broker: Broker) -> Layout:
    """Topics of the test's own, four partitions each."""
    made = Layout(partitions=4, replicas=1, prefix=f"test-{next(_installations)}.")
    create(broker, made)
    return made
