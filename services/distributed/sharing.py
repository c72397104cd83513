"""Workspaces and keys in PostgreSQL, for the commands that look after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from events.vault import Vault
from schemas.clock import Clock, RandomBytes
from services.access import Access
from services.access_sql import SqlAccess
from services.distributed.connecting import store_of, vault_of
from services.noticing import Noticed
from services.settings import Settings


@contextmanager
def open_shared_access(
    settings: Settings, *, clock: Clock, random: RandomBytes
) -> Iterator[Access]:
    """Workspaces and keys; a running process notices a change within a second."""
    store = store_of(settings)
    access = SqlAccess(store, Noticed(store), clock, random)
    try:
        yield access
    finally:
        access.close()
        store.dispose()


@contextmanager
def open_shared_vault(settings: Settings, *, random: RandomBytes) -> Iterator[Vault]:
    """The keys."""
    store = store_of(settings)
    vault = vault_of(settings, store, random)
    try:
        yield vault
    finally:
        vault.close()
        store.dispose()
