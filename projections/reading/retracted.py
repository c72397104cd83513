"""Responses that left every list: what was captured is still readable by its id (R12)."""

from __future__ import annotations

from uuid import UUID

import orjson

from events.sealing import Sealer
from projections.folds.responses.document import ResponseDoc
from projections.reading.opening import open_response
from projections.stores.columns import Columns
from schemas.errors import NotFound
from schemas.views import ResponseView

_CAPTURED = (
    "SELECT data, person, toUnixTimestamp64Milli(occurred_at) AS occurred_at, "
    "toUnixTimestamp64Milli(recorded_at) AS recorded_at, toString(precision) AS precision "
    "FROM journal WHERE workspace = {workspace:String} AND type = 'response.captured' "
    "AND object_id = {response:String} ORDER BY recorded_at DESC LIMIT 1"
)


def retracted_response(
    columns: Columns, sealer: Sealer, workspace: str, response_id: UUID
) -> ResponseView:
    """The response as it was captured. Raises ``NotFound``."""
    here = {"workspace": workspace, "response": str(response_id)}
    found = columns.query(_CAPTURED, here).to_pylist()
    if not found:
        raise NotFound(f"There is no response {response_id}.")
    row = found[0]
    said = orjson.loads(row.pop("data"))
    known = {name: said[name] for name in ResponseDoc.model_fields if said.get(name) is not None}
    person = row.pop("person")
    doc = ResponseDoc.model_validate({**known, **row, "entity": person, "cluster": person})
    view = open_response(sealer, workspace, doc)
    return view.model_copy(update={"retracted": True})
