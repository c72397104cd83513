"""Which lists have other members in one state of the read models than in another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from events.sql.tables import reading
from projections.past.building import Stores
from projections.stores.rows import MEMBER
from schemas.dry_runs import DryRunList


def list_changes(now: Stores, then: Stores, workspace: str) -> list[DryRunList]:
    """The lists that differ, with how many are on them, and how many come and go."""
    names = sorted(_lists(now, workspace) | _lists(then, workspace))
    found = (_change(name, _members(now, workspace, name), _members(then, workspace, name))
             for name in names)  # fmt: skip
    return [one for one in found if one.joins or one.leaves]


def _change(name: str, now: set[str], then: set[str]) -> DryRunList:
    return DryRunList(
        list_id=name, now=len(now), then=len(then), joins=len(then - now), leaves=len(now - then)
    )


def _lists(at: Stores, workspace: str) -> set[str]:
    return _ids(at, sa.select(MEMBER.c.list_id).distinct(), workspace)


def _members(at: Stores, workspace: str, name: str) -> set[str]:
    return _ids(at, sa.select(MEMBER.c.id).where(MEMBER.c.list_id == name), workspace)


def _ids(at: Stores, what: sa.Select[Any], workspace: str) -> set[str]:
    mine = (MEMBER.c.generation == at.generation, MEMBER.c.workspace == workspace)
    with reading(at.rows).begin() as connection:
        return set(connection.execute(what.where(*mine, MEMBER.c.is_open == 1)).scalars())
