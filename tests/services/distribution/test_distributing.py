"""Who of an audience is written to, who is not and why, and what stays."""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas.audiences import members_digest
from schemas.decisions.activity import MessagePrepared
from schemas.ids import message_id, named_id
from services.commands import distributions
from tests.services.api.caller import decisions, problem
from tests.support import campaign as c
from tests.support.listed import DAY, settle
from tests.support.office import ANN, BOB, CAT, Office, people, told


def test_every_member_is_written_to_once_under_the_audience_s_own_batch(office: Office) -> None:
    members = people(office, 1, 2, 3)
    campaign, activity = office.launched(office.static_list(*members))
    done = office.distribute(activity)
    assert (done["state"], done["members"], done["prepared"], done["left"]) == ("done", 3, 3, 0)
    assert done["digest"] == members_digest(reversed(members))
    prepared: list[MessagePrepared] = told(office, "message.prepared")
    ids = {message_id(UUID(activity), member) for member in members}
    assert {one.message_id for one in prepared} == ids
    batches = {e.batch_id for e, _ in decisions(office.parts) if e.type == "message.prepared"}
    assert batches == {UUID(done["audience_id"])}
    (pinned,) = told(office, "audience.pinned")
    assert (pinned.source, pinned.member_count) == ("list", 3)
    assert office.figures(campaign)["send_rate"] == (0, 3)


def test_each_reason_not_to_write_is_told(office: Office) -> None:
    """R23: targeted = prepared + all exclusions, each under the first reason that holds."""
    people(office, 1)
    office.met(2, state=1)
    office.met(3, email=None)
    people(office, 4, 5, 6, 7, 8)
    office.heard(
        "email.bounced",
        4,
        **{
            "message_id": str(c.message(4)),
            "class": "hard",
            "final": True,
            "code": "550",
            "reason": "no such user",
        },
    )
    office.heard(
        "email.complained", 5, message_id=str(c.message(5)), via="provider", purpose="marketing"
    )
    withdrawn = {"channel": "all", "purpose": "marketing", "source": "call"}
    office.heard("consent.withdrawn", 6, address=c.address(6), **withdrawn)
    other = {"channel": "email", "purpose": "newsletter", "source": "page"}
    office.heard("consent.withdrawn", 7, address=c.address(7), **other)
    office.met(9, email=[c.address(1)])
    settle(office.world)
    first = office.static_list(c.person(8), name="Before")
    assert office.distribute(office.launched(first)[1])["prepared"] == 1
    office.world.clock.advance(DAY)
    stranger = named_id("nobody")
    everybody = [c.person(number) for number in range(1, 10)]
    chosen = office.static_list(*everybody, stranger, name="All")
    campaign, activity = office.launched(chosen, anti_spam_days=2)
    done = office.distribute(activity)
    assert done["excluded"] == {
        "inactive": 1, "no_address": 2, "invalid_address": 1, "suppressed": 1, "consent": 2,
        "duplicate": 1, "frequency_cap": 1,
    }  # fmt: skip
    assert (done["members"], done["prepared"]) == (10, 1)
    (group,) = office.caller.get(f"/campaigns/{campaign}/kpis").json()["data"]
    assert group["by_reason"] == done["excluded"]
    assert office.figures(campaign)["block_rate"] == (9, 10)
    assert all(table.equal for table in office.world.rebuilt())


def test_an_activity_may_be_less_strict_but_never_than_the_ledger(office: Office) -> None:
    office.met(1, state=1)
    people(office, 2, 3)
    other = {"channel": "email", "purpose": "newsletter", "source": "page"}
    office.heard("consent.withdrawn", 2, address=c.address(2), **other)
    office.heard("consent.withdrawn", 3, address=c.address(3), **{**other, "purpose": "marketing"})
    chosen = office.static_list(ANN, BOB, CAT)
    _, activity = office.launched(chosen, exclude_opted_out=False, skip_inactive=False)
    done = office.distribute(activity)
    assert (done["prepared"], done["excluded"]) == (2, {"consent": 1})


