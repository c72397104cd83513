"""Whole imports as a user starts them: a process, a file, a server or none."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest

from services.cli import main
from services.demo.steps import add_content, plan_activity, plan_campaign
from services.importing.cells import record_id
from services.importing.client import Client
from tests.support.served import Served, make_key
from tests.support.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLES = ROOT / "docs" / "examples" / "import"
SIZES = {"contacts": 4, "accounts": 3, "leads": 2, "sends": 3, "responses": 3, "orders": 3}
PLACEHOLDER = "00000000-0000-4000-8000-0000000000"
MANY = 6_000


class Office:
    """A server with a campaign, and the example files with its ids in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.served = Served(folder)
        self.key = make_key(self.served, "acme")
        self.served.start()
        with self.client() as client:
            self.campaign = plan_campaign(client, "fair", {"name": "Autumn fair"})
            activity = plan_activity(client, self.campaign, "mail", "email", "Invitation")
            content = add_content(client, "Invitation", [])
        ids = {"ac": activity, "c0": content, "ca": self.campaign}
        for example in EXAMPLES.iterdir():
            text = example.read_text("utf-8")
            for ending, own in ids.items():
                text = text.replace(PLACEHOLDER + ending, str(own))
            (folder / example.name).write_text(text, "utf-8")

    def client(self) -> Client:
        return Client(self.served.address, self.key, threading.Event())

    def run(self, kind: str, *more: str, csv: str = "") -> tuple[int, dict[str, str], str]:
        """The exit code, the counts and the remarks of one import with the kind's mapping."""
        mapping = ["--mapping", str(self.folder / f"{kind}.toml")]
        return self.answerback(kind, str(self.folder / (csv or f"{kind}.csv")), *mapping, *more)

    def answerback(self, *arguments: str) -> tuple[int, dict[str, str], str]:
        """The same, in this process: starting one takes seconds."""
        out, err = io.StringIO(), io.StringIO()
        data = {"ANSWERBACK_DATA": str(self.served.data), "ANSWERBACK_PORT": str(self.served.port)}
        with patch.dict(os.environ, data), redirect_stdout(out), redirect_stderr(err):
            code = main(["import", *arguments])
        pairs = (line.rsplit(maxsplit=1) for line in out.getvalue().splitlines())
        return code, {pair[0]: pair[1] for pair in pairs}, err.getvalue()

    def remote(self) -> list[str]:
        return ["--url", self.served.address, "--key", self.key]


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    yield made
    made.served.kill()


def counts(found: dict[str, str]) -> tuple[int, int]:
    assert found["conflicts"] == found["wrong"] == found["twice in the file"] == "0"
    return int(found["accepted"].replace(",", "")), int(found["stored already"].replace(",", ""))


def eventually(ask: Any, wanted: Any) -> None:
    ends = time.monotonic() + 60
    while (found := ask()) != wanted:
        assert time.monotonic() < ends, found
        time.sleep(0.1)


def test_examples_are_imported_once_and_show_everywhere(office):
    for kind, size in SIZES.items():
        code, dry, told = office.run(kind, "--dry-run", *office.remote())
        assert (code, counts(dry)) == (0, (size, 0)), told
        code, real, told = office.run(kind, *office.remote())
        assert (code, real) == (0, dry), told
    for kind, size in SIZES.items():
        for more in ([], ["--dry-run"]):
            code, again, _ = office.run(kind, *office.remote(), *more)
            assert (code, counts(again)) == (0, (0, size))
    with office.client() as client:
        eventually(lambda: len(client.get("/api/v1/contacts")["data"]), 4)
        known = {c["contact_id"]: c for c in client.get("/api/v1/contacts")["data"]}
        zofia = known[str(record_id("contact", "crm", "K-1"))]
        assert (zofia["last_name"], zofia["email"], zofia["country"]) == (
            "Łęcka", ["zofia@example.com"], "PL",
        )  # fmt: skip
        assert zofia["created_at"] == "2024-03-14T00:00:00.000Z"
        assert zofia["attributes"] == {"size": "large", "turnover": 1250000.5}
        eventually(lambda: _kpi(client, office.campaign, "delivery_rate")["denominator"], 3)
        eventually(lambda: _kpi(client, office.campaign, "reviewed_share")["denominator"], 3)
        _check_responses(client, office.campaign)


