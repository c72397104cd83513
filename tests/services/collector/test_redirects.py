from __future__ import annotations

import pytest

from schemas.registries import LinkEntry
from services.collector.redirects import location


def entry(url: str, **more: object) -> LinkEntry:
    return LinkEntry.model_construct(number="0" * 16, url=url, **{"utm": {}, **more})


@pytest.mark.parametrize(
    ("url", "utm", "expected"),
    [
        ("https://a.example", {"source": "x"}, "https://a.example?utm_source=x"),
        ("https://a.example/?", {"source": "x"}, "https://a.example/?utm_source=x"),
        ("https://a.example/?b=1&", {"source": "x"}, "https://a.example/?b=1&utm_source=x"),
        ("https://a.example/p#top", {"id": "7"}, "https://a.example/p?utm_id=7#top"),
        (
            "https://a.example/?utm_source=mine&z=1",
            {"utm_source": "theirs", "utm_medium": "email"},
            "https://a.example/?utm_source=mine&z=1&utm_medium=email",
        ),
        ("https://a.example/?utm%5Fsource=q", {"source": "x"}, "https://a.example/?utm%5Fsource=q"),
        ("https://a.example/?utm_source", {"source": "x"}, "https://a.example/?utm_source"),
        ("https://a.example/", {"term": "a&b=c#d é"}, "https://a.example/?utm_term=a%26b%3Dc%23d%20%C3%A9"),
        ("https://a.example/", {"other": "x", "term": ""}, "https://a.example/"),
        ("https://a.example/?q=a+b&q=%zz&&", {}, "https://a.example/?q=a+b&q=%zz&&"),
        ("https://bücher.example/ü?ö=1", {}, "https://xn--bcher-kva.example/%C3%BC?%C3%B6=1"),
    ],
)  # fmt: skip
def test_location_appends_only_what_is_missing(
    url: str, utm: dict[str, str], expected: str
) -> None:
    assert location(entry(url, utm=utm), "") == expected


def test_location_appends_the_click_id_behind_the_rest() -> None:
    link = entry("https://a.example/?a=1#f", append_click_id=True, utm={"source": "s"})
    assert location(link, "cafe") == "https://a.example/?a=1&utm_source=s&answerback_cid=cafe#f"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a@b.example/",
     "https://a.example/\r\nSet-Cookie: x", "https://a.example/\0", "ftp://a.example", "https://",
     "https://" + "ü" * 80 + ".example/"],
)  # fmt: skip
def test_location_refuses_a_destination_that_slipped_in(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        location(entry(url), "")
