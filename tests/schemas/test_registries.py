"""Where a link may lead: the web, and nothing that a click could be turned against."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.registries import ENTRIES, ENTRY_ID, checked_destination


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a?b=c#d",
        "https://example.com/%0d%0a",
        "https://xn--d-fga.example/",
        "HTTPS://EXAMPLE.com/",
        "https://[2001:db8::1]/",
    ],
)
def test_a_web_address_is_a_destination(url: str) -> None:
    assert checked_destination(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/path",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://example.com@evil.example/",
        "https://@example.com/",
        "https://example.com\\@evil.example/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/\0",
        " https://example.com/",
        "https://exa mple.com/",
        "https://example.com/\x7f",
        "java\tscript:alert(1)",
        "https://[",
        "https://[::1",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked_destination(url)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda tail: "https://" + tail))
def test_a_destination_never_breaks_a_header(url: str) -> None:
    try:
        checked_destination(url)
    except ValueError:
        return
    assert url.lower().startswith(("http://", "https://"))
    assert not any(c in url for c in "\r\n\0\t \\")


def test_every_registry_names_the_field_that_identifies_an_entry() -> None:
    assert set(ENTRIES) == set(ENTRY_ID)
    for name, model in ENTRIES.items():
        assert model.model_fields[ENTRY_ID[name]].is_required(), name
