"""Contacts, journeys and KPIs over HTTP."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from events.cursor import Cursor
from schemas.catalogue import Topic
from schemas.classifier import CLASSIFIER_ID
from schemas.kpis import CountedQuery, KpiChangesQuery, KpiQuery
from services.parts import Parts
from tests.services.api.caller import Caller, problem
from tests.services.api.fake_reads import FakeReads, a_contact

ADA = UUID(int=7)


@pytest.fixture
def ada(reads: FakeReads) -> UUID:
    reads.people["demo", ADA] = a_contact(ADA, "ada@example.com")
    return ADA


def test_contacts_are_listed_and_read(admin: Caller, ada: UUID) -> None:
    listed = admin.get("/contacts").json()
    assert [row["contact_id"] for row in listed["data"]] == [str(ada)]
    assert listed["next_cursor"] is None
    assert admin.get(f"/contacts/{ada}").json()["email"] == ["ada@example.com"]
    problem(admin.get(f"/contacts/{uuid4()}"), 404)
    problem(admin.get("/contacts", cursor="rubbish"), 400)


def test_journey_takes_a_moment_of_data_time(admin: Caller, reads: FakeReads, ada: UUID) -> None:
    path = f"/contacts/{ada}/journey"
    # An offset's plus sign that was not escaped arrives as a space.
    for text in ("2026-10-01T02:00:00+02:00", "2026-10-01T02:00:00 02:00", "2026-10-01"):
        assert admin.get(path, as_of=text, limit=5).status_code == 200
    assert [past.as_of for past in reads.asked] == [1_790_812_800_000] * 3
    assert admin.get(path, version="current").status_code == 200
    problem(admin.get(path, as_of="then"), 400)
    problem(admin.get(path, version="99"), 400)
    problem(admin.get(f"/contacts/{uuid4()}/journey"), 404)


def test_campaign_kpis_show_each_part(admin: Caller) -> None:
    campaign = admin.campaign()["campaign_id"]
    told = admin.get(f"/campaigns/{campaign}/kpis").json()
    assert told["kpis"] == {
        "open_rate": {"numerator": 3, "denominator": 4, "value": 0.75},
        "lift": {"numerator": None, "denominator": None, "value": None},
        "call_attempts": {"numerator": 7, "denominator": None, "value": 7.0},
        "first_follow_up_minutes": {"value": 12.5, "n": 2},
    }
    assert told["data"][0]["kpis"] == told["kpis"]
    assert (told["basis"], told["window_days"], told["campaign_id"]) == ("cohort", 30, campaign)


def test_kpis_hand_the_question_on(admin: Caller, reads: FakeReads) -> None:
    campaign = admin.campaign()["campaign_id"]
    reply = admin.get(
        "/kpis", group_by="line,month", only="open_rate, call_attempts,open_rate",
        campaign_id=campaign, **{"from": "2026-10-01"},
        to="2026-10-02T00:00:00Z", as_of="2026-10-03",
    )  # fmt: skip
    assert reply.status_code == 200
    assert reads.asked == [
        KpiQuery(
            campaign_id=UUID(campaign), group_by=("line", "month"),
            only=("call_attempts", "open_rate"), since=1_790_812_800_000,
            until=1_790_899_200_000, as_of=1_790_985_600_000,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        {"group_by": "mood"},
        {"group_by": "day,week,month"},
        {"group_by": "day,day"},
        {"group_by": "day,"},
        {"only": "open_rate,happiness"},
        {"only": "open_rate,"},
        {"campaign_id": "spring"},
        {"from": "yesterday"},
        {"as_of": "2026"},
        {"known_at": "2126-10-01"},
        {"known_at": "x"},
        {"known_at": Cursor({(Topic.FACTS, 0): 2**40}).encode()},
        {"version": "2"},
        {"version": "0"},
        {"version": "newest"},
        {"definition": "1"},
        {"min_position": "\u00e9"},
    ],
)
def test_kpis_refuse_bad_parameters(admin: Caller, params: dict[str, str]) -> None:
    problem(admin.get("/kpis", **params), 400)


def test_kpis_of_an_unknown_campaign_are_not_found(admin: Caller) -> None:
    problem(admin.get("/kpis", campaign_id=str(uuid4())), 404)


def test_changes_of_kpis_hand_both_states_on(admin: Caller, reads: FakeReads, parts: Parts) -> None:
    admin.campaign()
    older, newer = Cursor().encode(), parts.log.heads().encode()
    told = admin.get(
        "/kpis/changes", known_before=older, known_at=newer, only="open_rate", group_by="day"
    ).json()
    assert (told["data"], told["known_before"], told["known_at"]) == ([], older, newer)
    question = KpiChangesQuery(
        group_by=("day",), only=("open_rate",), known_at=newer, known_before=older
    )
    assert reads.asked == [question]


def test_whom_a_kpi_counts_is_asked_by_part_and_group(admin: Caller, reads: FakeReads) -> None:
    campaign = admin.campaign()["campaign_id"]
    told = admin.get(
        "/kpis/open_rate/counted", part="denominator", campaign_id=campaign,
        group="channel:email,day:2026-11-01", limit=5,
    ).json()  # fmt: skip
    assert told["data"] == [{"person": "p", "events": []}]
    assert reads.asked == [
        CountedQuery(
            kpi="open_rate", part="denominator", campaign_id=UUID(campaign),
            group_by=("channel", "day"), group=("email", "2026-11-01"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kpi", "params", "status"),
    [
        ("happiness", {}, 404),
        ("open_rate", {"part": "value"}, 400),
        ("open_rate", {"group": "channel"}, 400),
        ("open_rate", {"group": "mood:good"}, 400),
        ("open_rate", {"group": "day:1,week:2,month:3"}, 400),
        ("open_rate", {"cursor": "x"}, 400),
        ("open_rate", {"limit": "0"}, 400),
        ("open_rate", {"only": "open_rate"}, 400),
    ],
)
def test_whom_a_kpi_counts_is_refused_unless_asked_well(
    admin: Caller, kpi: str, params: dict[str, str], status: int
) -> None:
    problem(admin.get(f"/kpis/{kpi}/counted", **params), status)


def test_figures_and_journeys_take_a_version_of_the_classifier(
    admin: Caller, reads: FakeReads, ada: UUID
) -> None:
    by = {"definition": str(CLASSIFIER_ID)}
    problem(admin.get("/kpis", version="2", **by), 400)
    admin.done("/definitions", {"kind": "classifier", "body": {"burst_links": 7}})
    assert admin.get("/kpis", version="2", **by).status_code == 200
    assert admin.get("/kpis", version="current", **by).status_code == 200
    assert [query.classifier for query in reads.asked] == [2, None]
    problem(admin.get("/kpis", version="3", **by), 400)
    refused = problem(admin.get("/kpis", version="1", definition=str(uuid4())), 400)
    assert str(CLASSIFIER_ID) in refused["detail"]
    reads.asked.clear()
    path = f"/contacts/{ada}/journey"
    assert admin.get(path, version="2").status_code == 200
    assert [past.classifier for past in reads.asked] == [2]
    problem(admin.get(path, version="3"), 400)


def test_changes_of_kpis_want_both_states(admin: Caller) -> None:
    cursor = Cursor().encode()
    refused = problem(admin.get("/kpis/changes", known_before=cursor), 400)
    assert "known_at" in refused["detail"]
    problem(admin.get("/kpis/changes", known_at=cursor), 400)
    problem(admin.get("/kpis/changes", known_at=cursor, known_before="x"), 400)
    both = {"known_at": cursor, "known_before": cursor}
    problem(admin.get("/kpis/changes", only="happiness", **both), 400)
    problem(admin.get("/kpis/changes", classifier_before="2", **both), 400)
    problem(admin.get("/kpis/changes", campaign_id=str(uuid4()), **both), 404)