def test_imported_companies_and_leads_can_be_on_lists(office):
    """Who bought, and grows: the company that the file of orders and that of accounts tell of."""
    for kind in ("contacts", "accounts", "leads", "orders"):
        office.run(kind, *office.remote())
    grows = {"trend": "employees", "over": "P12M", "op": "rising", "by": 10, "unit": "percent"}
    bought = {"has": "orders", "where": {"field": "category", "op": "eq", "value": "deposit"}}
    rules = {
        "account": {"all": [grows, bought]},
        "lead": {"field": "status", "op": "eq", "value": 2},
    }
    named = {"account": "C-1", "lead": "L-1"}
    with office.client() as client:
        for kind, where in rules.items():
            said = {"name": f"Some {kind}s", "kind": "dynamic", "member_type": kind}
            made = client.command("/api/v1/lists", said, f"list {kind}")["list_id"]
            rule = {"v": 1, "member": kind, "tz": "UTC", "where": where}
            client.command(f"/api/v1/lists/{made}/rule", rule, f"rule {kind}")
            eventually(
                lambda made=made: [
                    one["member"] for one in client.get(f"/api/v1/lists/{made}/members")["data"]
                ],
                [str(record_id(kind, "crm", named[kind]))],
            )


def _kpi(client: Client, campaign: UUID, name: str) -> Any:
    return client.get(f"/api/v1/campaigns/{campaign}/kpis")["data"][0]["kpis"][name]


def _check_responses(client: Client, campaign: UUID) -> None:
    found = client.get("/api/v1/responses", campaign_id=campaign)["data"]
    assert [(r["code"], r["classified_by"], r["status"]) for r in sorted(
        found, key=lambda r: (r["occurred_at"], r["code"]))] == [
        ("interested", "import", "new"), ("not_interested", None, "closed"),
        ("do_not_send", None, "new"),
    ]  # fmt: skip
    for response in found:
        assert (response["source"], response["precision"], response["import_no"]) == (
            "import", "day", 7,
        )  # fmt: skip
        assert response["occurred_at"].endswith("T00:00:00.000Z")
    assert len({response["batch_id"] for response in found}) == 1
    (marta,) = (r for r in found if r["contact"].get("email") == "marta@example.com")
    assert marta["contact"]["last_name"] == "Marta Wiśniewska"
    reopened = client.command(f"/api/v1/responses/{marta['response_id']}/reopen", {}, "again")
    assert reopened["status"] == "reviewed"


def test_changed_row_under_a_known_id_is_a_conflict_and_can_be_told_apart(office):
    office.run("orders", *office.remote())
    text = (office.folder / "orders.csv").read_text("utf-8").replace("1250.00", "1251.00")
    (office.folder / "changed.csv").write_text(text, "utf-8")
    for more in (["--dry-run"], []):
        code, found, told = office.run("orders", *more, *office.remote(), csv="changed.csv")
        assert (code, found["conflicts"], found["stored already"]) == (1, "1", "2")
        assert "line 2: Stored already under the same id, with other content" in told
    rejected = (office.folder / "changed.rejected.csv").read_text("utf-8-sig")
    assert "A-17,K-1" in rejected
    assert "A-18" not in rejected


def test_killed_import_goes_on_and_nothing_is_stored_twice(office):
    lines = [f"{number},Person {number},2026-01-02" for number in range(MANY)]
    text = "\n".join(["id,last_name,occurred_at", *lines]) + "\n"
    (office.folder / "many.csv").write_text(text, "utf-8")
    command = ["contacts", str(office.folder / "many.csv"), *office.remote()]
    notes = office.folder / "many.csv.progress"
    process = subprocess.Popen(  # noqa: S603 - the command is this repository's own
        [sys.executable, "-m", "services.cli", "import", *command],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not notes.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert notes.exists()
    code, found, told = office.answerback(*command)
    assert (code, sum(counts(found))) == (0, MANY), told
    assert not notes.exists()
    assert counts(office.answerback(*command, "--dry-run")[1]) == (0, MANY)


def test_import_without_a_server_uses_the_same_door(office):
    code, _, told = office.run("orders", "--workspace", "acme")
    assert code == 1
    assert "needs an API key" in told
    office.run("orders", *office.remote())
    assert office.served.stop() == 0
    try:
        code, found, told = office.run("orders", "--workspace", "acme", "--key", office.key)
        assert (code, counts(found)) == (0, (0, SIZES["orders"])), told
        code, found, told = office.run("orders", "--workspace", "acme", "--dry-run")
        assert (code, counts(found)) == (0, (SIZES["orders"], 0)), (
            told
        )  # another name, so other facts
        code, _, told = office.run("orders", "--workspace", "other", "--key", office.key)
        assert "one of the workspace 'acme'" in told
    finally:
        office.served.start()
    assert httpx.get(f"{office.served.address}/livez", trust_env=False).status_code == 200
