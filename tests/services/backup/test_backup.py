"""Backups of a real server under load, put back into a new folder."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from pydantic import SecretStr

from projections.maintenance import Maintenance
from schemas.durable import write_whole
from schemas.errors import BackupRefused, FormatUnknown, SettingsInvalid
from services.backup.restoring import restore
from services.backup.taking import Backups
from services.bootstrap import newest_format
from services.formats import format_of
from services.masterkey import master_key
from services.settings import Settings
from tests.support.load import Sender, stored_ids
from tests.support.randomness import seeded
from tests.support.served import Served, make_key

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Taken:
    """Two backups of one server: under load, and afterwards; and what it answered then."""

    folder: Path
    served: Served
    key: str
    before: list[str]
    meanwhile: int
    done: subprocess.CompletedProcess[str]
    compared: subprocess.CompletedProcess[str]
    shown: dict[str, Any]

    @property
    def loaded(self) -> Path:
        """The backup that was taken under load."""
        return self.folder / "loaded"

    @property
    def quiet(self) -> Path:
        """The backup that was taken after the load, without the master key."""
        return self.folder / "quiet"


@pytest.fixture(scope="module")
def taken(tmp_path_factory) -> Taken:
    folder = tmp_path_factory.mktemp("taken")
    served = Served(folder)
    key = make_key(served, "demo")
    served.start()
    try:
        sender = Sender(served, key, itertools.count())
        sender.wait_for(500)
        before = list(sender.acknowledged)
        done = served.run("backup", str(folder / "loaded"), "--with-key")
        meanwhile = len(sender.acknowledged) - len(before)
        sender.stop()
        compared = served.run("verify")  # which brings the read models to the log's end, too
        shown = _shown(served, key)
        assert served.run("backup", str(folder / "quiet")).returncode == 0
    finally:
        served.stop()
    assert done.returncode == 0, done.stderr
    return Taken(folder, served, key, before, meanwhile, done, compared, shown)


def _shown(served: Served, key: str) -> dict[str, Any]:
    """What people would see: figures, people, and how one of them went."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=served.address, headers=headers, trust_env=False) as client:
        people = client.get("/api/v1/contacts", params={"limit": 50}).json()["data"]
        journey = f"/api/v1/contacts/{people[0]['contact_id']}/journey"
        figures = client.get("/api/v1/kpis", params={"group_by": "channel"}).json()["data"]
        return {"people": people, "kpis": figures, "journey": client.get(journey).json()["data"]}


def test_a_backup_under_load_holds_all_that_was_acknowledged_before_it(taken, tmp_path):
    manifest = json.loads((taken.loaded / "manifest.json").read_text())
    names = {file["name"] for file in manifest["files"]}
    assert names >= {"log.db", "vault.db", "access.db", "rows.db", "columns.tar", "master.key"}
    assert taken.meanwhile > 0, "no event was taken while the backup was"
    assert f"{manifest['events']:,} events" in taken.done.stdout
    other = Served(tmp_path)
    restored = other.run("restore", str(taken.loaded))
    assert restored.returncode == 0, restored.stderr
    compared = other.run("verify")
    assert compared.returncode == 0, compared.stdout + compared.stderr
    # What the restored read models concluded on their way to the log's end is there once as well.
    stored = stored_ids(other.data)
    assert sum(stored.values()) >= manifest["events"]
    assert {name for name in taken.before if stored[name] != 1} == set()
    assert set(stored.values()) == {1}


def test_verify_works_beside_the_server(taken):
    assert taken.compared.returncode == 0, taken.compared.stdout + taken.compared.stderr
    assert taken.compared.stdout.count(" equal") > 15


def test_a_restored_server_shows_the_same_figures_and_goes_on(taken, tmp_path):
    other = Served(tmp_path)
    refused = other.run("restore", str(taken.quiet))
    assert refused.returncode == 1
    assert "ANSWERBACK_MASTER_KEY" in refused.stderr
    key = (taken.served.data / "master.key").read_text()
    restored = other.run("restore", str(taken.quiet), ANSWERBACK_MASTER_KEY=key)
    assert restored.returncode == 0, restored.stderr
    write_whole(other.data / "master.key", key.encode())
    _fatten(other.data)
    other.start()
    try:
        assert taken.shown["journey"]
        assert _shown(other, taken.key) == taken.shown
        sender = Sender(other, taken.key, itertools.count())  # the same events once more
        sender.wait_for(70)
        sender.stop()
        assert sender.duplicates >= 70
        _is_closed_to_others(other, taken.key)
        _ends_with_ctrl_c(other, tmp_path / "backup")
    finally:
        assert other.stop() == 0


def _is_closed_to_others(served: Served, key: str) -> None:
    assert (served.data / "operator.key").stat().st_mode & 0o777 == 0o600
    for headers in ({}, {"Authorization": f"Bearer {key}"}):
        reply = httpx.post(f"{served.address}/operator/verify", headers=headers, trust_env=False)
        assert reply.status_code == 401
        assert reply.headers["content-type"] == "application/problem+json"


