from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from schemas.errors import SettingsInvalid
from schemas.fields import Hit
from services.collector.ip_lists import IpList, apple_list
from services.collector.privacy import Privacy, flags_of, origin_of

APPLE = "17.58.0.0/16,US,US-CA,Cupertino,\n2a02:26f7::/48,GB,GB-EN,London,\n# end\n\n"


@pytest.mark.parametrize(
    ("address", "kept", "country"),
    [
        ("8.8.8.8", "8.8.8.0", "US"),
        ("81.2.69.142", "81.2.69.0", "GB"),
        ("203.0.113.255", "203.0.113.0", ""),
        ("2001:4860:4860::8888", "2001:4860:4860::", "US"),
        ("::ffff:8.8.8.8", "8.8.8.0", "US"),
        ("127.0.0.1", "127.0.0.0", ""),
        ("", "", ""),
        ("unknown", "", ""),
        ("8.8.8.8; DROP", "", ""),
    ],
)
def test_hit_locates_the_whole_address_and_keeps_its_network(
    address: str, kept: str, country: str
) -> None:
    hit = Privacy().hit(address, "GET", {})
    assert (hit.ip, hit.country) == (kept, country)


def test_hit_notes_the_lists_that_hold_the_whole_address() -> None:
    privacy = Privacy([IpList("one@1", ["203.0.113.77/32"]), IpList("two@9", ["203.0.0.0/8"])])
    assert privacy.hit("203.0.113.77", "GET", {}).ip_lists == ("one@1", "two@9")
    assert privacy.hit("203.0.113.78", "GET", {}).ip_lists == ("two@9",)


def test_hit_keeps_only_the_listed_headers() -> None:
    headers = {
        b"user-agent": b"Mozilla/5.0 \xe9",
        b"purpose": b"prefetch",
        b"sec-purpose": b"prefetch;prerender",
        b"x-moz": b"prefetch",
        b"accept-language": b"de",
        b"sec-gpc": b"1",
        b"referer": b"https://user:secret@shop.example:8443/cart?mail=a@b.example#x",
        b"cookie": b"session=1",
        b"authorization": b"Bearer x",
        b"x-forwarded-for": b"8.8.8.8",
    }
    hit = Privacy().hit("8.8.8.8", "HEAD", headers)
    assert hit.user_agent == "Mozilla/5.0 é"
    assert hit.method == "HEAD"
    assert hit.headers == {
        "purpose": "prefetch",
        "sec-purpose": "prefetch;prerender",
        "x-moz": "prefetch",
        "accept-language": "de",
        "sec-gpc": "1",
        "referer": "https://shop.example:8443",
    }


def test_hit_fits_its_schema_whatever_the_length_of_the_headers() -> None:
    long = b"x" * 9000
    kept = (b"purpose", b"sec-purpose", b"x-moz", b"accept-language", b"sec-gpc", b"user-agent")
    hit = Privacy().hit("8.8.8.8", "GET", dict.fromkeys(kept, long))
    Hit.model_validate(hit, from_attributes=True)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x?y#z", "https://a.example"),
        ("http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81"),
        ("about:blank", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://a.example:port/", ""),
        ("https://[::1/", ""),
        ("", ""),
    ],
)
def test_origin_of_answers_no_more_than_the_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(("value", "flags"), [(b"1", ("gpc",)), (b"0", ()), (b"true", ())])
def test_flags_of_knows_the_opt_out(value: bytes, flags: tuple[str, ...]) -> None:
    assert flags_of({b"sec-gpc": value}) == flags


def test_apple_list_reads_networks_and_names_its_version(tmp_path: Path) -> None:
    file = tmp_path / "egress.csv"
    file.write_text(APPLE)
    found = apple_list(file)
    assert found.name.startswith("apple-egress@")
    assert ip_address("17.58.3.4") in found
    assert ip_address("2a02:26f7:0:1::") in found
    assert ip_address("17.59.0.0") not in found
    assert ip_address("2a02:26f7:1::") not in found
    file.write_text(APPLE + "192.0.2.0/24,,,\n")
    assert apple_list(file).name != found.name


@pytest.mark.parametrize("content", [b"nonsense\n", b"\xff\xfe", b"1.2.3.4/99,x\n"])
def test_apple_list_refuses_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "egress.csv"
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid):
        apple_list(file)


def test_apple_list_tells_that_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        apple_list(tmp_path / "missing.csv")


def test_networks_that_overlap_or_touch_are_one_range() -> None:
    found = IpList("x@1", ["10.0.0.0/25", "10.0.0.128/25", "10.0.0.0/30", "10.0.2.0/24"])
    inside = ["10.0.0.0", "10.0.0.127", "10.0.0.128", "10.0.0.255", "10.0.2.255"]
    outside = ["9.255.255.255", "10.0.1.0", "10.0.3.0"]
    assert all(ip_address(address) in found for address in inside)
    assert not any(ip_address(address) in found for address in outside)
