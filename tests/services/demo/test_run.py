"""How the demo's server is set up: its addresses and its key."""

from __future__ import annotations

import os
from ipaddress import ip_address

import pytest

from schemas.clock import system_clock, system_random
from services.access_sqlite import SqliteAccess
from services.demo.notebook import Notebook
from services.demo.run import among_itself, demo_key, local_address
from services.settings import PREFIX, Settings, load_settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there


@pytest.fixture
def access():
    opened = SqliteAccess(None, system_clock, system_random)
    yield opened
    opened.close()


@pytest.fixture
def settings(monkeypatch):
    def given(**values: str) -> Settings:
        for name in [n for n in os.environ if n.startswith(PREFIX)]:
            monkeypatch.delenv(name)
        for name, text in values.items():
            monkeypatch.setenv(f"{PREFIX}{name.upper()}", text)
        return load_settings()

    return given


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:81"), (EVERYWHERE, "http://127.0.0.1:81"),
     ("::", "http://127.0.0.1:81"), ("::1", "http://[::1]:81"), ("demo.test", "http://demo.test:81")],
)  # fmt: skip
def test_local_address_leads_to_the_server(host, address, settings):
    assert local_address(settings(host=host, port="81")) == address


def test_demo_hands_out_its_own_address_and_trusts_this_machine(settings):
    chosen = among_itself(settings(port="81"))
    assert chosen.public_url == "http://127.0.0.1:81"
    assert any(ip_address("127.0.0.1") in network for network in chosen.trusted_proxies)


def test_demo_keeps_what_was_set(settings):
    given = settings(public_url="https://a.example.com", trusted_proxies="10.0.0.0/8")
    assert among_itself(given) == given


def test_demo_key_is_the_same_at_every_start(access, tmp_path):
    first = demo_key(access, Notebook(tmp_path / "demo", 0))
    assert demo_key(access, Notebook(tmp_path / "demo", 0)) == first
    assert access.authenticate(first).workspace == "demo"
    assert len(access.keys("demo")) == 1


def test_demo_key_that_was_revoked_is_replaced(access, tmp_path):
    notebook = Notebook(tmp_path / "demo", 0)
    first = demo_key(access, notebook)
    access.revoke_key("demo", access.authenticate(first).key_id)
    second = demo_key(access, notebook)
    assert second != first
    assert access.authenticate(second).workspace == "demo"


def test_demo_key_that_was_lost_is_replaced(access, tmp_path):
    first = demo_key(access, Notebook(tmp_path / "one", 0))
    second = demo_key(access, Notebook(tmp_path / "two", 0))
    assert first != second
