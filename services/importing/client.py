"""The way of a file, or of the demo, to the server: plain HTTP, patient where that is asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
from pydantic import BaseModel

from schemas.errors import ConflictError, InvalidInput, UnavailableError
from services.importing.cloudevent import BATCH_TYPE, CloudEvent, batch_body

PATIENCE = 120.0  # seconds of waiting, all retries of one request together
PAUSE = 1.0
LONGEST_PAUSE = 10.0
BUSY = (429, 503)
TIMEOUT = httpx.Timeout(60.0)


class Receipt(BaseModel):
    """The answer of ``POST /v1/events``; of a dry run it names no position."""

    accepted: int
    duplicates: int
    conflicted: list[int] = []
    rejected: list[dict[str, Any]]
    position: str = ""


class Client:
    """A caller with an API key. ``stop`` ends every wait at once with ``CancelledError``."""

    def __init__(
        self,
        address: str,
        key: str,
        stop: threading.Event,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._key = {"Authorization": f"Bearer {key}"}
        self._stop = stop
        # trust_env off: the server is on this machine, and a proxy from the environment is not.
        self._http = httpx.Client(
            base_url=address, timeout=TIMEOUT, transport=transport, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """What is at a path; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._checked(self.ask("GET", path, headers=self._key, params=given)).json()

    def command(self, path: str, body: Any, key: str) -> Any:
        """Ask for a change; the same ``key`` asked again changes nothing more."""
        headers = {**self._key, "Idempotency-Key": key, "Content-Type": "application/json"}
        reply = self.ask("POST", path, headers=headers, content=orjson.dumps(body))
        return self._checked(reply).json()

    def send(self, events: Sequence[CloudEvent]) -> Receipt:
        """Send facts. Raises ``InvalidInput`` if the server rejects one of them."""
        receipt = self.deliver(batch_body(events))
        if receipt.rejected:
            raise InvalidInput(
                f"The server rejected {len(receipt.rejected)} of {len(events)} events,"
                f" first {receipt.rejected[0]}."
            )
        return receipt

    def deliver(self, body: bytes, *, dry_run: bool = False) -> Receipt:
        """Send a body of facts; what becomes of each, also of the rejected ones, is told."""
        headers = {**self._key, "Content-Type": BATCH_TYPE}
        params = {"dry_run": "true"} if dry_run else None
        reply = self.ask("POST", "/v1/events", headers=headers, params=params, content=body)
        return Receipt.model_validate_json(self._checked(reply).content)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request, sent again while the server is busy or out of reach."""
        waited = 0.0
        while True:
            self.check_stop()
            try:
                reply = self._http.request(
                    method, path, headers=headers, params=params, content=content, data=data
                )
            except httpx.TransportError as error:
                reason, pause = str(error) or type(error).__name__, PAUSE
            else:
                if reply.status_code not in BUSY:
                    return reply
                reason, pause = f"status {reply.status_code}", _pause(reply)
            if waited >= PATIENCE:
                raise UnavailableError(
                    f"{method} {path} could not be answered in {PATIENCE:.0f} s of waiting:"
                    f" {reason}."
                )
            self.wait(pause)
            waited += pause

    def wait(self, seconds: float) -> None:
        """Wait, unless the program is told to end."""
        self._stop.wait(seconds)
        self.check_stop()

    def check_stop(self) -> None:
        """Raise ``CancelledError`` if the program is told to end."""
        if self._stop.is_set():
            raise CancelledError

    def _checked(self, reply: httpx.Response) -> httpx.Response:
        if reply.is_success:
            return reply
        where = f"{reply.request.method} {reply.request.url.path}"
        text = f"{where} was answered with {reply.status_code}: {_explained(reply)}"
        if reply.status_code in (409, 412):
            raise ConflictError(text)
        if reply.is_server_error:
            raise UnavailableError(text)
        raise InvalidInput(text)


def _pause(reply: httpx.Response) -> float:
    """The seconds the server asks for; dates are not waited for."""
    asked = reply.headers.get("retry-after", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else PAUSE


def _explained(reply: httpx.Response) -> str:
    """The problem's own words: detail, and each fault."""
    try:
        problem = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return reply.reason_phrase or "no explanation."
    if not isinstance(problem, dict):
        return "no explanation."
    faults = [f"{e.get('pointer')}: {e.get('detail')}" for e in problem.get("errors") or []]
    words = [str(problem.get("detail") or problem.get("title") or "no explanation."), *faults]
    return " ".join(words)
