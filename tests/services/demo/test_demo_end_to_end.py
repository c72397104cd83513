"""The whole demo as a user starts it: a process, a data folder, HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.demo.people import all_people
from tests.support.served import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PATIENCE = 600.0  # a busy machine plays the demo at a third of its usual speed
LINES = {"cellular": (4_369, 29_285), "landline": (390, 2_906), "unknown": (530, 13_020)}
ANSWERED = "ANSWERBACK_API_KEY="


@dataclass
class Demo:
    process: subprocess.Popen[str]
    output: Path
    errors: Path
    address: str

    def wait_for(self, text: str, file: Path) -> None:
        ends = time.monotonic() + PATIENCE
        while text not in file.read_text():
            assert self.process.poll() is None, self.told()
            assert time.monotonic() < ends, self.told()
            time.sleep(0.1)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def value(self, name: str) -> str:
        (line,) = [
            line for line in self.output.read_text().splitlines() if line.startswith(f"{name}=")
        ]
        return line.partition("=")[2]

    def client(self) -> httpx.Client:
        key = self.value("ANSWERBACK_API_KEY")
        return httpx.Client(
            base_url=self.value("ANSWERBACK_URL"),
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            trust_env=False,
        )

    def told(self) -> str:
        return self.output.read_text() + self.errors.read_text()


@contextmanager
def started(folder: Path, name: str, *more: str) -> Iterator[Demo]:
    port = free_port()
    output, errors = folder / f"{name}.out", folder / f"{name}.err"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ANSWERBACK_")} | {
        "ANSWERBACK_DATA": str(folder / "data"),
        "ANSWERBACK_PORT": str(port),
    }
    with output.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(  # noqa: S603 - the command is this repository's own
            [sys.executable, "-m", "services.cli", "demo", *more],
            env=environment, stdout=out, stderr=err, text=True,
        )  # fmt: skip
    try:
        yield Demo(process, output, errors, f"http://127.0.0.1:{port}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def campaigns(client: httpx.Client) -> dict[str, str]:
    rows = client.get("/api/v1/campaigns").raise_for_status().json()["data"]
    return {row["code"]: row["campaign_id"] for row in rows}


def parts(kpi: dict[str, float]) -> tuple[float, float]:
    return kpi["numerator"], kpi["denominator"]


def check_bank(client: httpx.Client) -> None:
    campaign = campaigns(client)["TERM-DEPOSIT"]
    report = client.get(f"/api/v1/campaigns/{campaign}/kpis").raise_for_status().json()
    kpis = report["data"][0]["kpis"]
    assert parts(kpis["goal_conversion_rate"]) == (5_289, 45_211)
    assert round(kpis["goal_conversion_rate"]["value"], 5) == 0.11698
    assert parts(kpis["call_attempts"]) == (124_956, None)
    assert parts(kpis["talk_seconds"]) == (11_671_811, None)
    assert parts(kpis["delivery_rate"]) == (45_211, 45_211)
    query = {"campaign_id": campaign, "group_by": "line"}
    report = client.get("/api/v1/kpis", params=query).raise_for_status().json()
    assert {
        row["group"]["line"]: parts(row["kpis"]["goal_conversion_rate"]) for row in report["data"]
    } == LINES


def check_offer(client: httpx.Client) -> None:
    people = list(all_people())
    campaign = campaigns(client)["SPRING"]
    query = {"campaign_id": campaign, "group_by": "channel"}
    report = client.get("/api/v1/kpis", params=query).raise_for_status().json()
    mail = {row["group"]["channel"]: row["kpis"] for row in report["data"]}["email"]
    delivered = sum(p.outcome.value == "delivered" for p in people)
    assert parts(mail["delivery_rate"]) == (delivered, 300)
    assert parts(mail["open_rate"]) == (sum(p.opens_as_human for p in people), delivered)
    assert parts(mail["click_through_rate"]) == (sum(bool(p.clicks) for p in people), delivered)
    report = client.get(f"/api/v1/campaigns/{campaign}/kpis").raise_for_status().json()
    kpis = report["data"][0]["kpis"]
    submitted = sum(p.sends_form for p in people)
    assert parts(kpis["form_submission_rate"]) == (submitted, sum(p.visits_form for p in people))
    assert kpis["conversion_rate"]["denominator"] == sum(p.responses for p in people)
    assert kpis["conversion_rate"]["numerator"] > 0
    assert kpis["reviewed_share"]["numerator"] > 0
    assert kpis["first_follow_up_minutes"]["n"] > 0


def test_demo_shows_the_truths_and_goes_on_after_a_restart(tmp_path):
    with started(tmp_path, "interrupted") as demo:
        demo.wait_for("Importing the bank's campaign", demo.errors)
        assert demo.end(signal.SIGTERM) == 0, demo.told()
        assert ANSWERED not in demo.output.read_text()
        assert "Traceback" not in demo.told()
    with started(tmp_path, "second") as demo:
        demo.wait_for("ANSWERBACK_URL=", demo.output)
        assert "Setting up" not in demo.errors.read_text()
        with demo.client() as client:
            check_bank(client)
            check_offer(client)
        key = demo.value("ANSWERBACK_API_KEY")
        assert demo.end(signal.SIGINT) == 0, demo.told()
        assert "Traceback" not in demo.told()
    with started(tmp_path, "once", "--once") as demo:
        assert demo.process.wait(timeout=PATIENCE) == 0, demo.told()
        assert demo.value("ANSWERBACK_API_KEY") == key
        assert "Importing" not in demo.errors.read_text()
        table = " ".join(demo.output.read_text().split())
        assert "goal_conversion_rate 5,289 45,211 11.698 %" in table
        assert "goal_conversion_rate 4,369 29,285 14.919 %" in table
