"""The door for facts, only tried: same answer, nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from events.vault_memory import MemoryVault
from schemas.decisions.response import ResponseCaptured
from tests.services.collector.site import Site
from tests.support.parts import make_parts, uuid_of
from tests.support.randomness import seeded

CONTACT = {
    "specversion": "1.0", "id": "c-1", "source": "/crm", "type": "contact.created",
    "data": {"id": str(uuid_of(1)), "changes": {"first_name": "Zofia", "city": "Kraków"}},
}  # fmt: skip


class CountingVault(MemoryVault):
    """Counts the keys it was asked to make."""

    def __init__(self) -> None:
        super().__init__(seeded())
        self.subjects: set[str] = set()

    def subject_keys(self, workspace: str, subjects: Any) -> Any:
        self.subjects.update(subjects)
        return super().subject_keys(workspace, subjects)


@pytest.fixture
def vault() -> CountingVault:
    return CountingVault()


@pytest.fixture
def site(vault) -> Site:
    return Site(make_parts(vault=vault))


def changed(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = dict(CONTACT["data"])  # type: ignore[call-overload]
    return {**CONTACT, "data": {**data, "changes": {**data["changes"], **changes}}}


def tried(site: Site, *events: Any) -> dict[str, Any]:
    before = site.parts.log.heads()
    reply = site.ask(
        "POST", "/v1/events?dry_run=true", json=list(events),
        headers={"Authorization": f"Bearer {site.keys.write}"},
    )  # fmt: skip
    assert reply.status_code == 200
    assert site.parts.log.heads() == before
    return dict(reply.json())


def counts(told: dict[str, Any]) -> tuple[int, int, list[int], list[int]]:
    rejected = [one["index"] for one in told["rejected"]]
    return told["accepted"], told["duplicates"], told.get("conflicted", []), rejected


def test_dry_run_writes_neither_events_nor_keys(site, vault):
    assert counts(tried(site, CONTACT, {"specversion": "1.0"})) == (1, 0, [], [1])
    assert vault.subjects == set()


@pytest.mark.parametrize(
    ("copy", "conflicted"),
    [
        pytest.param(CONTACT, [], id="the same"),
        pytest.param(changed(city="Gdynia"), [0], id="another city"),
        pytest.param(changed(first_name="Anna"), [0], id="another sealed name"),
        pytest.param({**CONTACT, "data": {"id": str(uuid_of(1))}}, [0], id="without the name"),
        pytest.param({**CONTACT, "data": {"id": str(uuid_of(2))}}, [0], id="another person"),
        pytest.param({**CONTACT, "type": "email.x", "data": {}}, [0], id="another type"),
    ],
)
def test_dry_run_and_real_run_tell_the_same_copies(site, vault, copy, conflicted):
    assert site.send([CONTACT]).json()["accepted"] == 1
    known = set(vault.subjects)
    assert counts(tried(site, copy)) == (0, 1, conflicted, [])
    assert vault.subjects == known
    assert counts(site.send([copy]).json()) == (0, 1, conflicted, [])


def test_receipt_names_conflicts_by_their_place_in_the_request(site):
    site.send([CONTACT])
    told = site.send([{"specversion": "1.0"}, {**CONTACT, "id": "new"}, changed(city="Gdynia")])
    assert counts(told.json()) == (1, 1, [2], [0])


@pytest.mark.parametrize("query", ["dry_run", "dry_run=1", "dry_run=true&dry_run=false"])
def test_unclear_dry_run_stores_nothing(site, query):
    headers = {"Authorization": f"Bearer {site.keys.write}"}
    reply = site.ask("POST", f"/v1/events?{query}", json=[CONTACT], headers=headers)
    assert reply.status_code == 422
    assert site.events() == []


def test_response_that_asks_for_no_more_mail_withdraws_consent_in_the_same_append(site):
    data = {
        "response_id": str(uuid_of(5)), "campaign_id": str(uuid_of(6)), "subject": "No",
        "type": "letter", "channel": "letter", "source": "import", "code": "do_not_send",
        "email": "a@example.com",
    }  # fmt: skip
    ResponseCaptured.model_validate(data)
    event = {**CONTACT, "type": "response.captured", "data": data}
    nobody = {**event, "id": "c-2", "data": {**data, "email": None}}
    known = {**nobody, "id": "c-3", "subject": f"contact:{uuid_of(7)}"}
    site.send([event, nobody, {**known, "data": {**data, "customer": {
        "kind": "contact", "id": str(uuid_of(7))}}}])  # fmt: skip
    events = site.events()
    assert sorted(e.type for e in events) == [
        "consent.withdrawn", "consent.withdrawn", "response.captured", "response.captured",
        "response.captured",
    ]  # fmt: skip
    keys = [{e.key for e in events if e.type == kind} for kind in
            ("consent.withdrawn", "response.captured")]  # fmt: skip
    assert keys[0] < keys[1]
