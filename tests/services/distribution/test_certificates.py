"""N9: why a message was allowed to go out, proven from the log alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from events.log import Record, StoredRecord
from events.sqlite import SqliteLog
from events.vault_memory import MemoryVault
from projections.reading.reader import StoredReads
from schemas.audiences import RecipientView
from schemas.certificates import Certificate, LedgerEntry, SignedCertificate
from schemas.ids import message_id
from services.certificates import problems, sign
from services.cli import main
from tests.services.api.caller import problem
from tests.support import campaign as c
from tests.support.clock import SettableClock
from tests.support.listed import DAY, settle
from tests.support.merging import merged, unmerged
from tests.support.office import ANN, BOB, Office, people
from tests.support.randomness import seeded


def entry(office: Office, kind: str, number: int, **more: Any) -> None:
    said = {"channel": "email", "purpose": "marketing", "source": "form", **more}
    office.heard(f"consent.{kind}", number, address=c.address(number), **said)
    office.world.clock.advance(1000)


def prepared(office: Office, *members: UUID) -> list[str]:
    """The messages of an activity that is for some people."""
    _, activity = office.launched(office.static_list(*members, name=f"L{office.world.clock()}"))
    assert office.distribute(activity)["prepared"] == len(members)
    settle(office.world)
    return [str(message_id(UUID(activity), member)) for member in members]


def certificate(office: Office, message: str) -> dict[str, Any]:
    reply = office.caller.get(f"/messages/{message}/certificate")
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def verified(office: Office, told: dict[str, Any]) -> list[str]:
    reply = office.caller.post("/certificates/verify", told)
    assert reply.status_code == 200, reply.text
    assert reply.json()["is_true"] is (not reply.json()["problems"])
    found: list[str] = reply.json()["problems"]
    return found


def resigned(office: Office, told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same with something else in it, signed by the workspace's own key."""
    other = Certificate.model_validate({**told["certificate"], **changes})
    signed: dict[str, Any] = orjson.loads(sign(office.parts.vault, other).model_dump_json())
    return signed


@pytest.fixture
def told(office: Office) -> dict[str, Any]:
    """The certificate of a message to somebody who has withdrawn once, and granted again."""
    people(office, 1, 2)
    entry(office, "granted", 1)
    entry(office, "withdrawn", 1)
    entry(office, "granted", 1)
    entry(office, "withdrawn", 1, channel="sms")
    entry(office, "withdrawn", 2)
    (message,) = prepared(office, ANN)
    return certificate(office, message)


def test_a_certificate_tells_what_was_known_and_is_true(
    office: Office, told: dict[str, Any]
) -> None:
    said = told["certificate"]
    assert (said["verdict"], said["channel"], said["purpose"]) == ("granted", "email", "marketing")
    hashed = office.world.sealer.hash_of("demo", c.address(1))
    assert said["subjects"] == sorted((str(ANN), hashed))
    entries = [(one["channel"], one["granted"]) for one in said["ledger"]]
    assert sorted(entries) == [("email", False), ("email", True), ("email", True), ("sms", False)]
    assert said["decision"]["type"] == "message.prepared.v1"
    assert len(said["identity"]) >= 1
    assert verified(office, told) == []
    key = office.caller.get("/certificates/key").json()["public_key"]
    assert told["public_key"] == key


def test_what_comes_later_changes_no_certificate(office: Office, told: dict[str, Any]) -> None:
    office.world.clock.advance(DAY)
    entry(office, "withdrawn", 1)
    office.world.append(merged(office.world, 1, 2))
    settle(office.world)
    again = certificate(office, told["certificate"]["message_id"])
    assert again == told
    assert verified(office, again) == []


def test_what_came_after_the_decision_was_read_for_is_not_in_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """... though the log has it before the decision, within the same millisecond."""
    people(office, 1)
    entry(office, "granted", 1)
    read = StoredReads.recipients

    def read_and_hear(*asked: Any) -> list[RecipientView]:
        views = read(*asked)
        said = {"channel": "email", "purpose": "marketing", "source": "call"}
        office.heard("consent.withdrawn", 1, address=c.address(1), **said)
        return views

    monkeypatch.setattr(StoredReads, "recipients", read_and_hear)
    (message,) = prepared(office, ANN)
    told = certificate(office, message)
    assert [one["granted"] for one in told["certificate"]["ledger"]] == [True]
    assert told["certificate"]["verdict"] == "granted"
    assert verified(office, told) == []


def test_all_records_of_a_person_are_in_it(office: Office) -> None:
    people(office, 1, 2)
    entry(office, "granted", 2)
    office.world.append(merged(office.world, 1, 2))
    office.world.clock.advance(1000)
    (message,) = prepared(office, ANN)
    told = certificate(office, message)
    assert told["certificate"]["verdict"] == "granted"
    assert {str(ANN), str(BOB)} < set(told["certificate"]["subjects"])
    assert "identity.merged.v1" in {one["type"] for one in told["certificate"]["identity"]}
    assert verified(office, told) == []
    # Another message, after it turned out that they are two: what one granted is not the other's.
    office.world.append(unmerged(office.world, 1, 2))
    office.world.clock.advance(1000)
    (other,) = prepared(office, ANN)
    assert certificate(office, other)["certificate"]["verdict"] == "unknown"
    assert verified(office, told) == []


