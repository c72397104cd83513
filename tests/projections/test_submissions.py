"""Double opt-in: a confirmation meets its submission, and makes exactly one response (R10)."""

from __future__ import annotations

from uuid import UUID

import pytest

from projections.folds.responses.document import ResponseDoc
from schemas.errors import NotFound
from schemas.ids import response_id, submission_id
from schemas.promotion import rule_id
from tests.support import campaign as c

DAY = 86_400_000
HOUR = 3_600_000


def _form(world, *, version=1, **more):
    entry = {"form_id": str(c.FORM), "name": "Form", "campaign_id": str(c.CAMPAIGN),
             "redirect_url": "https://example.com/thanks", **more}  # fmt: skip
    return world.decision(
        "registry.changed",
        {"registry": "form", "entry_id": str(c.FORM), "changes": entry},
        f"registry:form/{c.FORM}", version, None,
    )  # fmt: skip


@pytest.fixture
def start(world) -> int:
    world.append(*c.planned(world), _form(world, version=2, double_opt_in=True))
    world.clock.advance(10_000)
    return world.clock() - DAY


def _named(world, number: int, at: int) -> UUID:
    return submission_id(world.workspace, c.FORM, f"s-{number}-{at}")


def _confirmed(world, number: int, sent_at: int, at: int, name: str = "yes"):
    """As the door tells it: by what the token carries, and no more."""
    named = str(_named(world, number, sent_at))
    data = {"form_id": str(c.FORM), "submission_id": named, "submission": named,
            "proof": {"text_version": "1", "ip": "192.0.2.0", "token_id": "t"}}  # fmt: skip
    return world.fact("form.confirmed", data, f"{name}-{number}-{sent_at}", at=at)


def _only(world) -> ResponseDoc:
    (one,) = world.responses()
    return one


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["sent first", "confirmed first"])
def test_a_confirmation_makes_exactly_one_response(world, start, order):
    records = [c.form_sent(world, 0, start), _confirmed(world, 0, start, start + HOUR)]
    for place in order:
        world.append(records[place])
        world.run()
    found = _only(world)
    source = records[1].event_id
    assert found.response_id == response_id(
        world.workspace, c.CAMPAIGN, rule_id("form"), source
    )  # the anchor is the confirmation's
    assert found.occurred_at == start + HOUR
    assert (found.campaign_id, found.visitor_id) == (c.CAMPAIGN, c.visitor(0))
    assert all(one.equal for one in world.rebuilt())


def test_a_submission_alone_makes_none(world, start):
    world.append(c.form_sent(world, 0, start), c.contact(world, 0))
    world.run()
    assert world.responses() == []


def test_a_confirmation_of_another_submission_makes_none(world, start):
    world.append(c.form_sent(world, 0, start), _confirmed(world, 1, start, start + HOUR))
    world.run()
    assert world.responses() == []


def test_a_second_confirmation_changes_nothing(world, start):
    world.append(
        c.form_sent(world, 0, start),
        _confirmed(world, 0, start, start + HOUR),
        _confirmed(world, 0, start, start + 2 * HOUR, name="again"),
    )
    world.run()
    assert _only(world).occurred_at == start + HOUR


def test_a_senders_own_confirmation_names_the_submission_by_its_own_id(world, start):
    data = {"form_id": str(c.FORM), "submission_id": f"s-0-{start}"}
    world.append(
        c.form_sent(world, 0, start),
        world.fact("form.confirmation_sent", data, "asked", at=start + 1),
        world.fact("form.confirmed", data, "own", at=start + HOUR),
    )
    world.run()
    assert _only(world).occurred_at == start + HOUR


def test_a_confirmation_belongs_to_who_sent_the_form(world, start):
    world.append(
        c.contact(world, 0), c.form_sent(world, 0, start),
        _confirmed(world, 0, start, start + HOUR),
    )  # fmt: skip
    world.run()
    assert _only(world).cluster == str(c.person(0))
    with world.rows.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT cluster FROM cluster WHERE subject = ?", (str(_named(world, 0, start)),)
        ).scalars()
        assert list(found) == [str(c.person(0))]


def test_without_double_opt_in_the_submission_is_the_response(world):
    start = world.clock() - DAY
    world.append(*c.planned(world), c.form_sent(world, 0, start))
    world.append(_confirmed(world, 0, start, start + HOUR))
    world.run()
    assert _only(world).occurred_at == start


def test_submissions_are_read_in_their_order_with_their_state(world, start):
    reads = world.reads()
    turned_away = {"form_id": str(c.FORM), "submission_id": "bot", "reason": "too_fast",
                   "fields": {"email": "b@example.com"}, "hit": c.hit(),
                   "url": "https://example.com/"}  # fmt: skip
    accepted = {**turned_away, "fields": {"email": "b@example.com"}, "address": "b@example.com"}
    del accepted["reason"]
    world.append(
        c.form_sent(world, 0, start), _confirmed(world, 0, start, start + HOUR),
        c.form_sent(world, 1, start + 1),
        world.fact("form.rejected", turned_away, "bot", at=start + 2),
    )  # fmt: skip
    world.run()
    found, after = [], None
    while True:
        rows = reads.submissions("demo", c.FORM, None, after, 1)
        found += rows.data
        if (after := rows.next_cursor) is None:
            break
    assert [view.state for view in found] == ["confirmed", "submitted", "rejected"]
    bot = found[2]
    assert (bot.fields, bot.reason) == ({"email": "b@example.com"}, "too_fast")
    assert bot.hit is not None
    assert bot.hit["ip"] == c.hit()["ip"]
    assert reads.submissions("demo", c.FORM, "rejected", None, 9).data == [bot]
    assert reads.submissions("other", c.FORM, None, None, 9).data == []
    with pytest.raises(NotFound):
        reads.submission("other", c.FORM, bot.submission)
    world.append(world.fact("form.submitted", accepted, "accepted", at=start + 2))
    world.run()
    assert reads.submission("demo", c.FORM, bot.submission).state == "submitted"
