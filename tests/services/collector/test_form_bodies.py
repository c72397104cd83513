from __future__ import annotations

import pytest

from schemas.errors import InputError, InvalidInput, MalformedRequest, UnsupportedMedia
from services.collector.form_bodies import JSON, MULTIPART, URLENCODED, read_submission

BOUNDED = f"{MULTIPART}; boundary=X"


def part(disposition: str, value: bytes) -> bytes:
    return b"--X\r\nContent-Disposition: form-data; " + disposition.encode() + b"\r\n\r\n" + value


def read(kind: str, body: bytes) -> dict[str, str]:
    return read_submission({b"content-type": kind.encode()}, body).fields


def test_fields_of_the_page_are_kept_apart() -> None:
    body = b"email=a%40b.example&ab_visitor=v&utm_source=s&note=+x+y"
    content = read_submission({b"content-type": URLENCODED.encode()}, body)
    assert content.fields == {"email": "a@b.example", "note": " x y"}
    assert content.own == {"ab_visitor": "v"}
    assert content.utm == {"utm_source": "s"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (URLENCODED, b"a=1&a=2"),
        (JSON, b'{"a":["1",2]}'),
        (BOUNDED, part('name="a"', b"1\r\n") + part('name="a"', b"2\r\n") + b"--X--\r\n"),
    ],
)
def test_several_values_of_one_name_are_joined(kind: str, body: bytes) -> None:
    assert read(kind, body) == {"a": "1, 2"}


def test_json_values_become_text() -> None:
    assert read(JSON, b'{"a":true,"b":1.5,"c":null,"d":"x"}') == {"a": "true", "b": "1.5", "d": "x"}


@pytest.mark.parametrize(
    "disposition", ['name="a"; filename="x.txt"', "name=a; filename*=utf-8''x"]
)
def test_a_file_is_not_taken(disposition: str) -> None:
    with pytest.raises(UnsupportedMedia):
        read(BOUNDED, part(disposition, b"data\r\n") + b"--X--\r\n")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "image/gif"])
def test_another_kind_of_content_is_not_taken(kind: str) -> None:
    with pytest.raises(UnsupportedMedia):
        read(kind, b"a=1")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(URLENCODED, b"a=\xff", id="raw bytes that are no UTF-8"),
        pytest.param(URLENCODED, b"a=%ff", id="escaped bytes that are no UTF-8"),
        pytest.param(MULTIPART, b"x", id="no boundary"),
        pytest.param(BOUNDED, b"rubbish", id="no multipart"),
        pytest.param(BOUNDED, part('name="a"', b"1"), id="no end"),
        pytest.param(BOUNDED, part('name="a"', b"\xff\r\n") + b"--X--\r\n", id="part no UTF-8"),
        pytest.param(BOUNDED, b"", id="nothing at all"),
        pytest.param(JSON, b"{", id="no JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(kind: str, body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read(kind, body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(URLENCODED, b"&".join(b"f%d=1" % n for n in range(101)), id="101 fields"),
        pytest.param(
            BOUNDED,
            b"".join(part(f'name="f{n}"', b"1\r\n") for n in range(101)) + b"--X--\r\n",
            id="101 parts",
        ),
        pytest.param(URLENCODED, b"a=" + b"x" * 10_001, id="a long value"),
        pytest.param(URLENCODED, b"a" * 101 + b"=1", id="a long name"),
        pytest.param(URLENCODED, b"=1", id="no name"),
        pytest.param(BOUNDED, part("x=y", b"1\r\n") + b"--X--\r\n", id="a part without a name"),
        pytest.param(JSON, b"[]", id="a list"),
        pytest.param(JSON, b'{"a":{"b":1}}', id="an object in a field"),
        pytest.param(JSON, b'{"a":[[1]]}', id="a list in a list"),
        pytest.param(JSON, b'{"a":1,"a":2}', id="a name twice"),
    ],
)
def test_content_that_no_form_has_is_invalid(kind: str, body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(kind, body)


@pytest.mark.parametrize("length", [0, 1, 7, 30, 60])
def test_a_truncated_multipart_form_never_gets_through(length: int) -> None:
    whole = part('name="a"', b"1\r\n") + part('name="b"', b"2\r\n") + b"--X--\r\n"
    with pytest.raises(InputError):
        read(BOUNDED, whole[: len(whole) - 6 - length])
