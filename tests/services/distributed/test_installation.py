"""An event's way through all processes of the distributed mode, and what each does when it ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from kafka import KafkaAdminClient, TopicPartition

from events.cursor import Cursor
from events.kafka.broker import Broker
from events.kafka.topics import Layout
from projections.progress import cursor_of
from projections.stores.clickhouse import Server
from tests.support.distributed import Installation
from tests.support.kafka.cluster import Cluster
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def installation(
    kafka: Cluster, new_database: Callable[[], str], clickhouse: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:  # fmt: skip
    columns = f"clickhouse://{clickhouse.user}@{clickhouse.host}:{clickhouse.port}/installation"
    folder = tmp_path_factory.mktemp("installation")
    made = Installation(folder, kafka.bootstrap, new_database(), columns, KAFKA_PREFIX="whole.")
    with made:
        made.run("init")
        made.run("workspace", "create", "demo")
        for name in ("collector", "api", "relay"):
            made.add(name)
        for name in ("worker-1", "worker-2"):
            made.add(name, "worker")
        made.wait()
        yield made


@pytest.fixture(scope="module")
def key(installation: Installation) -> str:
    told = installation.run("key", "create", "demo", "tests", "--scope", "admin")
    secret = next(word for word in told.split() if word.startswith("ab_"))
    # A key that another process has made is known within a second.
    doors = (("collector", "POST", "/v1/events"), ("api", "GET", "/api/v1/responses"))
    for name, method, path in doors:
        address = f"{installation.processes[name].address}{path}"
        until(partial(_is_known, secret, method, address))
    return secret


def _is_known(secret: str, method: str, address: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    reply = httpx.request(method, address, headers=headers, timeout=30)
    return reply.status_code != 401


@pytest.fixture(scope="module")
def ask(installation: Installation, key: str) -> Iterator[Callable[..., httpx.Response]]:
    """Asks a process."""
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:

        def call(name: str, method: str, path: str, **more: Any) -> httpx.Response:
            address = installation.processes[name].address
            return client.request(method, f"{address}{path}", **more)

        yield call


Ask = Callable[..., httpx.Response]


@pytest.fixture
def rows(installation: Installation) -> Iterator[sa.Engine]:
    engine = sa.create_engine(installation.settings["POSTGRES_URL"])
    yield engine
    engine.dispose()


def tracked(name: str, number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"{name}-{number}", "source": "tests",
        "type": "shop.visited", "data": {"number": number},
    }  # fmt: skip


def test_a_decision_waits_is_relayed_and_read(ask: Ask) -> None:
    made = ask(
        "api", "POST", "/api/v1/campaigns", json={"name": "Spring", "code": "SPRING"},
        headers={"Idempotency-Key": "spring"},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["position"].startswith("pending:"), told
    again = ask(
        "api", "POST", "/api/v1/campaigns", json={"name": "Spring", "code": "SPRING"},
        headers={"Idempotency-Key": "spring"},
    )  # fmt: skip
    assert again.json() == told
    reply = ask("api", "GET", "/api/v1/responses", params={"min_position": told["position"]})
    assert reply.status_code == 200, reply.text


def test_events_reach_the_columns_once(ask: Ask, installation: Installation) -> None:
    batch = [tracked("once", n) for n in range(300)]
    for _ in range(2):
        reply = ask("collector", "POST", "/v1/events", json=batch)
        assert reply.status_code == 202, reply.text
    position = reply.json()["position"]
    assert reply.json()["duplicates"] == 300, reply.json()
    until(lambda: ask("api", "GET", "/api/v1/responses",
                      params={"min_position": position}).status_code == 200)  # fmt: skip


def test_a_list_follows_the_events_and_its_members_are_written_to(ask: Ask) -> None:
    people = [str(uuid4()) for _ in range(5)]
    batch = [
        {"specversion": "1.0", "id": f"met-{name}", "source": "tests", "type": "contact.created",
         "data": {"id": name, "changes": {"city": "Gdynia" if n < 3 else "Sopot",
                                          "email": [f"person{n}@example.com"]}}}
        for n, name in enumerate(people)
    ]  # fmt: skip
    assert ask("collector", "POST", "/v1/events", json=batch).json()["accepted"] == 5
    made = _done(ask, "/lists", {"name": "Coast", "kind": "dynamic", "member_type": "contact"})
    path = f"/api/v1/lists/{made['list_id']}"
    rule = {"v": 1, "member": "contact", "tz": "UTC",
            "where": {"field": "city", "op": "eq", "value": "Gdynia"}}  # fmt: skip
    _done(ask, f"/lists/{made['list_id']}/rule", rule)
    until(lambda: ask("api", "GET", path).json()["member_count"] == 3, 60)
    assert {m["member"] for m in ask("api", "GET", f"{path}/members").json()["data"]} == {
        *people[:3]
    }
    campaign = _done(ask, "/campaigns", {"name": "Coast", "goal": "awareness"})["campaign_id"]
    content = _done(ask, "/registries/content_version", {"name": "Letter"})["content_version_id"]
    planned = {"channel": "email", "list_ids": [made["list_id"]], "content_version_id": content}
    activity = _done(ask, f"/campaigns/{campaign}/activities", planned)["activity_id"]
    _done(ask, f"/activities/{activity}/schedule")
    _done(ask, f"/campaigns/{campaign}/approve")
    _done(ask, f"/campaigns/{campaign}/launch")
    _done(ask, f"/activities/{activity}/distribute")
    progress = f"/api/v1/activities/{activity}/distribution"
    until(lambda: ask("api", "GET", progress).json()["state"] == "done", 60)
    assert ask("api", "GET", progress).json()["prepared"] == 3
    outbox = f"/api/v1/activities/{activity}/outbox"
    until(lambda: len(ask("api", "GET", outbox).json()["data"]) == 3, 60)
    told = {one["address"] for one in ask("api", "GET", outbox).json()["data"]}
    assert told == {f"person{n}@example.com" for n in range(3)}
    kpis = f"/api/v1/campaigns/{campaign}/kpis"
    until(lambda: ask("api", "GET", kpis).json()["kpis"]["send_rate"]["denominator"] == 3, 60)


def _done(ask: Ask, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    reply = ask("api", "POST", f"/api/v1{path}", json=body or {},
                headers={"Idempotency-Key": str(uuid4())})  # fmt: skip
    assert reply.is_success, reply.text
    told: dict[str, Any] = reply.json()
    return told


def test_no_process_writes_where_it_was_started(ask: Ask, installation: Installation) -> None:
    for name, process in installation.processes.items():
        assert ask(name, "GET", "/livez").status_code == 200
        assert list(process.started_in.iterdir()) == [], name


def test_processes_say_how_they_are(ask: Ask) -> None:
    for name in ("collector", "api", "relay", "worker-1", "worker-2"):
        assert ask(name, "GET", "/livez").status_code == 200
    until(lambda: ask("api", "GET", "/readyz").status_code == 200)
    held = [_metric(ask, name, 'answerback_worker_partitions{projection="rows"}')
            for name in ("worker-1", "worker-2")]  # fmt: skip
    assert sorted(held) == [6, 6]
    assert _metric(ask, "collector", "answerback_spool_entries") == 0
    assert httpx.get(ask("relay", "GET", "/livez").url.join("/metrics")).status_code == 401


def _metric(ask: Ask, name: str, metric: str) -> float:
    reply = ask(name, "GET", "/metrics")
    assert reply.status_code == 200, reply.text
    return float(
        next(line for line in reply.text.splitlines() if line.startswith(metric)).split()[-1]
    )


def test_a_worker_that_is_killed_is_missed_and_its_places_are_taken(
    ask: Ask, installation: Installation
) -> None:
    installation.processes["worker-2"].kill()
    metric = 'answerback_worker_partitions{projection="rows"}'
    until(lambda: _metric(ask, "worker-1", metric) == 12, 120)
    reply = ask("collector", "POST", "/v1/events", json=[tracked("alone", n) for n in range(50)])
    position = reply.json()["position"]
    until(lambda: ask("api", "GET", "/api/v1/responses",
                      params={"min_position": position}).status_code == 200)  # fmt: skip


def test_a_sink_that_was_away_for_longer_than_the_retention_reads_the_journal(
    ask: Ask, installation: Installation, kafka: Cluster, rows: sa.Engine
) -> None:
    assert installation.processes["worker-1"].stop() == 0
    installation.add("columns", "worker", "--sink", "columns").wait()
    reply = ask("collector", "POST", "/v1/events", json=[tracked("late", n) for n in range(200)])
    position = Cursor.decode(reply.json()["position"])
    until(lambda: _stands(rows, "columns").reaches(position), 60)
    assert not _stands(rows, "rows").reaches(position)
    with Broker(kafka.bootstrap).opened(KafkaAdminClient) as admin:
        name = Layout(prefix="whole.").name
        admin.delete_records({TopicPartition(name(t), p): at for (t, p), at in position.items()})
    installation.add("rows", "worker", "--sink", "rows").wait()
    until(lambda: _stands(rows, "rows").reaches(position), 60)
    told = {"min_position": position.encode()}
    assert ask("api", "GET", "/api/v1/responses", params=told).status_code == 200


def _stands(rows: sa.Engine, sink: str) -> Cursor:
    with rows.begin() as connection:
        return cursor_of(connection, sink, 1)


def test_every_process_ends_well_when_it_is_asked(installation: Installation) -> None:
    for name in ("rows", "columns", "relay", "api", "collector"):
        process = installation.processes[name]
        assert process.stop() == 0, process.told()
