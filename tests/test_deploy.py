"""What is deployed names what is there: commands, settings, metrics, sections. Nothing is run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli import build_parser
from services.commandline.lazily import load
from services.metrics import metrics
from services.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "answerback.json").read_text())
ASKED = [rule["expr"] for rule in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
OURS = [name for name, one in SERVICES.items() if "build" in one]


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    command = SERVICES[name].get("command", ["answerback", "serve"])
    assert command[0] == "answerback"
    assert callable(load(build_parser().parse_args(command[1:]).run))


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_given_settings_that_there_are(name: str) -> None:
    given = {n for n in SERVICES[name].get("environment", {}) if n.startswith(PREFIX)}
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    assert {n.removesuffix("_FILE") if n.endswith("_FILE") else n for n in given} <= known


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_watched_and_not_open_to_the_world(name: str) -> None:
    one = SERVICES[name]
    assert re.search(r":v?\d+\.\d+", one["image"])
    assert one["healthcheck"].get("test") or one["healthcheck"] == {"disable": True}
    assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ()))


def test_secrets_come_from_files_that_are_made_and_kept_out_of_the_repository() -> None:
    made = (ROOT / "deploy" / "secrets" / "make.sh").read_text()
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./deploy/secrets/{name}"}
        assert name in made
    used = {name for one in SERVICES.values() for name in one.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])


def test_volumes_and_files_that_are_mounted_are_there() -> None:
    for one in SERVICES.values():
        for volume in one.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_file()


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_names_metrics_that_there_are(asked: str) -> None:
    known = {one.name for one in metrics()}
    for name in re.findall(r"answerback_\w+", asked):
        assert re.sub("_(bucket|sum|count)$", "", name) in known


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alarm_has_its_section(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    titles = re.findall(r"^### (\w+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {title.lower() for title in titles}
    assert anchor == rule["alert"].lower()


def test_every_process_is_asked_for_its_metrics() -> None:
    asked = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target.split(":")[0] for target in asked[0]["static_configs"][0]["targets"]}
    embedded = {"answerback", "init"}
    assert targets == set(OURS) - embedded
