"""A load of events sent to a real server, and what became of them in its log."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from events.cursor import TOPICS
from events.sqlite import SqliteLog
from schemas.ids import event_id, message_id, named_id
from tests.support.campaign import BROWSER, CRAWLER, LINKS
from tests.support.clock import SettableClock
from tests.support.served import Served

WORKSPACE = "demo"
PRODUCER = "tester"
ACTIVITY = named_id("kill", "activity")
CONTENT = named_id("kill", "content")
_PATIENCE = 60.0
_PAUSE = 0.1  # so that there are not more events on a fast machine, all to be compared at the end


def cloud_event(name: str, kind: str, data: dict[str, Any], recipient: str) -> dict[str, Any]:
    """A CloudEvent about a recipient."""
    return {
        "specversion": "1.0", "id": name, "source": "/tests", "type": kind,
        "time": "2026-11-01T12:00:00Z", "data": {**data, "ab_recipient": recipient},
    }  # fmt: skip


def happenings(number: int) -> list[dict[str, Any]]:
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
        cloud_event(f"{number}-{kind}", kind, data, recipient)
        for kind, data in (
            ("contact.created", told), ("email.sent", sent), ("email.delivered", named),
            ("email.opened", {**named, "hit": hit}), ("email.clicked", click),
            ("form.submitted", form), ("order.placed", order),
        )
    ]  # fmt: skip


class Sender:
    """Sends batches until told to stop, and remembers the ids of what was acknowledged."""

    def __init__(self, served: Served, key: str, numbers: Iterator[int]) -> None:
        self._served = served
        self._key = key
        self._numbers = numbers
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self.duplicates = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way."""
        self._stop.set()
        self._thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many events are acknowledged."""
        ends = time.monotonic() + _PATIENCE
        while len(self.acknowledged) < count:
            assert self._thread.is_alive(), self._served.told()
            assert time.monotonic() < ends, self._served.told()
            time.sleep(0.02)

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}",
                   "Content-Type": "application/cloudevents-batch+json"}  # fmt: skip
        with httpx.Client(headers=headers, timeout=10, trust_env=False) as client:
            while not self._stop.is_set():
                batch = [event for _ in range(10) for event in happenings(next(self._numbers))]
                try:
                    answer = client.post(f"{self._served.address}/v1/events", json=batch)
                except httpx.TransportError:
                    return  # the server is dead: what was not answered may or may not be stored
                assert answer.status_code == 202, answer.text
                receipt = answer.json()
                assert receipt["rejected"] == []
                self.duplicates += receipt["duplicates"]
                self.acknowledged += [id_of(event["id"]) for event in batch]
                self._stop.wait(_PAUSE)


def id_of(name: str) -> str:
    """The id that an event of the load has in the log."""
    return str(event_id(WORKSPACE, PRODUCER, name))


def stored_ids(data: Path) -> Counter[str]:
    """How often every event lies in the log of a data folder that nobody serves."""
    return stored(data)[0]


def stored(data: Path) -> tuple[Counter[str], Counter[str]]:
    """How often every event lies in such a log, and how many there are of every type."""
    ids: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    log = SqliteLog(data / "log.db", SettableClock())
    try:
        for topic in TOPICS:
            for partition in range(log.partitions):
                for record in log.read(topic, partition, 0, 10_000_000).records:
                    ids[str(record.event_id)] += 1
                    kinds[record.type] += 1
    finally:
        log.close()
    return ids, kinds