def test_without_entries_nothing_is_known(office: Office) -> None:
    people(office, 1)
    (message,) = prepared(office, ANN)
    told = certificate(office, message)
    assert (told["certificate"]["verdict"], told["certificate"]["ledger"]) == ("unknown", [])
    assert verified(office, told) == []


def test_a_changed_certificate_is_found_out(office: Office, told: dict[str, Any]) -> None:
    """... whoever signs it."""
    said = told["certificate"]
    assert verified(office, {**told, "certificate": {**said, "verdict": "unknown"}}) == [
        "The signature is not that of this certificate.",
        "The entries come to granted, not to unknown.",
    ]
    assert verified(office, {**told, "signature": told["public_key"]}) != []
    assert verified(office, {**told, "public_key": "x"}) != []
    stranger = sign(MemoryVault(seeded(5)), Certificate.model_validate(said))
    (other_key,) = verified(office, orjson.loads(stranger.model_dump_json()))
    assert "another key" in other_key
    for changes, expected in (
        ({"ledger": said["ledger"][1:]}, "left out"),
        ({"ledger": []}, "left out"),
        ({"ledger": said["ledger"][::-1], "verdict": "withdrawn"}, "come to granted"),
        ({"recipient": str(BOB)}, "somebody else"),
        ({"list_clause": "7:/where"}, "another list_clause"),
        ({"message_id": str(BOB)}, "another message_id"),
        ({"decision": {**said["decision"], "offset": 0}}, "not what the log has at its place"),
        ({"decision": {n: said["ledger"][0][n] for n in said["decision"]}}, "prepares no message"),
        ({"identity": said["decision"] and [{**said["identity"][0], "sha256": "0" * 64}]},
         "about identity"),
        ({"ledger": [{**said["ledger"][0], "offset": 999}]}, "There is no event"),
        ({"ledger": [{**said["ledger"][0], "partition": 999}]}, "There is no event"),
    ):  # fmt: skip
        found = verified(office, resigned(office, told, **changes))
        assert any(expected in one for one in found), (changes, found)


def tampered(office: Office, entry: LedgerEntry, change: Callable[[bytes], bytes]) -> None:
    """Another entry in the log, where an honest one was."""
    for records in office.world.log._lists.values():
        for index, record in enumerate(records):
            if record.event_id == entry.event_id:
                records[index] = StoredRecord(*record[:6], change(record.data))


def test_a_changed_ledger_is_found_out(office: Office, told: dict[str, Any]) -> None:
    signed = SignedCertificate.model_validate(told)
    assert list(problems(signed, office.world.log, None)) == []
    entry = signed.certificate.ledger[0]
    tampered(office, entry, lambda data: data.replace(b'"form"', b'"call"'))
    assert list(problems(signed, office.world.log, None)) == ["The ledger is not what the log has."]


def test_what_is_no_certificate_is_refused(office: Office, told: dict[str, Any]) -> None:
    problem(office.caller.get(f"/messages/{BOB}/certificate"), 404)
    problem(office.caller.post("/certificates/verify", {}), 422)
    no_topic = {**told["certificate"]["decision"], "topic": "other"}
    changed = {**told, "certificate": {**told["certificate"], "decision": no_topic}}
    problem(office.caller.post("/certificates/verify", changed), 422)
    other = {**told, "certificate": {**told["certificate"], "workspace": "other"}}
    assert verified(office, other) == ["It is another workspace's."]


@pytest.fixture
def folder(
    office: Office, told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder whose log has what the office's has, at the same places."""
    made = tmp_path / "data"
    monkeypatch.setenv("ANSWERBACK_DATA", str(made))
    assert main(["workspace", "create", "demo"]) == 0
    records = [record for some in office.world.log._lists.values() for record in some]
    clock = SettableClock()
    log = SqliteLog(made / "log.db", clock, office.world.log.partitions)
    for record in sorted(records, key=lambda one: (one.recorded_at, one.position)):
        clock.advance(record.recorded_at - clock())
        topic = record.position.topic
        log.append([Record(topic, record.key, *record[3:], b"")]).result()
    log.close()
    return made


def test_it_is_verified_from_a_folder_s_log_alone(
    folder: Path, told: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "certificate.json"
    file.write_bytes(orjson.dumps(told))
    key = told["public_key"]
    assert main(["certificate", "verify", str(file), "--key", key]) == 0
    assert "consent granted by 4 entries." in capsys.readouterr().out
    assert main(["certificate", "verify", str(file)]) == 0
    assert key in capsys.readouterr().err
    said = {**told["certificate"], "verdict": "withdrawn"}
    file.write_bytes(orjson.dumps({**told, "certificate": said}))
    assert main(["certificate", "verify", str(file)]) == 1
    assert "The entries come to granted, not to withdrawn." in capsys.readouterr().err
    file.write_bytes(b"{}")
    assert main(["certificate", "verify", str(file)]) == 1
    assert "is no certificate" in capsys.readouterr().err
    assert main(["certificate", "verify", str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err
