"""Members that are one person get one message, by whatever record they are on the list (R24)."""

from __future__ import annotations

from schemas.ids import message_id, named_id
from tests.support import campaign as c
from tests.support.listed import DAY, settle
from tests.support.merging import linked, merged, unmerged
from tests.support.office import ANN, BOB, CAT, Office, people, told

LEAD = named_id("test", "lead")


def test_two_merged_members_get_one_message(office: Office) -> None:
    people(office, 1, 2, 3)
    list_id = office.static_list(ANN, BOB, CAT)
    office.world.append(merged(office.world, 1, 2))
    campaign, activity = office.launched(list_id)
    done = office.distribute(activity)
    assert (done["members"], done["prepared"], done["excluded"]) == (3, 2, {"duplicate": 1})
    assert {one.cluster_id for one in told(office, "message.prepared")} == {str(ANN), str(CAT)}
    assert office.figures(campaign)["block_rate"] == (1, 3)


def test_a_member_who_is_merged_is_written_to_by_the_survivor(office: Office) -> None:
    """... though the record itself was put out of use; the message bears the member's name."""
    people(office, 1)
    office.met(2, state=1)
    list_id = office.static_list(BOB)
    office.world.append(merged(office.world, 1, 2))
    _, activity = office.launched(list_id)
    assert office.distribute(activity)["prepared"] == 1
    (prepared,) = told(office, "message.prepared")
    assert prepared.message_id == message_id(prepared.activity_id, BOB)
    assert str(prepared.address) == office.world.sealer.hash_of("demo", c.address(1))


def test_what_one_record_has_withdrawn_holds_for_all(office: Office) -> None:
    """... until it turns out that they are two."""
    people(office, 1, 2)
    withdrawn = {"channel": "email", "purpose": "marketing", "source": "call"}
    office.heard("consent.withdrawn", 2, address=c.address(2), **withdrawn)
    list_id = office.static_list(ANN)
    office.world.append(merged(office.world, 1, 2))
    _, activity = office.launched(list_id)
    assert office.distribute(activity)["excluded"] == {"consent": 1}
    office.world.append(unmerged(office.world, 1, 2))
    _, other = office.launched(list_id)
    assert office.distribute(other)["prepared"] == 1


def test_complaints_and_messages_of_all_records_count(office: Office) -> None:
    people(office, 1, 2, 3)
    list_id = office.static_list(BOB)
    _, first = office.launched(list_id)
    office.distribute(first)
    office.world.clock.advance(DAY)
    office.world.append(merged(office.world, 1, 2), merged(office.world, 3, 1))
    people_list = office.static_list(CAT, name="Survivors")
    _, capped = office.launched(people_list, anti_spam_days=7)
    assert office.distribute(capped)["excluded"] == {"frequency_cap": 1}
    office.heard("email.complained", 2, message_id=str(c.message(2)), via="page",
                 purpose="marketing")  # fmt: skip
    settle(office.world)
    _, other = office.launched(people_list)
    assert office.distribute(other)["excluded"] == {"suppressed": 1}


def test_a_linked_lead_is_the_same_person(office: Office) -> None:
    """... and is written to by the contact that it is."""
    people(office, 1)
    lead = {"lead_id": str(LEAD), "status": 1}
    office.world.append(office.world.fact("lead.created", lead, "lead", recipient=LEAD))
    contacts = office.static_list(ANN)
    leads = office.static_list(LEAD, name="Leads", kind="lead")
    office.world.append(linked(office.world, 1, LEAD))
    _, activity = office.launched(contacts)
    both = office.caller.patch(f"/activities/{activity}", {"list_ids": [contacts, leads]})
    assert both.status_code == 200, both.text
    done = office.distribute(activity)
    assert (done["prepared"], done["excluded"]) == (1, {"duplicate": 1})
    _, alone = office.launched(leads)
    assert office.distribute(alone)["prepared"] == 1


def test_two_contacts_of_one_lead_are_one_person(office: Office) -> None:
    people(office, 1, 2)
    lead = {"lead_id": str(LEAD), "status": 1}
    office.world.append(office.world.fact("lead.created", lead, "lead", recipient=LEAD))
    list_id = office.static_list(ANN, BOB)
    office.world.append(linked(office.world, 1, LEAD), linked(office.world, 2, LEAD, 2))
    _, activity = office.launched(list_id)
    done = office.distribute(activity)
    assert (done["prepared"], done["excluded"]) == (1, {"duplicate": 1})


def test_an_address_that_was_chosen_is_written_to(office: Office) -> None:
    """... also by a survivor of whom nothing is known but the merge."""
    people(office, 1, 2, 3)
    list_id = office.static_list(ANN, CAT)
    office.world.clock.advance(DAY)
    office.world.append(merged(office.world, 1, 2, email=2))
    office.world.append(merged(office.world, 9, 3, email=3))
    _, activity = office.launched(list_id)
    assert office.distribute(activity)["prepared"] == 2
    told_to = {str(one.address) for one in told(office, "message.prepared")}
    hashed = {office.world.sealer.hash_of("demo", c.address(number)) for number in (2, 3)}
    assert told_to == hashed
    messages = office.caller.get(f"/activities/{activity}/outbox").json()["data"]
    assert {one["address"] for one in messages} == {c.address(2), c.address(3)}
