"""The digest of a set of people."""

from __future__ import annotations

import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.demo.audience import audience_digest, imported_audience

BATCH = UUID(int=99)


@given(st.lists(st.uuids(), max_size=30), st.randoms(use_true_random=False))
def test_digest_does_not_depend_on_order(members: list[UUID], shuffler: random.Random):
    shuffled = list(members)
    shuffler.shuffle(shuffled)
    assert audience_digest(shuffled) == audience_digest(members)


@given(st.lists(st.uuids(), min_size=1, max_size=30, unique=True))
def test_digest_sees_a_member_less_and_a_member_twice(members: list[UUID]):
    whole = audience_digest(members)
    assert audience_digest(members[1:]) != whole
    assert audience_digest([*members, members[0]]) != whole
    assert len(whole) == 64


def test_audience_names_batch_count_and_digest():
    members = [UUID(int=1), UUID(int=2)]
    assert imported_audience(BATCH, members) == {
        "source": "import",
        "batch_id": str(BATCH),
        "member_count": 2,
        "digest": audience_digest(members),
    }
