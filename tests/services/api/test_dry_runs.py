"""A rule is tried over HTTP before anyone publishes it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from schemas.dry_runs import DryRunQuery
from schemas.promotion import rule_id
from services.parts import Parts
from tests.services.api.caller import Caller, problem
from tests.services.api.fake_reads import FakeReads

RULE = {"events": ["email.opened"], "response_type": "visit", "channel": "email"}
YEAR = 365 * 86_400_000


def drafted(admin: Caller) -> str:
    return f"/definitions/{admin.done('/definitions', {'body': RULE})['definition_id']}/dry-run"


def asked(reads: FakeReads) -> DryRunQuery:
    query = reads.asked[-1]
    assert isinstance(query, DryRunQuery)
    return query


def test_the_newest_version_is_tried_over_a_year(
    admin: Caller, reads: FakeReads, parts: Parts
) -> None:
    path = drafted(admin)
    told = admin.post(path).json()
    assert (told["version"], told["responses"]["now"], told["kpis"]) == (1, 3, [])
    assert (asked(reads).until, asked(reads).since) == (parts.clock(), parts.clock() - YEAR)
    assert admin.get(path.removesuffix("/dry-run")).json()["state"] == "draft"


def test_a_built_in_rule_is_tried_too_and_all_can_be_said(admin: Caller, reads: FakeReads) -> None:
    campaign = str(uuid4())
    body = {"version": 1, "from": "2024-01-01", "to": "2024-02-01T00:00:00Z", "limit": 5,
            "campaign_id": campaign}  # fmt: skip
    told = admin.done(f"/definitions/{rule_id('form')}/dry-run", body)
    assert (told["since"], told["until"]) == (
        "2024-01-01T00:00:00.000Z", "2024-02-01T00:00:00.000Z",
    )  # fmt: skip
    assert (str(asked(reads).campaign_id), asked(reads).limit) == (campaign, 5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"version": 2}, 422),
        ({"version": 0}, 422),
        ({"from": "2024-02-01", "to": "2024-02-01"}, 422),
        ({"to": "1999-01-01"}, 422),
        ({"from": "yesterday"}, 400),
        ({"known_at": "2999-01-01"}, 400),
        ({"limit": 1001}, 422),
        ({"surprise": 1}, 422),
    ],
)
def test_what_cannot_be_tried_is_refused(admin: Caller, body: dict[str, Any], status: int) -> None:
    problem(admin.post(drafted(admin), body), status)


def test_lists_are_tried_at_their_own_door(admin: Caller) -> None:
    name = {"name": "L", "kind": "dynamic", "member_type": "contact"}
    made = admin.done("/lists", name)["list_id"]
    where = {"field": "city", "op": "eq", "value": "Gdynia"}
    admin.done(f"/lists/{made}/rule", {"v": 1, "member": "contact", "tz": "UTC", "where": where})
    refused = problem(admin.post(f"/definitions/{made}/dry-run"), 422)
    assert "preview" in refused["errors"][0]["detail"]
    problem(admin.post(f"/definitions/{uuid4()}/dry-run"), 404)
