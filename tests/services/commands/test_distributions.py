"""Who of a page is written to, whatever is known of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audiences import RecipientView, members_digest
from schemas.decisions.activity import BLOCK_REASONS
from schemas.documents import AudiencePart
from schemas.errors import MoveRefused
from services.commands import distributions
from services.commands.distributions import Limits, advanced, decide, share_of
from services.distribution.pages import paged
from tests.support import campaign as c

ACTIVITY = UUID(int=7)
LIST = UUID(int=8)
NONE = Limits(exclude_opted_out=False, skip_inactive=False)


def view(number: int = 1, **known: Any) -> RecipientView:
    """Somebody who can be written to, unless told otherwise."""
    member = c.person(number)
    said = {
        "member": member, "kind": "contact", "list_id": LIST, "recipient": member,
        "is_inactive": False, "address_hash": f"hash {number}", "address": c.address(number),
        "is_bounced": False, "has_complained": False, "has_withdrawn": False,
        "has_withdrawn_any": False, "written_to": None, "contacts": 0, "cluster": str(member),
        "clause": "/where", "ledger_position": "", "identity_position": "",
    }  # fmt: skip
    return RecipientView.model_validate(said | known)


ORDER = [
    ("erased", {"address": None}),
    ("inactive", {"is_inactive": True}),
    ("no_address", {"address_hash": "", "address": None}),
    ("invalid_address", {"is_bounced": True}),
    ("suppressed", {"has_complained": True}),
    ("consent", {"has_withdrawn": True}),
    ("consent", {"has_withdrawn_any": True}),
    ("duplicate", {"written_to": uuid4()}),
    ("frequency_cap", {"contacts": 1}),
]


@pytest.mark.parametrize(("place", "reason"), list(enumerate(name for name, _ in ORDER)))
def test_the_first_reason_counts(place: int, reason: str) -> None:
    """What stands behind a reason in the order of R23 changes nothing."""
    rest: dict[str, Any] = {}
    for _, known in reversed(ORDER[place:]):
        rest |= known
    limits = Limits(anti_spam_days=1, holdout_percent=50)
    (decided,) = decide(ACTIVITY, limits, [view(**rest)])
    # Without an address nobody can say whether its key is destroyed.
    expected = "inactive" if reason == "erased" else reason
    assert decided.reason == expected
    (alone,) = decide(ACTIVITY, limits, [view(**ORDER[place][1])])
    assert alone.reason == reason


people = st.lists(
    st.builds(
        lambda number, other, known: view(
            number, cluster=f"person {other % 5}", address_hash=f"hash {number % 7}", **known
        ),
        st.integers(0, 30),
        st.integers(0, 30),
        st.fixed_dictionaries({}, optional={
            "is_inactive": st.booleans(), "is_bounced": st.booleans(),
            "has_withdrawn": st.booleans(), "contacts": st.integers(0, 2),
        }),
    ),
    max_size=30,
)  # fmt: skip


@given(people, st.sampled_from([0, 7]), st.sampled_from([0.0, 20.0, 50.0]))
def test_nobody_is_written_to_twice_and_everybody_is_decided_on(
    views: list[RecipientView], days: int, percent: float
) -> None:
    limits = Limits(anti_spam_days=days, holdout_percent=percent)
    decided = decide(ACTIVITY, limits, views)
    assert [one.view for one in decided] == views
    written = [one.view for one in decided if one.reason is None]
    assert len({one.cluster for one in written}) == len(written)
    assert len({one.address_hash for one in written}) == len(written)
    assert all(one.reason is None or one.reason in BLOCK_REASONS for one in decided)
    for one in decided:
        held = share_of(ACTIVITY, one.view.cluster) < percent
        may = not (
            one.view.is_inactive or one.view.is_bounced or one.view.has_withdrawn or held
            or (days and one.view.contacts)
        )  # fmt: skip
        # Who is left out although he may be written to is one who already is.
        others = [w for w in written if w is not one.view]
        twice = any(
            w.cluster == one.view.cluster or w.address_hash == one.view.address_hash
            for w in others
        )  # fmt: skip
        assert one.reason is None or not may or (one.reason == "duplicate" and twice)
        assert one.reason is not None or may


def test_the_draw_is_even_and_another_in_each_activity() -> None:
    shares = [share_of(ACTIVITY, str(c.person(n))) for n in range(2000)]
    assert all(0 <= share < 100 for share in shares)
    assert 400 < sum(share < 25 for share in shares) < 600
    assert shares != [share_of(LIST, str(c.person(n))) for n in range(2000)]


@given(st.lists(st.lists(st.integers(0, 10**6), max_size=7), max_size=4), st.integers(1, 5))
def test_pages_hold_all_members_in_their_order(lists: list[list[int]], size: int) -> None:
    parts = [
        AudiencePart(list_id=UUID(int=n), kind="contact", members=tuple(UUID(int=m) for m in some))
        for n, some in enumerate(lists)
    ]
    pages = list(paged(parts, size))
    got = [(part.list_id, m) for page in pages for part in page.parts for m in part.members]
    assert got == [(part.list_id, m) for part in parts for m in part.members]
    sizes = [sum(len(part.members) for part in page.parts) for page in pages]
    assert all(one == size for one in sizes[:-1])
    assert all(0 < one <= size for one in sizes)


@given(st.lists(st.uuids(), max_size=10), st.randoms())
def test_the_digest_is_of_the_set(members: list[UUID], chance: Any) -> None:
    mixed = list(members)
    chance.shuffle(mixed)
    assert members_digest(mixed) == members_digest(members)
    assert members_digest([*members, UUID(int=1)]) != members_digest(members)


def test_steps_of_a_distribution() -> None:
    begun = distributions.DistributionDocument(
        activity_id=ACTIVITY, campaign_id=LIST, audience_id=LIST, pin_id=LIST, lists=(),
        known_at="", digest="", members=4, pages=2, actor="tester",
    )  # fmt: skip
    half = advanced(begun, [None, "consent"])
    assert (half.prepared, half.excluded, half.state) == (1, {"consent": 1}, "running")
    assert advanced(half, ["consent", None]).state == "done"
    canceling = distributions.step(half, "cancel")
    assert advanced(canceling, ["canceled"] * 2).state == "canceled"
    with pytest.raises(MoveRefused, match="cannot resume"):
        distributions.step(canceling, "resume")
    assert distributions.step(distributions.step(half, "pause"), "resume") == half
