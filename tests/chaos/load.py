"""A steady load on the collector and the API, which remembers what it was told was stored."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from schemas.ids import named_id
from tests.support.distributed import Installation
from tests.support.load import cloud_event, happenings, id_of

_THREADS = 4
_BATCH = 200
_PEOPLE = 2  # their 14 events change responses: 1 in 14 of a batch
_AWAY = 0.3
_MEDIA = "application/cloudevents-batch+json"


@dataclass
class Told:
    """What was acknowledged; ``wrong`` are answers that nobody should ever get."""

    events: set[str] = field(default_factory=set)
    campaigns: set[str] = field(default_factory=set)
    refused: int = 0
    unreached: int = 0
    wrong: list[str] = field(default_factory=list)


class Load:
    """Threads that send until they are told to stop. What is refused is sent again as it was."""

    def __init__(self, installation: Installation, key: str, rate: int) -> None:
        self.told = Told()
        self._collector = installation.processes["collector"].address
        self._api = installation.processes["api"].address
        self._headers = {"Authorization": f"Bearer {key}"}
        self._every = _THREADS * _BATCH / rate
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._facts) for _ in range(_THREADS)]
        self._threads.append(threading.Thread(target=self._decisions))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _facts(self) -> None:
        headers = {**self._headers, "Content-Type": _MEDIA}
        with httpx.Client(headers=headers, timeout=30, trust_env=False) as client:
            due = time.monotonic()
            while not self._stopping.is_set():
                batch = _batch(next(self._numbers))
                if self._sent(client, f"{self._collector}/v1/events", batch) is None:
                    return
                self.told.events |= {id_of(event["id"]) for event in batch}
                due = max(due + self._every, time.monotonic() - 5 * self._every)
                self._stopping.wait(max(0.0, due - time.monotonic()))

    def _decisions(self) -> None:
        with httpx.Client(headers=self._headers, timeout=30, trust_env=False) as client:
            for number in itertools.count():
                if self._stopping.wait(0.2):
                    return
                client.headers["Idempotency-Key"] = f"chaos-{number}"
                body = {"name": f"Campaign {number}", "kind": "standard"}
                told = self._sent(client, f"{self._api}/api/v1/campaigns", body)
                if told is None:
                    return
                self.told.campaigns.add(str(told["campaign_id"]))
                client.headers["Idempotency-Key"] = f"chaos-response-{number}"
                body = {"campaign_id": told["campaign_id"], "type": "reply",
                        "email": f"p{number}@example.com"}  # fmt: skip
                if self._sent(client, f"{self._api}/api/v1/responses", body) is None:
                    return

    def _sent(self, client: httpx.Client, address: str, body: Any) -> dict[str, Any] | None:
        """What a request was answered, sent until it is granted; ``None`` when told to stop."""
        while not self._stopping.is_set():
            try:
                reply = client.post(address, json=body)
            except httpx.TransportError:
                self.told.unreached += 1
                self._stopping.wait(_AWAY)
                continue
            if reply.status_code in (200, 201, 202):
                told: dict[str, Any] = reply.json()
                if told.get("rejected"):
                    self.told.wrong.append(f"rejected: {told['rejected'][:1]}")
                return told
            self._refused(reply)
        return None

    def _refused(self, reply: httpx.Response) -> None:
        self.told.refused += 1
        if reply.status_code != 503 or not reply.headers.get("retry-after"):
            self.told.wrong.append(f"{reply.request.url}: {reply.status_code} {reply.text[:300]}")
        self._stopping.wait(_AWAY)


def _batch(number: int) -> list[dict[str, Any]]:
    people = range(number * _PEOPLE, (number + 1) * _PEOPLE)
    events = [event for person in people for event in happenings(person)]
    seen = (
        cloud_event(f"seen-{number}-{n}", "shop.seen", {"item": n}, str(named_id("chaos", n % 50)))
        for n in range(_BATCH - len(events))
    )
    return [*events, *seen]
