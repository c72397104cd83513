"""The import: whole, and resumed where it broke off."""

from __future__ import annotations

import io
import threading
from concurrent.futures import CancelledError
from uuid import UUID

import httpx
import orjson
import pytest

from schemas.instants import Instant
from services.demo.bank import CONTACTS
from services.demo.bank_import import ROWS_PER_REQUEST, import_bank
from services.demo.notebook import Notebook
from services.importing.client import Client

ACTIVITY = UUID(int=3)


class Server:
    """Takes batches, tells duplicates, and pulls the plug after a number of requests."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.ids: set[str] = set()
        self.requests = 0
        self.duplicates = 0
        self.stop_after: int | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        events = [event["id"] for event in orjson.loads(request.content)]
        assert len(events) <= 1000
        assert len(request.content) <= 1 << 20
        new = set(events) - self.ids
        self.ids |= new
        self.requests += 1
        self.duplicates += len(events) - len(new)
        if self.requests == self.stop_after:
            self.stop.set()
        receipt = {"accepted": len(new), "duplicates": len(events) - len(new), "rejected": [],
                   "position": f"p{self.requests}"}  # fmt: skip
        return httpx.Response(202, json=receipt)


def run(server: Server, notebook: Notebook) -> None:
    client = Client("http://test", "k", server.stop, httpx.MockTransport(server))
    import_bank(client, notebook, io.StringIO(), lambda: Instant(0))


@pytest.fixture
def notebook(tmp_path):
    made = Notebook(tmp_path / "demo", started_at=0)
    made.notes.ids["bank activity"] = ACTIVITY
    return made


def test_import_sends_every_row_and_notes_the_last_position(notebook):
    server = Server()
    run(server, notebook)
    assert len(server.ids) == 2 * CONTACTS + 5_289
    assert notebook.notes.bank_rows == CONTACTS
    assert notebook.notes.positions == {"bank campaign": f"p{server.requests}"}
    assert notebook.is_done("bank imported")


def test_import_that_was_interrupted_goes_on_where_it_was(notebook, tmp_path):
    server = Server()
    server.stop_after = 5
    with pytest.raises(CancelledError):
        run(server, notebook)
    assert not notebook.is_done("bank imported")
    server.stop.clear()
    run(server, Notebook(tmp_path / "demo", started_at=1))
    assert len(server.ids) == 2 * CONTACTS + 5_289
    assert server.duplicates == 0


def test_import_whose_last_notes_were_lost_sends_only_copies_again(notebook):
    server = Server()
    server.stop_after = 3
    with pytest.raises(CancelledError):
        run(server, notebook)
    server.stop.clear()
    notebook.notes.bank_rows -= ROWS_PER_REQUEST
    notebook.notes.ids["bank activity"] = ACTIVITY
    run(server, notebook)
    assert len(server.ids) == 2 * CONTACTS + 5_289
    assert 2 * ROWS_PER_REQUEST <= server.duplicates <= 3 * ROWS_PER_REQUEST
