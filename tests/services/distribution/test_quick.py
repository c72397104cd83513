"""Quick campaigns: one command, all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.api.caller import problem
from tests.support.listed import settle
from tests.support.office import ANN, BOB, Office, people, told


def quick(office: Office, **said: Any) -> dict[str, Any]:
    content = office.caller.done("/registries/content_version", {"name": "News"})
    return {"name": "News", "goal": "awareness", "channel": "email",
            "content_version_id": content["content_version_id"], **said}  # fmt: skip


def test_a_quick_campaign_is_one_command(office: Office) -> None:
    """M50: created, launched and distributed at once."""
    chosen = office.static_list(*people(office, 1, 2, 3))
    asked = quick(office, list_ids=[chosen], expected_response=5)
    settle(office.world)
    made = office.caller.done("/campaigns/quick", asked, "once")
    assert (made["kind"], made["status"], made["members"]) == ("quick", 2, 3)
    assert made["expected_response"] == 5
    assert made["list_ids"] == [chosen]
    assert office.caller.done("/campaigns/quick", asked, "once") == made
    office.see_through()
    assert office.progress(made["activity_id"])["prepared"] == 3
    assert office.figures(made["campaign_id"])["send_rate"] == (0, 3)
    (activity,) = office.caller.get(f"/campaigns/{made['campaign_id']}/activities").json()["data"]
    assert (activity["version"], activity["status"]) == (4, 0)
    changed = office.caller.patch(f"/activities/{made['activity_id']}", {"subject": "Late news"})
    assert changed.json()["version"] == 5
    assert len(office.caller.get("/campaigns").json()["data"]) == 1


def test_a_quick_campaign_to_a_selection_makes_a_list_of_it(office: Office) -> None:
    people(office, 1, 2)
    asked = quick(office, members=[str(ANN), str(BOB), str(ANN)])
    made = office.caller.done("/campaigns/quick", asked)
    office.see_through()
    assert office.progress(made["activity_id"])["prepared"] == 2
    (list_id,) = made["list_ids"]
    listed = office.caller.get(f"/lists/{list_id}").json()
    assert (listed["kind"], listed["member_count"], listed["version"]) == ("static", 2, 3)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({}, "/list_ids"),
        ({"list_ids": ["x"]}, "/list_ids/0"),
        ({"members": [str(ANN)], "goal": None}, "/goal"),
        ({"members": [str(ANN)], "name": ""}, "/name"),
        ({"members": [str(ANN)], "content_version_id": str(ANN)}, "/content_version_id"),
    ],
)
def test_a_quick_campaign_is_made_whole_or_not_at_all(
    office: Office, wrong: dict[str, Any], pointer: str
) -> None:
    people(office, 1)
    told_ = problem(office.caller.post("/campaigns/quick", quick(office, **wrong)), 422)
    assert told_["errors"][0]["pointer"] == pointer
    refused = office.caller.post("/campaigns/quick", quick(office, channel="letter",
                                                           members=[str(ANN)]))  # fmt: skip
    problem(refused, 409)
    assert told(office, "campaign.created") == []
    assert office.caller.get("/campaigns").json()["data"] == []
    assert office.caller.get("/lists").json()["data"] == []
