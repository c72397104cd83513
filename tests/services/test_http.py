from __future__ import annotations

from ipaddress import ip_network

import pytest

from services.http import Callers, headers_of, media_type, request_id
from tests.support.randomness import seeded

TRUSTED = tuple(ip_network(text) for text in ("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32"))


def address(peer: str | None, forwarded: str | None, trusted: tuple[object, ...] = TRUSTED) -> str:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode("latin-1"))]
    scope = {"client": None if peer is None else (peer, 1), "headers": headers}
    return Callers(trusted).address(scope, headers_of(scope))  # type: ignore[arg-type]  # networks


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("8.8.8.8", None, "8.8.8.8", id="nobody between"),
        pytest.param("8.8.8.8", "1.1.1.1", "8.8.8.8", id="a stranger's claim is not believed"),
        pytest.param("10.0.0.1", "1.1.1.1", "1.1.1.1", id="one proxy"),
        pytest.param("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1", id="an invented hop before"),
        pytest.param("10.0.0.1", "6.6.6.6,1.1.1.1, 10.2.2.2", "1.1.1.1", id="two proxies"),
        pytest.param("10.0.0.1", "10.9.9.9,10.2.2.2", "10.9.9.9", id="all of them ours"),
        pytest.param("10.0.0.1", None, "10.0.0.1", id="a proxy that tells nothing"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="an empty header"),
        pytest.param("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1", id="a hop that is no address"),
        pytest.param("10.0.0.1", "1.1.1.1:8080", "1.1.1.1", id="with a port"),
        pytest.param("10.0.0.1", "[2001:4860::1]:443", "2001:4860::1", id="IPv6 with a port"),
        pytest.param("2001:db8::9", "2001:4860::1", "2001:4860::1", id="an IPv6 proxy"),
        pytest.param("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1", id="an IPv4 proxy in IPv6 form"),
        pytest.param(
            "10.0.0.1", "::ffff:6.6.6.6, ::ffff:10.1.1.1", "::ffff:606:606", id="hops in IPv6 form"
        ),
        pytest.param(
            "10.0.0.1",
            "1.1.1.1, 10.0.0.2:123, [2001:db8::5]",
            "1.1.1.1",
            id="proxies with and without ports",
        ),
        pytest.param("10.0.0.1", "1.1.1.1, 6.6.6.6", "6.6.6.6", id="a proxy that is not ours"),
        pytest.param("10.0.0.1", "1.1.1.1,", "10.0.0.1", id="an empty last hop"),
        pytest.param("10.0.0.1", "\xe9", "10.0.0.1", id="rubbish"),
        pytest.param(None, "1.1.1.1", "", id="no peer at all"),
        pytest.param("testclient", "1.1.1.1", "testclient", id="a peer that is no address"),
    ],
)
def test_address_is_the_right_most_hop_that_is_not_ours(
    peer: str | None, forwarded: str | None, expected: str
) -> None:
    assert address(peer, forwarded) == expected


def test_without_trusted_proxies_only_the_peer_counts() -> None:
    assert address("127.0.0.1", "1.1.1.1", ()) == "127.0.0.1"


def test_a_forwarded_header_in_two_lines_is_one_list() -> None:
    lines = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"1.1.1.1, 10.3.3.3")]
    scope = {"client": ("10.0.0.1", 1), "headers": lines}
    assert Callers(TRUSTED).address(scope, headers_of(scope)) == "1.1.1.1"


def test_media_type_leaves_parameters_out() -> None:
    assert media_type({b"content-type": b" Text/HTML ; charset=x"}) == "text/html"
    assert media_type({}) == ""


def test_request_id_is_the_callers_or_a_new_one() -> None:
    assert request_id({b"x-request-id": b"abc.1"}, seeded()) == "abc.1"
    first, second = (request_id({}, random) for random in (seeded(1), seeded(2)))
    assert len(first) == 32
    assert first != second
