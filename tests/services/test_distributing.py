"""``init`` and ``copy-log``, on a real broker and a real data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.sqlite import SqliteLog
from schemas.clock import system_clock
from services.bootstrap import newest_format
from services.cli import main
from services.folder import locked
from services.settings import Settings
from tests.support.kafka.cluster import Cluster
from tests.support.records import record


@pytest.fixture(autouse=True)
def settings(
    kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    said = {
        "DATA": str(tmp_path / "data"),
        "KAFKA_SERVERS": kafka.bootstrap,
        "KAFKA_PARTITIONS": "4",
        "KAFKA_REPLICAS": "1",
        "KAFKA_PREFIX": f"{request.node.name[:50]}.",
    }
    for name, text in said.items():
        monkeypatch.setenv(f"ANSWERBACK_{name}", text)
    return Settings()


@pytest.fixture
def folder(settings: Settings) -> Path:
    """A data folder with a log of 300 records."""
    settings.data.mkdir()
    (settings.data / "format").write_text(str(newest_format()))
    log = SqliteLog(settings.data / "log.db", system_clock)
    log.append([record(n, key=f"demo:{n}") for n in range(300)]).result(10)
    log.close()
    return settings.data


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out + err


def test_init_makes_the_topics_once(capsys) -> None:
    assert main(["init", "--topics"]) == 0
    assert said(capsys).count("made, 4 partitions") == 4
    assert main(["init", "--topics"]) == 0
    assert "are there, and as they must be" in said(capsys)


def test_init_refuses_topics_that_differ(capsys, monkeypatch) -> None:
    main(["init", "--topics"])
    monkeypatch.setenv("ANSWERBACK_KAFKA_PARTITIONS", "8")
    assert main(["init", "--topics"]) == 1
    assert "must have 8 partitions each" in said(capsys)


def test_init_says_that_no_broker_answers(capsys, monkeypatch) -> None:
    monkeypatch.setenv("ANSWERBACK_KAFKA_SERVERS", "127.0.0.1:1")
    assert main(["init", "--topics"]) == 1
    assert "answerback: Kafka at 127.0.0.1:1 does not answer" in said(capsys)


def test_copy_log_shows_equal_counts_and_goes_on_to_more_partitions(
    folder, capsys, monkeypatch
) -> None:
    assert main(["copy-log"]) == 0
    first = capsys.readouterr()
    assert "compared 300 of 300 records" in first.err
    assert "answerback.facts.v1      300" in first.out
    assert main(["copy-log", "--to-partitions", "6"]) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert "ANSWERBACK_KAFKA_GENERATION=2" in second.err
    monkeypatch.setenv("ANSWERBACK_KAFKA_GENERATION", "2")
    monkeypatch.setenv("ANSWERBACK_KAFKA_PARTITIONS", "6")
    assert main(["init", "--topics"]) == 0
    assert "as they must be" in said(capsys)


def test_copy_log_wants_a_folder_with_a_log(capsys) -> None:
    assert main(["copy-log"]) == 1
    assert "There is no log" in said(capsys)


def test_copy_log_takes_no_folder_that_is_served(folder, settings, capsys) -> None:
    with locked(settings):
        assert main(["copy-log"]) == 1
    assert "is in use" in said(capsys)


def test_copy_log_again_says_that_the_topics_are_in_use(folder, capsys) -> None:
    main(["copy-log"])
    assert main(["copy-log"]) == 1
    assert "is in use; a log is copied into new topics only" in said(capsys)
