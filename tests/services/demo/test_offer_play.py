"""The play: who asks for what, and that nobody plays twice after an interruption."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import CancelledError
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import orjson
import pytest

from schemas.ids import message_id
from services.demo.notebook import Notebook
from services.demo.offer_play import SPAMMERS, Play
from services.demo.offer_setup import ALL_LINKS
from services.demo.people import Machine, all_people
from services.importing.client import Client

PEOPLE = list(all_people())
NAMES = ("offer campaign", "offer mail", "offer text", "offer web", "offer form", "mail content",
         "text content")  # fmt: skip
IDS = {name: UUID(int=number) for number, name in enumerate(NAMES, 1)}


class Server:
    """Answers as the doors do, and writes down who came."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.stop_after: int | None = None
        self.hits: Counter[tuple[str, str]] = Counter()
        self.forms: list[dict[str, list[str]]] = []
        self.facts: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.stop_after is not None:
            self.stop_after -= 1
            if self.stop_after == 0:
                self.stop.set()
        path = request.url.path
        if path == "/v1/events":
            return self._events(request)
        if path.endswith("/messages"):
            return self._messages(request)
        assert "authorization" not in request.headers
        assert "x-forwarded-for" in request.headers
        if path.startswith("/f/"):
            self.forms.append(parse_qs(request.content.decode(), keep_blank_values=True))
            return httpx.Response(303)
        self.hits[request.method, path[:3]] += 1
        return httpx.Response(200 if path.startswith("/o/") else 302)

    def _events(self, request: httpx.Request) -> httpx.Response:
        for event in orjson.loads(request.content):
            self.ids[event["id"]] += 1
            self.facts[event["type"]] += 1
        receipt = {"accepted": 1, "duplicates": 0, "rejected": [], "position": "p"}
        return httpx.Response(202, json=receipt)

    def _messages(self, request: httpx.Request) -> httpx.Response:
        activity = UUID(request.url.path.split("/")[-2])
        items = [self._item(activity, item["recipient"]) for item in orjson.loads(request.content)]
        return httpx.Response(200, json={"data": items, "next_cursor": None})

    def _item(self, activity: UUID, recipient: str) -> dict[str, object]:
        message = str(message_id(activity, UUID(recipient)))
        return {
            "message_id": message,
            "pixel_url": f"https://elsewhere.example.com/o/{message}.gif",
            "links": {label: f"https://elsewhere.example.com/c/{label}" for label in ALL_LINKS},
            "metadata": {"ab_recipient": recipient, "ab_message": message},
        }


@pytest.fixture
def notebook(tmp_path):
    made = Notebook(tmp_path / "demo", started_at=1_790_000_000_000)
    made.notes.ids |= IDS
    return made


def play(server: Server, notebook: Notebook) -> None:
    Play(Client("http://test", "k", server.stop, httpx.MockTransport(server)), notebook).run()


def behind(machine: Machine) -> int:
    return sum(p.machine is machine for p in PEOPLE)


def test_play_sends_every_person_and_machine_to_the_doors(notebook):
    server = Server()
    play(server, notebook)
    opens = sum(p.opens_with is not None for p in PEOPLE)
    clicks = sum(len(p.clicks) for p in PEOPLE)
    burst = len(ALL_LINKS) * behind(Machine.LINK_CHECKER)
    scans = behind(Machine.MAIL_SCANNER)
    assert server.hits == {
        ("GET", "/o/"): opens + scans,
        ("GET", "/c/"): clicks + burst + scans + behind(Machine.SEARCH_ENGINE),
        ("HEAD", "/o/"): behind(Machine.HEAD_SCANNER),
        ("HEAD", "/c/"): behind(Machine.HEAD_SCANNER),
    }
    assert len(server.forms) == SPAMMERS + sum(p.sends_form for p in PEOPLE)
    assert sum(form["website"] != [""] for form in server.forms) == SPAMMERS
    assert notebook.is_done("offer played")


def test_play_reports_what_providers_would(notebook):
    server = Server()
    play(server, notebook)
    assert server.facts["email.sent"] == server.facts["sms.sent"] == len(PEOPLE)
    assert server.facts["email.delivered"] + server.facts["email.bounced"] == len(PEOPLE)
    assert server.facts["form.visited"] == sum(p.visits_form for p in PEOPLE)
    assert set(server.ids.values()) == {1}


def test_play_that_was_interrupted_repeats_one_group_at_most(notebook, tmp_path):
    server = Server()
    server.stop_after = 250
    with pytest.raises(CancelledError):
        play(server, notebook)
    assert not notebook.is_done("offer played")
    done = notebook.notes.offer_people
    assert 0 < done < len(PEOPLE)
    server.stop.clear()
    play(server, Notebook(tmp_path / "demo", started_at=5))
    repeated = {number.split("-")[1] for number, count in server.ids.items() if count > 1}
    assert {int(number) for number in repeated} <= set(range(done + 1, done + 51))
    assert server.facts["contact.created"] <= len(PEOPLE) + 50
