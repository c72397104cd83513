"""What is told of batches: what came with them, and what had left the house because of them."""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas.catalogue import Topic
from schemas.errors import NotFound
from schemas.fields import Ref
from tests.support import campaign as c
from tests.support.records import BATCH, OTHER_BATCH, batched
from tests.support.undoing import undone
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes
LEAD = UUID(int=5)


def happened(world: World) -> None:
    """Two people come with a batch and one sends a form, of which a lead is made; one is written
    to.
    """
    at = world.clock()
    world.append(*c.planned(world), batched(c.contact(world, 3), OTHER_BATCH))
    world.run()
    world.append(*(batched(c.contact(world, number)) for number in (0, 1)))
    world.append(batched(c.form_sent(world, 1, at)))
    world.run()
    (response,) = world.responses()
    prepared = {
        "message_id": str(c.message(0)), "activity_id": str(c.EMAIL),
        "campaign_id": str(c.CAMPAIGN), "address": c.address(0),
    }  # fmt: skip
    lead = {"lead_id": str(LEAD), "status": 1, "changes": {},
            "response_id": str(response.response_id)}  # fmt: skip
    world.append(
        world.fact("message.prepared", prepared, "p", topic=Topic.DECISIONS, recipient=c.person(0)),
        world.fact("lead.created", lead, "lead"),
    )
    world.run()


def test_batches_are_told_with_what_they_led_to(world: World) -> None:
    happened(world)
    reads, known = world.reads(), world.log.heads()
    newest, other = reads.batches(WORKSPACE, 10)
    assert (newest.batch_id, other.batch_id) == (BATCH, OTHER_BATCH)
    assert newest.facts == {"contact.created": 2, "form.submitted": 1}
    assert (newest.producers, newest.is_undone) == (["test"], False)
    assert newest.first_recorded_at <= newest.last_recorded_at
    assert reads.batches(WORKSPACE, 1) == [newest]
    assert reads.batch(WORKSPACE, BATCH) == newest
    effects = reads.batch_effects(WORKSPACE, BATCH, known)
    assert set(effects.refs) == {
        Ref(kind="lead", id=LEAD), Ref(kind="message", id=c.message(0)),
    }  # fmt: skip
    assert (effects.count, effects.prepared) == (2, False)
    assert reads.batch_effects(WORKSPACE, OTHER_BATCH, known).count == 0


def test_a_batch_that_was_undone_is_told_as_it_was(world: World) -> None:
    happened(world)
    before = world.reads().batch(WORKSPACE, BATCH)
    world.append(undone(world))
    world.run()
    reads = world.reads()
    assert reads.batch(WORKSPACE, BATCH) == before.model_copy(update={"is_undone": True})
    assert reads.batch_effects(WORKSPACE, BATCH, world.log.heads()).count == 2


def test_batches_of_other_workspaces_are_not_told(world: World) -> None:
    happened(world)
    reads = world.reads()
    assert reads.batches("elsewhere", 10) == []
    with pytest.raises(NotFound):
        reads.batch("elsewhere", BATCH)
    assert reads.batch_effects("elsewhere", BATCH, world.log.heads()).count == 0
