"""The load: a few people and programs at once, who remember what they were told was stored."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from schemas.ids import event_id
from tests.soak.stage import Stage
from tests.support.campaign import BROWSER
from tests.support.load import WORKSPACE, happenings, id_of
from tests.support.served import Served

PAUSE = 0.15
AWAY = 0.2
_BATCH = "application/cloudevents-batch+json"


@dataclass
class Remembered:
    """What was acknowledged; ``wrong`` are answers that nobody should ever get."""

    events: set[str] = field(default_factory=set)
    opens: int = 0
    clicks: int = 0
    campaigns: set[str] = field(default_factory=set)
    responses: set[str] = field(default_factory=set)
    unavailable: int = 0
    unreached: int = 0
    wrong: list[str] = field(default_factory=list)


class Load:
    """Threads that send until they are told to stop."""

    def __init__(self, served: Served, key: str, stage: Stage, seed: int) -> None:
        self.told = Remembered()
        self._served = served
        self._key = {"Authorization": f"Bearer {key}"}
        self._stage = stage
        self._stop = threading.Event()
        workers: list[Callable[[httpx.Client, random.Random, int], None]] = [
            self._batch, self._hit, self._form, self._decision,
        ]  # fmt: skip
        self._threads = [
            threading.Thread(target=self._run, args=(worker, random.Random(seed + number)))  # noqa: S311 - the load is to be the same in every run
            for number, worker in enumerate(workers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(
        self, act: Callable[[httpx.Client, random.Random, int], None], chance: random.Random
    ) -> None:
        number = 0
        address = self._served.address
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while not self._stop.is_set():
                try:
                    act(client, chance, number)
                    number += 1
                    self._stop.wait(PAUSE)
                except httpx.TransportError:
                    # The server is dead: the same is sent again when it is back.
                    self.told.unreached += 1
                    self._stop.wait(AWAY)

    def _judge(self, reply: httpx.Response, *good: int) -> bool:
        """Whether a request was granted; refused for the moment is fine, anything else is not."""
        if reply.status_code in good:
            return True
        if reply.status_code == 503:
            self.told.unavailable += 1
            self._stop.wait(AWAY)
            if (
                not reply.headers.get("retry-after")
                and "image" not in reply.headers["content-type"]
            ):
                self.told.wrong.append("a 503 without Retry-After")
        else:
            self.told.wrong.append(
                f"{reply.request.url.path}: {reply.status_code} {reply.text[:300]}"
            )
        return False

    def _batch(self, client: httpx.Client, chance: random.Random, number: int) -> None:
        """A batch of facts; one in three is sent a second time, in part with new ones."""
        first = number - 1 if number and chance.random() < 0.3 else number
        events = [event for n in {first, number} for event in happenings(n)]
        headers = {**self._key, "Content-Type": _BATCH}
        reply = client.post("/v1/events", json=events, headers=headers)
        if self._judge(reply, 202):
            if reply.json()["rejected"]:
                self.told.wrong.append(f"rejected: {reply.json()['rejected'][:1]}")
            self.told.events |= {id_of(event["id"]) for event in events}

    def _hit(self, client: httpx.Client, chance: random.Random, _number: int) -> None:
        place = chance.randrange(len(self._stage.pixels))
        if self._judge(client.get(self._stage.pixels[place], headers=_person()), 200):
            self.told.opens += 1
        if self._judge(client.get(self._stage.clicks[place], headers=_person()), 302):
            self.told.clicks += 1

    def _form(self, client: httpx.Client, _chance: random.Random, number: int) -> None:
        name = f"soak-{number}"
        body = {"note": "hello", "ab_submission": name}
        reply = client.post(f"/f/{self._stage.form}", json=body, headers=_person())
        if self._judge(reply, 201):
            producer = f"form:{self._stage.form}"
            self.told.events.add(str(event_id(WORKSPACE, producer, name)))

    def _decision(self, client: httpx.Client, _chance: random.Random, number: int) -> None:
        headers = {**self._key, "Idempotency-Key": f"soak-campaign-{number}"}
        body: dict[str, Any] = {"name": f"Campaign {number}", "kind": "standard"}
        reply = client.post("/api/v1/campaigns", json=body, headers=headers)
        if self._judge(reply, 201, 200):
            self.told.campaigns.add(reply.json()["campaign_id"])
        headers = {**self._key, "Idempotency-Key": f"soak-response-{number}"}
        body = {"campaign_id": str(self._stage.campaign), "type": "reply",
                "email": f"r{number}@example.com"}  # fmt: skip
        reply = client.post("/api/v1/responses", json=body, headers=headers)
        if self._judge(reply, 201, 200):
            self.told.responses.add(reply.json()["response_id"])


def _person() -> dict[str, str]:
    return {"User-Agent": BROWSER, "Accept": "application/json"}
