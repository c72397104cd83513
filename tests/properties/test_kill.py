"""Kill -9 at random moments: nothing acknowledged is lost or doubled, tables equal a rebuild."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from events.cursor import TOPICS
from events.sqlite import SqliteLog
from schemas.ids import event_id, message_id, named_id
from tests.support.campaign import BROWSER, CRAWLER, LINKS
from tests.support.clock import SettableClock
from tests.support.served import Served, make_key

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KILLS = 20
ACTIVITY = named_id("kill", "activity")
CONTENT = named_id("kill", "content")


def _cloud_event(name: str, kind: str, data: dict[str, Any], recipient: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": name, "source": "/tests", "type": kind,
        "time": "2026-11-01T12:00:00Z", "data": {**data, "ab_recipient": recipient},
    }  # fmt: skip


def _batch(number: int) -> list[dict[str, Any]]:
    """One person's mail, opened and clicked by someone, a form, an order."""
    recipient = str(named_id("kill", "person", number))
    message = str(message_id(ACTIVITY, named_id("kill", "person", number)))
    named = {"message_id": message, "provider": "p"}
    hit = {"ip": "192.0.2.7", "user_agent": BROWSER if number % 3 else CRAWLER}
    sent = {**named, "activity_id": str(ACTIVITY), "content_version_id": str(CONTENT),
            "provider_message_id": f"m{number}", "address": f"p{number}@example.com"}  # fmt: skip
    click = {**named, "link_id": LINKS[0], "link_kind": "content", "url": "https://example.com/",
             "hit": hit}  # fmt: skip
    form = {"form_id": str(named_id("kill", "form")), "url": "https://example.com/form",
            "hit": hit, "submission_id": f"s{number}", "fields": {"note": "hello"}}  # fmt: skip
    order = {"order_id": f"o{number}", "product_id": "x", "category": "y",
             "total": {"amount": "1", "currency": "EUR"}}  # fmt: skip
    told = {"id": recipient, "changes": {"email": [f"p{number}@example.com"], "first_name": "A"}}
    return [
        _cloud_event(f"{number}-{kind}", kind, data, recipient)
        for kind, data in (
            ("contact.created", told), ("email.sent", sent), ("email.delivered", named),
            ("email.opened", {**named, "hit": hit}), ("email.clicked", click),
            ("form.submitted", form), ("order.placed", order),
        )
    ]  # fmt: skip


class Sender:
    """Sends batches until told to stop, and remembers what was acknowledged."""

    def __init__(self, served: Served, key: str, numbers: Iterator[int]) -> None:
        self._served = served
        self._key = key
        self._numbers = numbers
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}",
                   "Content-Type": "application/cloudevents-batch+json"}  # fmt: skip
        with httpx.Client(headers=headers, timeout=10, trust_env=False) as client:
            while not self._stop.is_set():
                batch = [event for _ in range(10) for event in _batch(next(self._numbers))]
                try:
                    answer = client.post(f"{self._served.address}/v1/events", json=batch)
                except httpx.TransportError:
                    return  # the server is dead: what was not answered may or may not be stored
                assert answer.status_code == 202, answer.text
                assert answer.json()["rejected"] == []
                self.acknowledged += [event["id"] for event in batch]


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    moments = random.Random(20)  # noqa: S311 - the moments are to be the same in every run
    served = Served(tmp_path)
    key = make_key(served, "demo")
    numbers = itertools.count()
    acknowledged: list[str] = []
    for _ in range(KILLS):
        served.start()
        sender = Sender(served, key, numbers)
        time.sleep(moments.uniform(0.05, 1.5))
        served.kill()
        sender.stop()
        acknowledged += sender.acknowledged
    stored = _stored_ids(served)
    assert len(acknowledged) > KILLS
    wanted = Counter(str(event_id("demo", "tester", name)) for name in acknowledged)
    assert {name: stored[name] for name in wanted} == dict.fromkeys(wanted, 1)
    assert set(stored.values()) == {1}
    compared = served.run("verify")
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert compared.stdout.count(" equal") > 15


def _stored_ids(served: Served) -> Counter[str]:
    """How often every event lies in the log."""
    log = SqliteLog(served.data / "log.db", SettableClock())
    try:
        return Counter(
            str(record.event_id)
            for topic in TOPICS
            for partition in range(log.partitions)
            for record in log.read(topic, partition, 0, 10_000_000).records
        )
    finally:
        log.close()
