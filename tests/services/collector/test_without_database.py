"""A start while no database can be read: links redirect, forms and pixels answer, from files."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from events.vault_memory import MemoryVault
from schemas.errors import StoreUnavailable
from services.access import Workspace
from services.access_sqlite import SqliteAccess
from services.collector.app import Collector
from services.collector.tokens import Purpose, unpack
from services.keepsake import Keepsake
from services.metrics import EVENTS_REJECTED
from services.parts import Parts
from services.reference import Reference
from services.server import build_app
from tests.services.collector.site import FORM, ORIGIN, SOURCE, Site
from tests.services.collector.unreadable_log import UnreadableLog
from tests.support.clock import SettableClock
from tests.support.parts import make_parts, register
from tests.support.randomness import seeded


class UnreadableAccess(SqliteAccess):
    """Keys and workspaces that cannot be read."""

    def workspaces(self) -> list[Workspace]:
        raise StoreUnavailable("The disk does not answer.")

    def workspace(self, workspace: str) -> Workspace:
        raise StoreUnavailable("The disk does not answer.")

    def workspace_by_number(self, number: int) -> Workspace:
        raise StoreUnavailable("The disk does not answer.")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An installation that has run before: its files are in the folder."""
    parts = make_parts()
    reference = Reference(parts.log, Keepsake(tmp_path / "reference.jsonl"))
    reference.start()
    site = Site(
        replace(parts, reference=reference, rings_file=Keepsake(tmp_path / "rings.jsonl"))
    )  # fmt: skip
    site.register_link()
    site.register_form()
    site.register_source()
    return site


def again(site: Site, clock: SettableClock, folder: Path) -> Site:
    """The same installation after a restart that finds no database."""
    old = site.parts
    log = UnreadableLog(clock)
    reference = Reference(log, Keepsake(folder / "reference.jsonl"))
    access = UnreadableAccess(None, clock, seeded())
    parts: Parts = replace(old, log=log, reference=reference, access=access)
    build_app(parts)  # it starts
    site.parts, site.collector = parts, Collector(parts)
    return site


def test_doors_answer_from_files(
    site: Site, clock: SettableClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    click, pixel, form = site.click(), site.pixel(), f"/f/{FORM}"
    unknown = site.click(link=77)
    with caplog.at_level(logging.WARNING):
        site = again(site, clock, tmp_path)
    assert "Links and forms are those of the file" in caplog.text
    assert "Token keys are those of the file" in caplog.text
    before = EVENTS_REJECTED.labels("log_unavailable")._value.get()
    reply = site.ask("GET", click)
    assert (reply.status_code, reply.headers["location"][:26]) == (
        302,
        "https://shop.example.com/a",
    )
    assert EVENTS_REJECTED.labels("log_unavailable")._value.get() == before + 1
    assert site.ask("GET", pixel).status_code == 503
    # Read through, and then 503: never 404 for what may exist.
    refused = site.ask("GET", unknown)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    sent = {"email": "ann@example.com"}
    assert site.ask("POST", form, data=sent, headers={"Origin": ORIGIN}).status_code == 503
    assert site.ask("GET", f"/s/{SOURCE}.js").status_code == 200
    assert site.ask("POST", f"/f/{uuid4()}", data=sent).status_code == 503
    assert site.ask("GET", f"/c/{'A' * 88}").status_code == 404


def test_a_signal_is_heard_when_nothing_tells_what_was_chosen(
    site: Site, clock: SettableClock, tmp_path: Path
) -> None:
    click = site.click()
    site = again(site, clock, tmp_path)
    assert site.ask("GET", click, headers={"Sec-GPC": "1"}).status_code == 302


def test_the_files_hold_no_key_in_clear(site: Site, tmp_path: Path) -> None:
    site.parts.vault.rotate_tokens("demo")
    site.ask("GET", site.pixel())  # the new key is learned, and kept
    keys = site.parts.vault.token_keys("demo").keys.values()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b'"demo"' in stored
    assert stored.count(b'"2":') == 1
    for key in keys:
        assert key not in stored
        assert key.hex().encode() not in stored
    assert all(secret.encode() not in stored for secret in (site.keys.write, site.keys.admin))


def test_keys_of_another_master_key_open_nothing(
    site: Site, clock: SettableClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class OtherMaster(MemoryVault):
        def __init__(self) -> None:
            super().__init__(seeded())
            self._master = b"m" * 32

    pixel = site.pixel()
    site.parts = replace(site.parts, vault=OtherMaster())
    with caplog.at_level(logging.WARNING):
        site = again(site, clock, tmp_path)
    assert "another master key" in caplog.text
    assert site.ask("GET", pixel).status_code == 503


def test_what_changes_later_is_in_the_file_too(site: Site, tmp_path: Path) -> None:
    site.register_form(version=2, name="Second")
    fresh = Reference(UnreadableLog(SettableClock()), Keepsake(tmp_path / "reference.jsonl"))
    fresh.start()
    form = fresh.form("demo", FORM)
    assert form is not None
    assert form.name == "Second"
    assert fresh.version("demo", "form", str(FORM)) == 2


def test_who_had_a_form_first_is_known_from_the_file(site: Site, tmp_path: Path) -> None:
    entry = {"form_id": str(FORM), "name": "Mine", "redirect_url": "https://a.example"}
    site.parts.clock.advance(1)  # type: ignore[attr-defined]  # the clock of tests
    register(site.parts, "form", entry, workspace="a-thief")
    for _ in range(2):  # read, written whole, and read again
        reference = Reference(site.parts.log, Keepsake(tmp_path / "reference.jsonl"))
        reference.start()
    owner = reference.form_anywhere(FORM)
    assert owner is not None
    assert owner.workspace == "demo"


def test_a_file_of_another_log_is_passed_over(site: Site, tmp_path: Path) -> None:
    empty = make_parts()
    reference = Reference(empty.log, Keepsake(tmp_path / "reference.jsonl"))
    reference.start()
    assert reference.form("demo", FORM) is None


@pytest.mark.parametrize(
    "damage",
    [b"[]\n", b'{"cursor":5,"entries":[]}\n', b"\0" * 50, b"", b'{"cursor":"x","entries":[[1]]}\n'],
)
def test_a_damaged_file_is_made_again(site: Site, tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "reference.jsonl"
    path.write_bytes(damage)
    for _ in range(2):
        reference = Reference(site.parts.log, Keepsake(path))
        reference.start()
        assert reference.form("demo", FORM) is not None


def test_tokens_of_a_new_key_need_no_restart(site: Site) -> None:
    old = site.click()
    site.parts.vault.rotate_tokens("demo")
    for path in (site.click(), old, site.pixel()):
        assert site.ask("GET", path).status_code in (200, 302)
    first, second = unpack(old.removeprefix("/c/")), unpack(site.token(Purpose.OPEN))
    assert first is not None
    assert second is not None
    assert (first.key_id, second.key_id) == (1, 2)
