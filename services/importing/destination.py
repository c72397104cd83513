"""Where an import goes: to a server over HTTP, or into the data folder that no server has open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from schemas.clock import Clock, RandomBytes
from schemas.errors import FolderInUse, InvalidInput
from services.bootstrap import open_access, open_embedded
from services.collector.app import Collector
from services.folder import owner_of
from services.importing.addresses import reachable
from services.importing.client import Client, Receipt
from services.importing.inside import Inside
from services.importing.own_key import OwnKey
from services.importing.shipment import Carrier, Group
from services.parts import Parts
from services.settings import Settings

_INSIDE = "http://inside"


@dataclass(frozen=True, slots=True)
class Destination:
    """What takes the rows, and a name for it that is the same at the next run."""

    name: str
    carry: Carrier


@contextmanager
def over_http(address: str, key: str, stop: threading.Event) -> Iterator[Destination]:
    """A server somewhere."""
    with Client(address, key, stop) as client:
        yield Destination(address, _carrier(client))


@contextmanager
def on_this_machine(
    settings: Settings,
    workspace: str | None,
    key: str | None,
    stop: threading.Event,
    *,
    clock: Clock,
    random: RandomBytes,
) -> Iterator[Destination]:
    """The data folder: through the server that has it open, else through its own door in here."""
    owner = owner_of(settings.data)
    if owner is not None:
        address = _answering(settings, *owner.place)
        if key is None:
            raise InvalidInput(
                f"A server at {address} has the data folder open, so the import needs an API key:"
                " make one with 'answerback key create WORKSPACE import' and give it as --key or"
                " ANSWERBACK_API_KEY."
            )
        with open_access(settings, clock=clock, random=random) as access:
            _check_workspace(access.authenticate(key).workspace, workspace)
        with over_http(address, key, stop) as destination:
            yield destination
        return
    with open_embedded(settings, clock=clock, random=random) as embedded:
        parts, secret = _with_key(embedded.parts, workspace, key, random)
        with Inside(Collector(parts)) as inside, Client(_INSIDE, secret, stop, inside) as client:
            name = f"{settings.data.resolve()} {workspace or key}"
            yield Destination(name, _carrier(client))


def _carrier(client: Client) -> Carrier:
    def carry(group: Group, *, dry_run: bool) -> Receipt:
        return client.deliver(group.body(), dry_run=dry_run)

    return carry


def _with_key(
    parts: Parts, workspace: str | None, key: str | None, random: RandomBytes
) -> tuple[Parts, str]:
    """The parts with a key that opens them: the one given, else one of this process."""
    if key is not None:
        _check_workspace(parts.access.authenticate(key).workspace, workspace)
        return parts, key
    if workspace is None:
        raise InvalidInput("Name the workspace, or give a key of it.")
    secret = random(32).hex()
    return replace(parts, access=OwnKey(parts.access, workspace, secret)), secret


def _check_workspace(found: str, wanted: str | None) -> None:
    if wanted not in (None, found):
        raise InvalidInput(f"The key is one of the workspace {found!r}, not of {wanted!r}.")


def _answering(settings: Settings, host: str, port: int) -> str:
    address = reachable(host, port)
    try:
        httpx.get(f"{address}/livez", timeout=10, trust_env=False)
    except httpx.TransportError:
        raise FolderInUse(
            f"Another process has the data folder {settings.data} open and does not answer at"
            f" {address}. Wait until it ends, or is ready."
        ) from None
    return address
