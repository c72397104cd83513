"""Facts that a file names more than once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.importing.seen import Seen


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.binary(max_size=1)), max_size=60))
def test_seen_answers_as_a_dict_would(facts):
    seen, first = Seen(), dict[str, bytes]()
    for name, content in facts:
        expected = None if name not in first else first[name] == content
        assert seen.note(name, content) is expected
        first.setdefault(name, content)


def test_seen_grows_and_forgets_nothing():
    seen = Seen()
    names = [f"name {number}" for number in range(20_000)]
    assert {seen.note(name, name.encode()) for name in names} == {None}
    assert {seen.note(name, name.encode()) for name in names} == {True}
    assert {seen.note(name, b"other") for name in names} == {False}
