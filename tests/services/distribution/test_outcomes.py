"""Messages that nobody tells of are given up; what turns out to have gone out counts."""

from __future__ import annotations

from uuid import UUID

from schemas.ids import message_id
from services.api.desk import Desk
from services.distribution.outcomes import NO_OUTCOME_AFTER, Outcomes
from tests.support import campaign as c
from tests.support.listed import settle
from tests.support.office import ANN, BOB, Office, people, told


def outcomes(office: Office) -> Outcomes:
    return Outcomes(office.parts, Desk(office.parts).commander)


def reasons(office: Office) -> dict[str, str]:
    return {str(one.message_id): one.reason for one in told(office, "recipient.excluded")}


def sent(office: Office, activity: str, message: str, number: int) -> None:
    office.heard("email.sent", number, message_id=message, activity_id=activity, provider="p",
                 content_version_id=str(c.CONTENT), provider_message_id=f"m{number}",
                 address=c.address(number))  # fmt: skip


def test_without_a_notice_for_three_days_a_message_is_given_up(office: Office) -> None:
    list_id = office.static_list(*people(office, 1, 2))
    campaign, activity = office.launched(list_id)
    office.distribute(activity)
    first, second = (str(one.message_id) for one in told(office, "message.prepared"))
    sent(office, activity, first, 1 if first == str(_message(activity, ANN)) else 2)
    settle(office.world)
    policy = outcomes(office)
    office.world.clock.advance(NO_OUTCOME_AFTER - 60_000)
    settle(office.world)
    assert not policy.turn()
    office.world.clock.advance(120_000)
    settle(office.world)
    assert policy.turn()
    assert reasons(office) == {second: "no_outcome"}
    settle(office.world)
    assert not policy.turn()  # there is nothing left to give up
    figures = office.figures(campaign)
    assert (figures["send_rate"], figures["block_rate"]) == ((1, 2), (1, 2))
    # It had gone out all the same.
    sent(office, activity, second, 2 if first == str(_message(activity, ANN)) else 1)
    settle(office.world)
    assert office.figures(campaign)["send_rate"] == (2, 2)


def test_of_a_canceled_activity_nothing_stays_pending(office: Office) -> None:
    list_id = office.static_list(*people(office, 1, 2))
    campaign, activity = office.launched(list_id)
    _, other = office.launched(list_id)
    for one in (activity, other):
        office.distribute(one)
    office.caller.done(f"/activities/{activity}/cancel")
    settle(office.world)
    assert outcomes(office).turn()
    assert set(reasons(office).values()) == {"canceled"}
    assert set(reasons(office)) == {str(_message(activity, one)) for one in (ANN, BOB)}
    settle(office.world)
    assert office.figures(campaign)["block_rate"] == (2, 2)


def _message(activity: str, member: UUID) -> UUID:
    return message_id(UUID(activity), member)
