"""One request to a sender: bounded in time and size, to no place the operator has not allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

GONE = 410
DEADLINE_SECONDS = 15.0
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request. ``status`` is 0 where nobody answered."""

    status: int
    detail: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the sender has it now."""
        return 200 <= self.status < 300


def origin_of(url: str) -> str:
    """Scheme, host and port, the port only where it is not the scheme's own.

    Raises ``ValueError`` for what is no address.
    """
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def is_allowed(url: str, origins: Iterable[str]) -> bool:
    """Whether an operator who names these origins allows requests to an address."""
    try:
        return origin_of(url) in map(origin_of, origins)
    except ValueError:
        return False


class Courier:
    """Makes the requests: no proxy, no redirect, no cookie; of answers the status alone counts."""

    def __init__(self, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """``deadline_seconds`` is how long a request may take in all."""
        self._deadline = deadline_seconds

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body of JSON, and answer what the sender said."""
        told = {"content-type": "application/json", "user-agent": "Answerback", **headers}
        try:
            return asyncio.run(self._post(url, told, body))
        except TimeoutError:
            return Answer(0, f"no answer within {self._deadline:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(0, f"{type(error).__name__}: {error}"[:_LONGEST_WORD])

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        # The client's own limits are of each read: who answers a byte a second is none of them.
        async with (
            asyncio.timeout(self._deadline),
            httpx.AsyncClient(timeout=self._deadline, trust_env=False) as client,
            # What is in the answer is nobody's concern, and may be as large as it likes.
            client.stream("POST", url, content=body, headers=headers) as reply,
        ):
            return Answer(reply.status_code, f"answered {reply.status_code}")
