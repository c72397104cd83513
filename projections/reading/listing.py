"""Lists of responses that stand in a row store."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from events.sql.tables import reading
from projections.folds.responses.document import ResponseDoc
from projections.past.building import Stores
from projections.stores.rows import RESPONSE
from schemas.views import ResponseFilter

Mark = Sequence[int | str]
_ORDER = (RESPONSE.c.occurred_at, RESPONSE.c.id)
_EQUAL = ("type", "status", "code", "country")
_CHANNELS = {"web": ("web_form", "web_click")}
"""A channel in filters that is none of its own."""


def listed_responses(
    at: Stores, workspace: str, only: ResponseFilter, mark: Mark | None, limit: int, *,
    newest: bool = False,
) -> list[ResponseDoc]:  # fmt: skip
    """The next responses behind a mark, by (occurred_at, response_id), for which all holds."""
    found: list[ResponseDoc] = []
    while len(found) < limit:
        docs = _next(at, workspace, only, mark, limit, newest=newest)
        # Who made a response stands in its document alone, which SQL does not look into.
        found += [doc for doc in docs if _is_made_by(doc, only)]
        if len(docs) < limit:
            break
        mark = (docs[-1].occurred_at, str(docs[-1].response_id))
    return found[:limit]


def _next(
    at: Stores, workspace: str, only: ResponseFilter, mark: Mark | None, limit: int, *, newest: bool
) -> list[ResponseDoc]:
    bounds = [RESPONSE.c.generation == at.generation, RESPONSE.c.workspace == workspace]
    bounds += _conditions(only)
    if mark is not None:
        left, right = sa.tuple_(*_ORDER), sa.tuple_(*mark)
        bounds.append(left < right if newest else left > right)
    order = [column.desc() for column in _ORDER] if newest else list(_ORDER)
    query = sa.select(RESPONSE.c.doc).where(*bounds).order_by(*order).limit(limit)
    with reading(at.rows).begin() as connection:
        return [ResponseDoc.model_validate_json(doc) for (doc,) in connection.execute(query)]


def _is_made_by(doc: ResponseDoc, only: ResponseFilter) -> bool:
    """Whether a response was made by the rule, and the version of it, that is asked for."""
    return only.definition in (None, doc.rule_id) and only.version in (None, doc.rule_version)


def _conditions(only: ResponseFilter) -> list[sa.ColumnElement[bool]]:
    table = RESPONSE.c
    bounds = [table[name] == getattr(only, name) for name in _EQUAL if getattr(only, name)]
    if only.channel is not None:
        bounds.append(table.channel.in_(_CHANNELS.get(only.channel, (only.channel,))))
    if only.campaign_id is not None:
        bounds.append(table.campaign_id == str(only.campaign_id))
    if only.owner_id is not None:
        bounds.append(table.owner_id == str(only.owner_id))
    if only.received_from is not None:
        bounds.append(table.occurred_at >= only.received_from)
    if only.received_to is not None:
        bounds.append(table.occurred_at < only.received_to)
    return bounds
