from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidInput, MalformedRequest
from services.collector.strictjson import DEEPEST, Refused, parse, parse_items

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)))
    | st.sampled_from(['":', '\\":', ': "', '"a" :', "\\", "{}", "\\u0022:", ":x"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('a:"\\ é'), inner),
    max_leaves=12,
)


@given(VALUES)
def test_parse_reads_what_compact_json_says(value: Any) -> None:
    assert parse(orjson.dumps(value)) == value


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_parse_reads_json_however_it_is_written(value: Any, indent: Any, ascii_only: bool) -> None:
    separators = (" ,", " :\n")
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    assert parse(text.encode()) == value


@given(VALUES, VALUES, VALUES)
def test_parse_refuses_a_repeated_name_whatever_stands_around(a: Any, b: Any, c: Any) -> None:
    x, y, z = (orjson.dumps(v) for v in (a, b, c))
    with pytest.raises(InvalidInput, match="same name"):
        parse(b'{"k":' + x + b',"other":' + y + b',"k":' + z + b"}")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rb'{"a":1,"\u0061":2}', id="a name repeated in another spelling"),
        pytest.param(rb'{"x":"\u0022:","a":1,"a":2}', id="a colon that hides the count"),
        pytest.param(b'{"a" :1,"a":2,"b":":"}', id="space before one colon, a colon in a text"),
        pytest.param(b'[{"b":{"c":[{"a":1,"a":1}]}}]', id="deep inside"),
        pytest.param(b"[1e400]", id="infinite after reading"),
        pytest.param(b"[-1e999]", id="minus infinity after reading"),
        pytest.param(b"[NaN]", id="not a number"),
        pytest.param(b"[-Infinity]", id="infinity by name"),
        pytest.param(b"[18446744073709551616]", id="one over 64 bits"),
        pytest.param(b"[-9223372036854775809]", id="one under 64 bits"),
        pytest.param(b"[" + b"1" * 5000 + b"]", id="five thousand digits"),
        pytest.param(b"[0." + b"1" * 39 + b"]", id="41 characters of number"),
        pytest.param(rb'["\ud800"]', id="half a surrogate pair"),
        pytest.param(b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), id="too deep"),
        pytest.param(b"[" * 200_000, id="deep enough to end a program"),
        pytest.param(b'{"a":' * 200_000, id="deep objects"),
    ],
)
def test_parse_refuses_json_that_would_lose_something(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"[1,]", b"{'a':1}", b"[1] 2", b'{"a":1}}', b"\xff", b'"\xed\xa0\x80"',
     b"\xef\xbb\xbf{}", b"[1 2]", b"tru"],
)  # fmt: skip
def test_parse_tells_that_it_is_no_json(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[18446744073709551615,-9223372036854775808]", [2**64 - 1, -(2**63)]),
        (b"[0." + b"1" * 38 + b"]", [float("0." + "1" * 38)]),
        (b'{"a" : ":\\":" , "b":{}}', {"a": ':":', "b": {}}),
        (b'["12345678901234567890123456789012345678901234567890"]', ["1234567890" * 5]),
        (b"[1e25, 1E-7]", [1e25, 1e-7]),
    ],
)
def test_parse_takes_what_only_looks_doubtful(body: bytes, value: Any) -> None:
    assert parse(body) == value


def test_parse_items_refuses_single_items() -> None:
    body = b'[{"a":1}, {"a":1,"a":2}, {"b":NaN}, 1e999, "\\ud800", [18446744073709551616], {"c":3}]'
    items = parse_items(body)
    assert [type(item) is Refused for item in items] == [False, *[True] * 5, False]
    assert items[0] == {"a": 1}
    assert items[-1] == {"c": 3}


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b'[{"a":1},2]'])
def test_parse_items_answers_the_items(body: bytes) -> None:
    assert parse_items(body) == json.loads(body)


@pytest.mark.parametrize("body", [b"{}", b'"x"', b'{"a":1,"a":1}'])
def test_parse_items_wants_a_list(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_items(body)


@pytest.mark.parametrize(
    "body", [b"[1e999,", b"[1e999 2]", b"[1e999] x", b"[1e999", b"", b"[NaN,]"]
)
def test_parse_items_tells_that_it_is_no_json(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        parse_items(body)