def test_a_bounce_counts_against_the_address_it_came_from(office: Office) -> None:
    people(office, 1)
    bounce = {"message_id": str(c.message(1)), "class": "hard", "final": True, "code": "550",
              "reason": "no such user"}  # fmt: skip
    office.heard("email.bounced", 1, **bounce)
    office.world.clock.advance(DAY)
    office.met(1, email=["ann@example.org"])
    _, activity = office.launched(office.static_list(ANN))
    assert office.distribute(activity)["prepared"] == 1


@pytest.mark.parametrize("told_again", [[], ["other@example.org"]])
def test_an_address_that_is_told_again_has_bounced_all_the_same(
    office: Office, told_again: list[str]
) -> None:
    people(office, 1)
    bounce = {"message_id": str(c.message(1)), "class": "hard", "final": True, "code": "550",
              "reason": "no such user"}  # fmt: skip
    office.heard("email.bounced", 1, **bounce)
    office.world.clock.advance(DAY)
    office.met(1, email=[c.address(1), *told_again])
    _, activity = office.launched(office.static_list(ANN))
    assert office.distribute(activity)["excluded"] == {"invalid_address": 1}


def test_a_withdrawal_by_a_clock_that_is_ahead_counts(office: Office) -> None:
    """R3 lets a source's clock be five minutes ahead."""
    _, activity = office.launched(office.static_list(*people(office, 1)))
    world = office.world
    said = {"channel": "email", "purpose": "marketing", "source": "page", "address": c.address(1)}
    ahead = world.clock() + 240_000
    world.append(world.fact("consent.withdrawn", said, "ahead", recipient=ANN, at=ahead))
    assert office.distribute(activity)["excluded"] == {"consent": 1}


def test_a_lead_is_written_to_at_its_customer(office: Office) -> None:
    people(office, 1)
    lead, world = named_id("lead"), office.world
    data = {"lead_id": str(lead), "status": 1, "customer": {"kind": "contact", "id": str(ANN)}}
    world.append(world.fact("lead.created", data, "lead"))
    _, activity = office.launched(office.static_list(lead, kind="lead"))
    assert office.distribute(activity)["prepared"] == 1


def test_later_changes_of_the_list_alter_no_figure(office: Office) -> None:
    """R22, N4: rates are of the people who were pinned."""
    chosen = office.static_list(*people(office, 1, 2, 3))
    campaign, activity = office.launched(chosen)
    before = office.distribute(activity)
    named = {"provider": "p", "activity_id": activity, "content_version_id": str(c.CONTENT)}
    for number in (1, 2):
        own = message_id(UUID(activity), c.person(number))
        office.heard("email.sent", number, message_id=str(own), provider_message_id=f"x{number}",
                     address=c.address(number), **named)  # fmt: skip
    settle(office.world)
    figures = office.figures(campaign)
    assert figures["send_rate"] == (2, 3)
    people(office, 4)
    gone = {"members": [str(BOB), str(CAT)], "member_type": "contact"}
    office.caller.done(f"/lists/{chosen}/members/remove", gone)
    office.caller.done(f"/lists/{chosen}/members", {**gone, "members": [str(c.person(4))]})
    office.caller.done(f"/lists/{chosen}/deactivate")
    office.met(1, city="Sopot", state=1)
    office.world.clock.advance(DAY)
    office.see_through()
    assert office.figures(campaign) == figures
    assert office.progress(activity) == before


def test_a_message_to_an_outsider_is_counted_apart(office: Office) -> None:
    chosen = office.static_list(*people(office, 1, 2))
    campaign, activity = office.launched(chosen)
    office.distribute(activity)
    outsider = {"recipient": str(CAT), "address": c.address(3)}
    office.caller.done(f"/activities/{activity}/messages", [outsider])
    settle(office.world)
    (group,) = office.caller.get(f"/campaigns/{campaign}/kpis").json()["data"]
    assert group["outside_audience"] == 1
    assert group["kpis"]["send_rate"]["denominator"] == 2


