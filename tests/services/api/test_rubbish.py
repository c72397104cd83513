"""Any JSON at any route: an answer that says what is wrong, never a 500."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.promotion import rule_id
from services.parts import Parts
from tests.services.api.caller import API, Caller
from tests.services.api.fake_letters import NAME, SomeLetters
from tests.services.api.fake_reads import FakeReads, a_response
from tests.services.api.fake_replays import some_replays
from tests.services.api.test_door import routes
from tests.support.parts import make_keys, make_parts

FIELDS = (
    "name", "kind", "currency", "code", "goal", "goal_event", "type", "where", "prop", "op",
    "value", "goal_window", "parent_id", "budget", "amount", "rate", "channel", "fields",
    "scheduled_start", "content_version_id", "batch_id", "member_count", "digest", "cost", "item",
    "id", "linked", "changes", "target", "customer", "evidence", "reason", "owner_id", "medium",
    "at", "body", "definition_id", "events", "url", "number", "links", "redirect_url", "origins",
    "v", "member", "tz", "all", "any", "not", "field", "did", "has", "in_list", "members",
    "member_type", "from", "to", "known_at", "limit",
    "campaign_id", "received_at", "email", "first_name", "expected_version", "version", "received",
)  # fmt: skip
KNOWN = str(UUID(int=7))
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([
        KNOWN, "EUR", "email", "lead", "call", "question", "2026-10-14T00:00:00Z", "0001-01-01",
        "9999-12-31T23:59:59+14:00", "P30D", "P9999999999Y", "https://example.com/", "-1", "1e9",
        "order.placed", "eq", "in", "promotion", "00000000000000ff", "\x00", "\u202e",
    ])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=8) | values
parameters = st.dictionaries(
    st.sampled_from(
        ("limit", "cursor", "min_position", "group_by", "from", "as_of", "status", "group")
    ),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=10) | st.sampled_from(("day", "1")),
    max_size=2,
)


def prepared() -> tuple[Parts, Caller]:
    reads = FakeReads()
    parts = make_parts(reads=reads, letters=SomeLetters(), replays=some_replays())
    caller = Caller(parts, make_keys(parts).admin)
    campaign = caller.campaign()["campaign_id"]
    reads.add("demo", a_response(UUID(KNOWN), UUID(campaign)), KNOWN)
    return parts, caller


PARTS, ADMIN = prepared()
CAMPAIGN = ADMIN.get("/campaigns").json()["data"][0]["campaign_id"]
ACTIVITY = ADMIN.activity(CAMPAIGN)["activity_id"]
LIST = ADMIN.done("/lists", {"name": "L", "kind": "dynamic", "member_type": "contact"})["list_id"]
ROUTES = [
    (
        method,
        path.removeprefix(API)
        .replace("{campaign_id}", CAMPAIGN)
        .replace("{activity_id}", ACTIVITY)
        .replace("{list_id}", LIST)
        .replace("{member}", KNOWN)
        .replace("{response}", KNOWN)
        .replace("{definition_id}", str(rule_id("form")))
        .replace("{contact_id}", KNOWN)
        .replace("{record_id}", KNOWN)
        .replace("{batch_id}", KNOWN)
        .replace("{kpi}", "open_rate")
        .replace("{sender_id}", KNOWN)
        .replace("{entry_id}", "00000000000000ff")
        .replace("{projection}/{topic}/{partition}/{offset}", NAME),
    )
    for method, path in routes(PARTS)
]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    route=st.sampled_from(ROUTES),
    registry=st.sampled_from(("link", "form", "keyword", "share", "content_version", "webinar")),
    body=bodies,
    params=parameters,
)
def test_any_json_is_answered(
    route: tuple[str, str], registry: str, body: Any, params: dict[str, str]
) -> None:
    method, path = route[0], route[1].replace("{registry}", registry)
    if method == "GET":
        reply = ADMIN.get(path, **params)
    else:
        headers = {**ADMIN.headers, "Idempotency-Key": str(hash(json.dumps(body)))}
        reply = ADMIN.ask(method, API + path, json=body, params=params, headers=headers)
    assert reply.status_code < 500, (method, path, body, params, reply.text)
    if reply.status_code >= 400:
        assert reply.json()["detail"]
