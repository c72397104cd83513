"""A browser known by an address must follow when the address turns out to be a contact's."""

from __future__ import annotations

from tests.support import campaign as c
from tests.support import happenings as h


def test_a_response_of_a_browser_follows_the_address_it_is_known_by(world):
    at = world.clock() - 86_400_000
    world.append(*h.planned(world))
    world.append(c.form_sent(world, 0, at), *h.form_sent_without_address(world, 0, at + 60_000))
    world.run()
    world.append(c.contact(world, 0))
    world.run()
    assert {doc.cluster for doc in world.responses()} == {str(c.person(0))}
    assert all(table.equal for table in world.rebuilt())
