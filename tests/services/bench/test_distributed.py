"""The benches of the distributed mode, on a broker, PostgreSQL and the wire."""

from __future__ import annotations

import pytest

from services.bench.kafka_append import CASES, CEILINGS
from services.bench.worker import CEILINGS as READERS
from services.bench.worker import OURS
from services.settings import PREFIX
from tests.services.bench.shape import check_shape
from tests.support.distributed import MASTER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def stores(monkeypatch, kafka, new_database, clickhouse) -> None:
    """The settings name the stores of these tests."""
    named = {
        "MODE": "distributed", "KAFKA_SERVERS": kafka.bootstrap, "KAFKA_REPLICAS": "1",
        "KAFKA_PARTITIONS": "4", "POSTGRES_URL": new_database(), "MASTER_KEY": MASTER,
        "CLICKHOUSE_URL": f"clickhouse://{clickhouse.user}@{clickhouse.host}:{clickhouse.port}/none",
    }  # fmt: skip
    for name, value in named.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)


def test_kafka_append_counts_what_is_in_the_topics(bench):
    report = bench("kafka-append", "--events", "500")
    pairs = [(case.name, words) for words, _ in CEILINGS for case in CASES]
    check_shape(report, [f"{name}, beside {words}" for name, words in pairs])


def test_worker_is_measured_beside_bare_readers(bench):
    report = bench("worker", "--events", "12000")
    names = [f"{ours}, beside {theirs}" for ours in OURS for theirs in READERS]
    check_shape(report, [f"{n}{more}" for n in names for more in ("", ", by processor time")])
