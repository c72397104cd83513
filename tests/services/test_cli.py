"""The command line, on real data folders."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.cli import build_parser, main
from services.commandline.lazily import load

COMMANDS = [
    ["serve"], ["demo"], ["verify"], ["backup"], ["restore"], ["schemas"], ["config"],
    ["config", "check"], ["workspace"],
    ["workspace", "create"], ["workspace", "list"], ["key"], ["key", "create"], ["key", "list"],
    ["key", "revoke"], ["key", "rotate"], ["workspace", "update"], ["workspace", "rotate-tokens"],
    ["workspace", "acts"], ["import"], ["init"],
    ["copy-log"], ["certificate"], ["certificate", "verify"], ["replay"],
    *(["replay", step] for step in ("plan", "run", "status", "pause", "resume", "cancel",
                                    "compare", "diff", "why", "step", "promote", "rollback",
                                    "retire", "partial")),
]  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    for name in [n for n in os.environ if n.startswith("ANSWERBACK_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("ANSWERBACK_DATA", str(folder))
    return folder


def failed(capsys) -> str:
    """The one sentence that a failed command says."""
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("answerback: ")
    assert said.err.count("\n") == 1
    return said.err


def commands_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What the parser and those below it run, by name."""
    if name := parser.get_default("run"):
        yield name
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from commands_of(below)


@pytest.mark.parametrize("name", sorted(set(commands_of(build_parser()))))
def test_every_command_is_there_and_takes_what_it_is_given(name):
    names = ["arguments", "terminal"]
    given = inspect.signature(load(name)).parameters.values()
    assert [one.name.removeprefix("_") for one in given] == names
    assert [one.annotation for one in given] == ["Namespace", "Terminal"]


