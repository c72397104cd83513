"""``answerback replay`` as an engineer uses it: beside a server, without one, and across kills."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.served import Served, make_key
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
READERS = 200
EVENTS = 3000


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.kill(with_back=True)


def contact(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"c-{number}", "source": "tests", "type": "contact.created",
        "data": {"id": f"00000000-0000-4000-8000-{number:012d}",
                 "changes": {"email": [f"person{number}@example.com"]}},
    }  # fmt: skip


def filled(served: Served) -> str:
    """A running server that has applied some events; answers a key."""
    key = make_key(served, "acme")
    served.start()
    headers = {"Authorization": f"Bearer {key}"}
    for start in range(0, EVENTS, 1000):
        batch = [contact(number) for number in range(start, start + 1000)]
        sent = httpx.post(f"{served.address}/v1/events", json=batch, headers=headers, timeout=60)
        assert sent.status_code == 202, sent.text
    position = {"min_position": sent.json()["position"]}

    def is_there() -> bool:
        address = f"{served.address}/api/v1/responses"
        return httpx.get(address, params=position, headers=headers, timeout=60).status_code == 200

    until(is_there)
    return key


def replayed(served: Served, *words: str, code: int = 0) -> str:
    """One command of ``answerback replay``, which must end with ``code``; answers what it told."""
    ended = served.run("replay", *words)
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    return ended.stdout if code == 0 else ended.stderr


def looked_at(served: Served, key: str) -> None:
    """What admins see of it, over HTTP and on the page."""
    headers = {"Authorization": f"Bearer {key}"}
    told = httpx.get(f"{served.address}/api/v1/replays", headers=headers).json()["data"]
    seen = [(one["generation"], one["state"], one["done"], one["total"]) for one in told]
    assert seen == [(1, "live", EVENTS, EVENTS), (2, "ready", EVENTS, EVENTS)]
    with httpx.Client(base_url=served.address, follow_redirects=True) as client:
        client.post("/login", data={"key": key}, headers={"Origin": served.address})
        page = client.get("/replays")
        assert page.status_code == 200
        assert "ready to be promoted" in page.text
        assert "3,000 of 3,000" in client.get("/replays", params={"part": "list"}).text


def test_it_is_built_promoted_and_rolled_back_beside_a_server(served):
    key = filled(served)
    assert httpx.get(f"{served.address}/api/v1/replays").status_code == 401
    told = replayed(served, "plan")
    assert "contact.created  3,000" in told
    assert "unknown: none was made yet" in told
    assert "changed since the live tables were made: nothing" in told
    assert "Generation 2 is ready: 3,000 events" in replayed(served, "run")
    looked_at(served, key)
    assert "DIFFERENT" not in replayed(served, "compare", "2")
    assert replayed(served, "diff", "2") == "No row differs.\n"
    row = ("rows.contact", "acme", contact(7)["data"]["id"])
    assert "contact.created" in replayed(served, "why", *row)
    assert f"contact_id: nothing -> {row[2]}" in replayed(served, "step", *row)
    assert "There is no contact" in replayed(served, "why", *row[:2], "nobody", code=1)
    part = ("partial", "--workspace", "acme", "--type", "contact.created")
    assert "events: 3,000" in replayed(served, *part, "--plan")
    assert "was right" in replayed(served, *part, "--from", "2020-01-01")
    assert "no event type" in replayed(served, "partial", "--type", "x", code=1)
    assert "Generation 2 is live" in replayed(served, "promote", "2")
    assert "Generation 1 is live" in replayed(served, "rollback")
    assert served.run("verify").returncode == 0
    assert "2 is live" not in replayed(served, "promote", "1", code=1)
    assert "may still be read" in replayed(served, "retire", "2", code=1)
    states = [line.split()[:2] for line in replayed(served, "status").splitlines()[1:]]
    assert states == [["1", "live"], ["2", "kept"]]
    assert "unknown" not in replayed(served, "plan")


def test_it_goes_on_after_a_kill_with_or_without_a_server(served):
    filled(served)
    running = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "replay", "run"], env=served.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    while "folding" not in (line := running.stderr.readline()):
        assert line, "It has ended without a word."
    served.kill(with_back=True)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 1, said
    assert "answerback: " in said
    stands = replayed(served, "status").splitlines()[-1]
    assert stands.split()[:2] == ["2", "building"], stands
    told = replayed(served, "run")  # no server has the folder now
    assert "Generation 2 is ready: 3,000 events" in told
    served.start()
    assert "DIFFERENT" not in replayed(served, "compare", "2")


def test_200_readers_see_a_generation_to_its_end_and_nothing_else(served):
    key = filled(served)
    replayed(served, "run")
    seen = asyncio.run(_read_during(served, key, lambda: _switches(served)))
    assert seen == {(1, 1), (2, 1)}


def _switches(served: Served) -> None:
    for words in (("promote", "2"), ("rollback",), ("promote", "2")):
        time.sleep(0.5)
        replayed(served, *words)


async def _read_during(served: Served, key: str, work: Callable[[], None]) -> set[tuple[int, int]]:
    """What 200 readers are told meanwhile: generations of KPIs, and how many first contacts."""
    seen: set[tuple[int, int]] = set()
    ended = asyncio.Event()
    limits = httpx.Limits(max_connections=READERS)
    headers = {"Authorization": f"Bearer {key}"}

    async def read(client: httpx.AsyncClient) -> None:
        while not ended.is_set():
            told = await client.get("/api/v1/kpis", params={"only": "open_rate"})
            assert told.status_code == 200, told.text
            rows = await client.get("/api/v1/contacts", params={"limit": 1})
            assert rows.status_code == 200, rows.text
            seen.add((told.json()["generation"], len(rows.json()["data"])))

    async with httpx.AsyncClient(
        base_url=served.address, headers=headers, limits=limits, timeout=60
    ) as client:
        readers = [asyncio.create_task(read(client)) for _ in range(READERS)]
        await asyncio.to_thread(work)
        ended.set()
        await asyncio.gather(*readers)
    return seen
