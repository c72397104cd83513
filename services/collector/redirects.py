"""Where a tracked link leads: its registered destination, with what may be added to it."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from schemas.registries import LinkEntry, checked_destination

CLICK_ID = "answerback_cid"
_UTM = ("source", "medium", "campaign", "term", "content", "id")
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


def location(entry: LinkEntry, click_id: str) -> str:
    """The address to redirect to. Raises ``ValueError`` if no one may be redirected there."""
    url = _with_utm(entry.url, tuple(entry.utm.items()))
    wanted = entry.append_click_id and click_id
    return _appended(url, [(CLICK_ID, click_id)]) if wanted else url


@lru_cache(maxsize=10_000)
def _with_utm(url: str, utm: tuple[tuple[str, str], ...]) -> str:
    given = {name.removeprefix("utm_"): value for name, value in utm}
    present = _names(url)
    missing = [
        (f"utm_{name}", given[name])
        for name in _UTM
        if given.get(name) and f"utm_{name}" not in present
    ]
    return _appended(ascii_url(checked_destination(url)), missing)


def ascii_url(url: str) -> str:
    """The address as a header can carry it: host names in their ASCII form, the rest quoted.

    Raises ``ValueError``.
    """
    if url.isascii():
        return url
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    host = (parts.hostname or "").encode("idna").decode("ascii")
    return quote(urlunsplit(parts._replace(netloc=host + port)), safe=_URL_SAFE)


def _names(url: str) -> set[str]:
    query = url.partition("#")[0].partition("?")[2]
    return {unquote_plus(piece.partition("=")[0]) for piece in query.split("&")}


def _appended(url: str, parameters: list[tuple[str, str]]) -> str:
    """Parameters behind the others; what is there keeps its order, its form and its fragment."""
    if not parameters:
        return url
    base, mark, fragment = url.partition("#")
    more = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
    path, question, query = base.partition("?")
    joint = "&" if query and not query.endswith("&") else ""
    return (
        f"{path}?{query}{joint}{more}{mark}{fragment}"
        if question
        else f"{path}?{more}{mark}{fragment}"
    )