def test_what_a_command_does_not_need_is_not_loaded():
    """All of it takes two seconds, which every command took once."""
    said = subprocess.run(
        [sys.executable, "-c", "import sys, services.cli; print(*sys.modules)"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    assert "services.cli" in said
    assert not {"fastapi", "sqlalchemy", "chdb", "services.bootstrap"} & set(said)


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_help_explains_every_command(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert " ".join(["usage: answerback", *command]) in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["key"], ["key", "create"], ["key", "create", "w", "n", "--scope", "all"],
     ["demo", "--twice"], ["verify", "now"]],
    ids=lambda a: " ".join(a) or "nothing",
)  # fmt: skip
def test_wrong_call_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_schemas_prints_every_event_type(capsys):
    assert main(["schemas"]) == 0
    schemas = json.loads(capsys.readouterr().out)
    assert schemas["email.clicked.v1"]["title"] == "email.clicked.v1"
    assert "link_id" in schemas["email.clicked.v1"]["required"]


def test_config_check_prints_settings_and_hides_secrets(monkeypatch, capsys):
    monkeypatch.setenv("ANSWERBACK_PORT", "9191")
    monkeypatch.setenv("ANSWERBACK_MASTER_KEY", "ab" * 32)
    assert main(["config", "check"]) == 0
    said = capsys.readouterr().out
    lines = dict(line.split("=", 1) for line in said.splitlines())
    assert lines["ANSWERBACK_PORT"] == "9191"
    assert "abab" not in said
    assert lines["ANSWERBACK_MASTER_KEY"] == "(hidden)"


@pytest.mark.parametrize(("name", "value"), [("ANSWERBACK_PROT", "1"), ("ANSWERBACK_PORT", "many")])
def test_config_check_refuses_what_it_does_not_know(name, value, monkeypatch, capsys):
    monkeypatch.setenv(name, value)
    assert main(["config", "check"]) == 1
    assert name in failed(capsys)


def test_workspace_is_made_once_and_listed(capsys):
    assert main(["workspace", "create", "acme", "--time-zone", "Europe/Warsaw"]) == 0
    capsys.readouterr()
    assert main(["workspace", "list"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["WORKSPACE", "NUMBER", "TIME", "ZONE", "CURRENCY", "GPC"]
    assert row.split() == ["acme", "1", "Europe/Warsaw", "EUR", "keep"]
    assert main(["workspace", "create", "acme"]) == 1
    assert "acme" in failed(capsys)


@pytest.mark.parametrize(
    "arguments", [["UPPER"], ["fine", "--time-zone", "Mars/Crater"], ["fine", "--currency", "eu"]],
    ids=" ".join,
)  # fmt: skip
def test_workspace_refuses_a_wrong_name_zone_or_currency(arguments, capsys):
    assert main(["workspace", "create", *arguments]) == 1
    failed(capsys)


def test_key_secret_is_shown_once_and_alone(capsys, data):
    main(["workspace", "create", "acme"])
    capsys.readouterr()
    assert main(["key", "create", "acme", "shop", "--scope", "write", "--scope", "read"]) == 0
    made = capsys.readouterr()
    (secret,) = made.out.splitlines()
    assert secret.startswith("ab_")
    assert secret not in made.err
    assert main(["key", "list", "acme"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert "shop" in listed
    assert "read write" in listed
    stored = b"".join(p.read_bytes() for p in data.rglob("*") if p.is_file())
    assert secret.split("_", 2)[2].encode() not in stored  # what is drawn may hold a "_" itself


def test_key_is_revoked(capsys):
    main(["workspace", "create", "acme"])
    main(["key", "create", "acme", "shop"])
    capsys.readouterr()
    main(["key", "list", "acme"])
    key_id, *_, state = capsys.readouterr().out.splitlines()[1].split()
    assert state == "valid"
    assert main(["key", "revoke", "acme", key_id]) == 0
    capsys.readouterr()
    main(["key", "list", "acme"])
    assert capsys.readouterr().out.splitlines()[1].split()[-1] == "revoked"


def test_workspace_is_changed_and_signs_with_a_new_key(capsys):
    main(["workspace", "create", "acme"])
    capsys.readouterr()
    assert main(["workspace", "update", "acme", "--gpc-mode", "drop"]) == 0
    assert "gpc mode drop" in capsys.readouterr().out
    assert main(["workspace", "rotate-tokens", "acme"]) == 0
    assert "token key 2" in capsys.readouterr().out
    assert main(["workspace", "acts", "acme"]) == 0
    told = capsys.readouterr().out
    assert ["operator" in line for line in told.splitlines()] == [False, True, True, True]
    assert "token keys rotated" in told
    for command in (["update", "nobody", "--time-zone", "UTC"], ["rotate-tokens", "nobody"]):
        assert main(["workspace", *command]) == 1
        failed(capsys)


def test_key_is_replaced_and_the_old_one_lives_on_for_its_overlap(capsys):
    main(["workspace", "create", "acme"])
    main(["key", "create", "acme", "shop", "--scope", "read"])
    capsys.readouterr()
    main(["key", "list", "acme"])
    key_id = capsys.readouterr().out.splitlines()[1].split()[0]
    assert main(["key", "rotate", "acme", key_id, "--overlap", "3600"]) == 0
    assert capsys.readouterr().out.startswith("ab_")
    main(["key", "list", "acme"])
    rows = [row.split() for row in capsys.readouterr().out.splitlines()[1:]]
    assert [row[1:] for row in rows] == [["shop", "read", "ending"], ["shop", "read", "valid"]]
    assert main(["key", "rotate", "acme", key_id]) == 1
    failed(capsys)


@pytest.mark.parametrize(
    "arguments", [["list", "nobody"], ["create", "nobody", "n"], ["revoke", "nobody", "1" * 12]],
    ids=" ".join,
)  # fmt: skip
def test_key_of_an_unknown_workspace_is_refused(arguments, capsys):
    assert main(["key", *arguments]) == 1
    failed(capsys)


@pytest.mark.parametrize(
    "command",
    [["verify"], ["serve"], ["demo", "--once"], ["backup", "copy"], ["replay", "status"]],
    ids=" ".join,
)
def test_what_works_on_a_folder_refuses_the_mode_without_one(command, data, monkeypatch, capsys):
    monkeypatch.setenv("ANSWERBACK_MODE", "distributed")
    assert main(command) == 1
    assert "ANSWERBACK_MODE says distributed" in failed(capsys)
    assert not data.exists()


def test_verify_finds_a_new_folder_equal_to_its_rebuild(capsys):
    assert main(["verify"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["TABLE", "ROWS"]
    assert rows
    assert all(row.endswith("equal") for row in rows)


def test_failure_to_reach_the_folder_is_one_sentence(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("ANSWERBACK_DATA", str(tmp_path / "file"))
    assert main(["workspace", "list"]) == 1
    failed(capsys)


class Server:
    """``answerback serve`` as a process."""

    def __init__(self, data: Path, port: int) -> None:
        environment = os.environ | {"ANSWERBACK_DATA": str(data), "ANSWERBACK_PORT": str(port)}
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve"], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        ends = time.monotonic() + 60
        while not self._is_ready():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < ends
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def end(self, how: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(how)
        told = self.process.communicate(timeout=60)[0]
        return self.process.returncode, told


@pytest.fixture
def port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly_and_holds_its_folder_meanwhile(how, data, port, capsys):
    server = Server(data, port)
    try:
        server.wait_until_ready()
        assert main(["serve"]) == 1
        assert "process" in failed(capsys)
        assert main(["verify"]) == 0  # the server itself does it
        assert " equal" in capsys.readouterr().out
        code, told = server.end(how)
    finally:
        server.process.kill()
    assert code == 0, told
    assert "Traceback" not in told
    assert main(["workspace", "list"]) == 0


def test_serve_on_a_taken_port_says_so(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(data, taken.getsockname()[1])
        told = server.process.communicate(timeout=60)[0]
    assert server.process.returncode == 1
    assert "Traceback" not in told
    assert str(server.address.rpartition(":")[2]) in told