def test_the_hold_out_is_part_of_the_audience_and_drawn_for_good(office: Office) -> None:
    chosen = office.static_list(*people(office, *range(1, 41)))
    campaign, activity = office.launched(chosen)
    done = office.distribute(activity, holdout_percent=25)
    held = [
        number for number in range(1, 41)
        if distributions.share_of(UUID(activity), str(c.person(number))) < 25
    ]  # fmt: skip
    assert 0 < len(held) < 40
    assert done["excluded"] == {"holdout": len(held)}
    assert office.figures(campaign)["send_rate"] == (0, 40)


def test_a_company_is_written_to_at_its_primary_contact(office: Office) -> None:
    people(office, 1, 2)
    names = [named_id("company", n) for n in range(4)]
    contacts = (ANN, ANN, BOB, None)
    for name, contact in zip(names, contacts, strict=True):
        said = {"id": str(name), "changes": {"primary_contact_id": str(contact)} if contact else {}}
        office.world.append(office.world.fact("account.created", said, f"company {name}"))
    chosen = office.static_list(*names, kind="account")
    campaign, activity = office.launched(chosen)
    done = office.distribute(activity)
    assert (done["prepared"], done["excluded"]) == (2, {"duplicate": 1, "no_address": 1})
    recipients = {
        e.subject_id for e, _ in decisions(office.parts) if e.type == "message.prepared"
    }  # fmt: skip
    assert recipients == {str(ANN), str(BOB)}
    assert office.figures(campaign)["send_rate"] == (0, 4)


def test_who_is_on_two_lists_is_one_member(office: Office) -> None:
    people(office, 1, 2)
    first = office.static_list(ANN, name="First")
    second = office.static_list(ANN, BOB, name="Second")
    _, activity = office.launched(first)
    done = office.distribute(activity, list_ids=[first, second, first])
    assert (done["members"], [one["list_id"] for one in done["lists"]]) == (2, [first, second])


def test_what_cannot_be_distributed_says_why(office: Office) -> None:
    people(office, 1)
    chosen = office.static_list(ANN)
    _, activity = office.launched(chosen)
    path = f"/activities/{activity}/distribute"
    settle(office.world)
    told = problem(office.caller.post(path, {"list_ids": [str(named_id("none"))]}), 422)
    assert told["errors"][0]["pointer"] == "/list_ids/0"
    empty = office.static_list(name="Nobody")
    assert "no members" in problem(office.caller.post(path, {"list_ids": [empty]}), 422)["detail"]
    office.caller.done(f"/lists/{empty}/deactivate")
    settle(office.world)
    assert "not in use" in problem(office.caller.post(path, {"list_ids": [empty]}), 422)["detail"]
    planned = office.launched(chosen)[1]
    office.caller.done(f"/lists/{chosen}/deactivate")
    told = problem(office.caller.post(f"/activities/{planned}/distribute"), 422)
    assert told["errors"][0]["pointer"] == "/list_ids/0"
    office.caller.done(f"/lists/{chosen}/reactivate")
    letters = office.launched(chosen, channel="letter")[1]
    settle(office.world)
    assert (
        "letter" in problem(office.caller.post(f"/activities/{letters}/distribute"), 409)["detail"]
    )
    campaign = office.caller.campaign()["campaign_id"]
    content = office.caller.done("/registries/content_version", {"name": "L"})["content_version_id"]
    early = office.caller.activity(campaign, list_ids=[chosen], content_version_id=content)
    refused = office.caller.post(f"/activities/{early['activity_id']}/distribute")
    assert "Launch" in problem(refused, 409)["detail"]
    problem(office.caller.get(f"/activities/{early['activity_id']}/distribution"), 404)
    office.distribute(activity)
    problem(office.caller.post(path), 409)
