from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from schemas.errors import SettingsInvalid
from services.settings import PREFIX, Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def test_load_settings_has_a_default_for_everything() -> None:
    assert load_settings() == Settings()


def test_load_settings_reads_every_kind_of_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERBACK_PORT", "9090")
    monkeypatch.setenv("ANSWERBACK_DATA", "/srv/answerback")
    monkeypatch.setenv("ANSWERBACK_TRUSTED_PROXIES", "127.0.0.1, 10.1.0.0/16,2001:db8::/32,")
    monkeypatch.setenv("ANSWERBACK_SETTLE_SECONDS", "0")
    settings = load_settings()
    assert settings.port == 9090
    assert settings.data == Path("/srv/answerback")
    assert settings.settle_seconds == 0
    assert settings.trusted_proxies == tuple(
        ip_network(text) for text in ("127.0.0.1/32", "10.1.0.0/16", "2001:db8::/32")
    )


def test_the_public_address_follows_host_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERBACK_PORT", "9090")
    assert load_settings().public_url == "http://127.0.0.1:9090"
    monkeypatch.setenv("ANSWERBACK_PUBLIC_URL", "https://t.example.com/")
    assert load_settings().public_url == "https://t.example.com"


def test_unknown_names_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERBACK_PROT", "1")
    monkeypatch.setenv("ANSWERBACK_HSOT", "1")
    with pytest.raises(SettingsInvalid, match="ANSWERBACK_HSOT, ANSWERBACK_PROT"):
        load_settings()


@pytest.mark.parametrize("name", ["ANSWERBACK_API_KEY", "ANSWERBACK_URL", "ANSWERBACK_TEST_X"])
def test_names_that_are_for_clients_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "65536"), ("MODE", "cloud"), ("MASTER_KEY", "short"),
        ("MASTER_KEY", "zz" * 32), ("TRUSTED_PROXIES", "everybody"), ("PUBLIC_URL", "t.example"),
        ("PARTITIONS", "0"), ("BODY_TIMEOUT_SECONDS", "0"), ("BODY_TIMEOUT_SECONDS", "nan"),
        ("MAX_BODY_BYTES", "-1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_name_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsInvalid, match=PREFIX + name) as caught:
        load_settings()
    assert name != "MASTER_KEY" or value not in str(caught.value)


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("ab" * 32 + "\n")
    monkeypatch.setenv("ANSWERBACK_MASTER_KEY_FILE", str(file))
    settings = load_settings()
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == "ab" * 32
    assert "abab" not in repr(settings)


def test_a_secret_from_two_places_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANSWERBACK_MASTER_KEY_FILE", str(tmp_path))
    monkeypatch.setenv("ANSWERBACK_MASTER_KEY", "ab" * 32)
    with pytest.raises(SettingsInvalid, match="not both"):
        load_settings()


def test_a_secrets_file_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANSWERBACK_MASTER_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsInvalid, match="ANSWERBACK_MASTER_KEY_FILE"):
        load_settings()


def test_only_secrets_may_come_from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERBACK_PORT_FILE", "x")
    with pytest.raises(SettingsInvalid, match="ANSWERBACK_PORT_FILE"):
        load_settings()
