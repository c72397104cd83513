"""A command's side of the operator's door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
from pydantic import BaseModel

from schemas.errors import LogUnavailable, StoreUnavailable
from services.folder import Owner
from services.operator.messages import Line
from services.operator.secret import read_secret

_SECONDS_WITHOUT_A_LINE = 120
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not listened on


def ask(
    folder: Path, owner: Owner, path: str, order: BaseModel | None, told: Callable[[int], None]
) -> Line:
    """Have the server that owns the folder do something; answers its last line.

    Raises ``StoreUnavailable`` if it did not do it, ``LogUnavailable`` if it cannot be asked.
    """
    content = b"{}" if order is None else order.model_dump_json().encode()
    headers = {"Authorization": f"Bearer {read_secret(folder)}", "Content-Type": "application/json"}
    try:
        with (
            httpx.Client(timeout=_SECONDS_WITHOUT_A_LINE, trust_env=False) as client,
            client.stream("POST", _local(owner) + path, content=content, headers=headers) as reply,
        ):
            return _last(reply, told)
    except httpx.HTTPError as error:
        raise LogUnavailable(
            f"The server at {owner.address} (process {owner.process}) gave no answer: {error}."
        ) from error


def _last(reply: httpx.Response, told: Callable[[int], None]) -> Line:
    if reply.status_code != 200:
        reply.read()
        raise StoreUnavailable(f"The server refused: {reply.text[:500]}")
    for text in reply.iter_lines():
        line = Line.model_validate_json(text)
        if line.kind == "copied":
            told(line.copied)
        elif line.kind == "failed":
            raise StoreUnavailable(line.failed)
        else:
            return line
    raise StoreUnavailable("The server ended before the work was done.")


def _local(owner: Owner) -> str:
    host, port = owner.place
    return f"http://{_EVERYWHERE.get(host, host)}:{port}"
