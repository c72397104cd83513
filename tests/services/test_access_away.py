"""What is known of keys while their store cannot be read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from schemas.errors import StoreUnavailable, Unauthenticated
from services.access import Access, Scope
from services.access_sql import SqlAccess
from tests.services.conftest import Open
from tests.support.away import away
from tests.support.waiting import until

WRITE = frozenset((Scope.WRITE,))
IN_A_FILE = pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
UNKNOWN = f"ab_{'0' * 12}_{'A' * 43}"
"""A key as keys are, which nobody has made."""


@IN_A_FILE
def test_what_was_read_once_serves_while_the_file_cannot_be_read(
    access: Access, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = access.create_key("demo", "shop", WRITE).secret
    fresh = opened()
    fresh.authenticate(secret)
    for one in (access, fresh):
        monkeypatch.setattr(one._changes, "_connection", Unreadable())
    assert access.workspace_by_number(1).id == "demo"
    assert fresh.authenticate(secret).workspace == "demo"
    with pytest.raises(StoreUnavailable, match="not among the known"):
        access.authenticate(UNKNOWN)


@pytest.mark.parametrize("opened", ["postgres"], indirect=True)
def test_what_was_read_once_serves_while_the_database_is_away(
    access: SqlAccess, postgres: sa.Engine
) -> None:
    secret = access.create_key("demo", "shop", WRITE).secret
    access.authenticate(secret)
    access.note("demo", "token keys rotated", "2")  # so that it has to be read again
    with away(postgres, access._engine):
        assert access.authenticate(secret).workspace == "demo"
        with pytest.raises(StoreUnavailable, match="not among the known"):
            access.authenticate(UNKNOWN)  # it may have been made a moment ago
        with pytest.raises(Unauthenticated):
            access.authenticate("no key at all")
    assert access.create_key("demo", "desk", WRITE)
    until(lambda: not access._changes.is_blind)
    with pytest.raises(Unauthenticated):
        access.authenticate(UNKNOWN)


@pytest.mark.parametrize("opened", ["postgres"], indirect=True)
def test_what_cannot_be_noticed_is_not_denied(access: SqlAccess, postgres: sa.Engine) -> None:
    """... also by one who has nothing to read again."""
    secret = access.create_key("demo", "shop", WRITE).secret
    assert access.authenticate(secret)
    with away(postgres, access._engine):
        until(lambda: access._changes.is_blind)
        with pytest.raises(StoreUnavailable):
            access.authenticate(UNKNOWN)
        assert access.authenticate(secret)
    until(lambda: not access._changes.is_blind)
    with pytest.raises(Unauthenticated):
        access.authenticate(UNKNOWN)


class Unreadable:
    """A connection to a disk that does not answer."""

    def exec_driver_sql(self, statement: str) -> None:
        raise OperationalError(statement, None, OSError("disk I/O error"))

    def close(self) -> None:
        """There is nothing to close."""