def _ends_with_ctrl_c(served: Served, target: Path) -> None:
    """A backup that is interrupted leaves nothing, and the next one is made."""
    command = [sys.executable, "-m", "services.cli", "backup", str(target)]
    process = subprocess.Popen(  # noqa: S603 - this repository's own command
        command, env=served.environment(), stderr=subprocess.DEVNULL
    )
    part = target.with_name("backup.part")
    try:
        _wait(lambda: part.exists() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    _wait(lambda: not part.exists())
    assert not target.exists()


def test_without_a_server_the_folder_is_copied_as_well(taken, tmp_path):
    done = taken.served.run("backup", str(tmp_path / "offline"))
    assert done.returncode == 0, done.stderr
    assert "master key is not in it" in done.stderr
    assert not (tmp_path / "offline" / "master.key").exists()
    key = SecretStr((taken.served.data / "master.key").read_text())
    settings = Settings(data=tmp_path / "data", master_key=key)
    restore(tmp_path / "offline", settings, newest_format(), lambda _line: None)
    assert stored_ids(settings.data) == stored_ids(taken.served.data)


def test_restore_refuses_another_master_key(taken, tmp_path):
    settings = Settings(data=tmp_path / "data", master_key=SecretStr("ab" * 32))
    with pytest.raises(BackupRefused, match="is not the key"):
        restore(taken.quiet, settings, newest_format(), lambda _line: None)


def _settings(folder: Path) -> Settings:
    return Settings(data=folder)


def _restore(backup: Path, folder: Path) -> None:
    restore(backup, _settings(folder), newest_format(), lambda _line: None)


def _copy(taken, tmp_path) -> Path:
    return Path(shutil.copytree(taken.loaded, tmp_path / "copy"))


def test_restore_refuses_a_damaged_file_and_leaves_nothing(taken, tmp_path):
    backup = _copy(taken, tmp_path)
    with (backup / "rows.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(BackupRefused, match=r"rows\.db .* damaged"):
        _restore(backup, tmp_path / "data")
    assert {p.name for p in (tmp_path / "data").iterdir()} == {"lock"}


def test_restore_refuses_a_missing_file(taken, tmp_path):
    backup = _copy(taken, tmp_path)
    (backup / "vault.db").unlink()
    with pytest.raises(BackupRefused, match=r"vault\.db .* missing"):
        _restore(backup, tmp_path / "data")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("format", 99, "has format 99"), ("data_format", 99, "data of format 99"),
     ("files", 1, "is damaged")],
    ids=["of a newer backup", "of newer data", "that cannot be read"],
)  # fmt: skip
def test_restore_refuses_a_manifest(taken, tmp_path, field, value, words):
    backup = _copy(taken, tmp_path)
    path = backup / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(BackupRefused, match=words):
        _restore(backup, tmp_path / "data")


def test_restore_refuses_a_folder_that_is_not_empty(taken, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "letter").write_text("mine")
    with pytest.raises(BackupRefused, match="is not empty"):
        _restore(taken.loaded, tmp_path / "data")
    assert (tmp_path / "data" / "letter").read_text() == "mine"


def test_a_half_made_backup_is_none(taken, tmp_path):
    backup = _copy(taken, tmp_path)
    (backup / "manifest.json").unlink()
    with pytest.raises(BackupRefused, match="never finished"):
        _restore(backup, tmp_path / "data")


def test_a_half_made_restore_is_not_served(taken, tmp_path):
    _restore(taken.loaded, tmp_path / "data")
    (tmp_path / "data" / "restoring").touch()
    with pytest.raises(FormatUnknown, match="was not finished"):
        format_of(tmp_path / "data")


class NothingToKeep(Maintenance):
    """Upkeep that must not be asked."""

    def follow(self) -> None:
        """Nothing is followed."""

    def snapshot(self, folder: str) -> NoReturn:
        raise AssertionError(folder)

    def verify(self) -> NoReturn:
        raise AssertionError

    def letters(self) -> NoReturn:
        raise AssertionError

    def letter(self, name: str) -> NoReturn:
        raise AssertionError(name)

    def retry(self, name: str) -> NoReturn:
        raise AssertionError(name)

    def abandon(self) -> None:
        """Nothing is under way."""


def test_backup_refuses_a_place_that_is_taken_or_inside_the_data(tmp_path, clock):
    (tmp_path / "data").mkdir()
    backups = Backups(_settings(tmp_path / "data"), clock, NothingToKeep(), ())
    for place, words in [
        (tmp_path, "is there already"),
        (tmp_path / "no" / "such", "Make it first"),
        (tmp_path / "data" / "inside", "lies in the data folder"),
    ]:
        with pytest.raises(BackupRefused, match=words):
            backups.take(place, lambda: None, with_key=False)


def _fatten(data: Path) -> None:
    """A store large enough for a person to press keys in the meantime."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(data / "vault.db")) as vault, vault:
        vault.execute("CREATE TABLE fat (bytes BLOB)")
        vault.executemany("INSERT INTO fat VALUES (zeroblob(?))", [(1 << 20,)] * 300)


def _wait(condition) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_folder_with_the_vault_but_without_its_key_is_not_opened(tmp_path):
    (tmp_path / "vault.db").touch()
    with pytest.raises(SettingsInvalid, match="ANSWERBACK_MASTER_KEY"):
        master_key(_settings(tmp_path), seeded())
    assert not (tmp_path / "master.key").exists()
