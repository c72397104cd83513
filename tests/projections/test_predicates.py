"""Conditions mean the same in Python and in SQL."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.predicates import all_hold, holds, to_sql
from schemas.fields import Prop
from tests.support.columns import new_columns

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.5, 2.0, -1.5]),
    st.sampled_from(["", "a", "ab", "it's", "b\\", "5", "é"]),
)  # fmt: skip
OPERATIONS = ["eq", "ne", "lt", "le", "gt", "ge", "contains", "starts_with", "is_null", "not_null"]
PROPS = st.one_of(
    st.builds(Prop, prop=st.sampled_from(["x", "y.z"]), op=st.sampled_from(OPERATIONS),
              value=VALUES),
    st.builds(Prop, prop=st.just("x"), op=st.just("in"), value=st.lists(VALUES, max_size=3)),
    st.builds(Prop, prop=st.just("x"), op=st.just("between"),
              value=st.lists(VALUES, min_size=2, max_size=2)),
)  # fmt: skip
DATA = st.fixed_dictionaries({}, optional={"x": VALUES, "y": st.fixed_dictionaries({"z": VALUES})})


@pytest.fixture(scope="module")
def columns():
    made = new_columns()
    yield made
    made.run(f"DROP DATABASE {made.database} SYNC")
    made.close()


@settings(max_examples=150, deadline=None)
@given(props=st.lists(PROPS, max_size=2), data=DATA)
def test_python_and_sql_agree(columns, props, data):
    row = columns.query(
        f"SELECT ({to_sql(props)}) AS answer FROM (SELECT {{data:String}} AS data)",
        {"data": orjson.dumps(data).decode()},
    ).to_pylist()[0]
    assert bool(row["answer"]) == all_hold(props, data)


def test_a_missing_value_is_never_true():
    for op in set(OPERATIONS) - {"is_null"}:
        assert not holds(Prop(prop="x", op=op, value="a"), {})
    assert holds(Prop(prop="x", op="is_null"), {})
