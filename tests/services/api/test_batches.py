"""Batches are shown and undone over the API, and refused where they must be."""

from __future__ import annotations

from uuid import UUID, uuid4

from schemas.batches import BatchEffects
from schemas.decisions.batch import BatchUndone
from schemas.fields import Ref
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem
from tests.services.api.fake_reads import FakeReads, a_batch

BATCH = UUID(int=8)
WHY = {"reason": "The file was last year's."}


def test_a_batch_is_undone_once(admin: Caller, reads: FakeReads, parts: Parts) -> None:
    reads.brought["demo", BATCH] = a_batch(BATCH)
    lead = Ref(kind="lead", id=uuid4())
    reads.effects = BatchEffects(refs=[lead], count=7, prepared=False)
    shown = admin.get("/batches").json()["data"]
    assert [(one["batch_id"], one["facts"]) for one in shown] == [
        (str(BATCH), {"contact.created": 3})
    ]
    assert admin.get(f"/batches/{BATCH}/effects").json()["count"] == 7
    done = admin.done(f"/batches/{BATCH}/undo", WHY)
    assert (done["fact_count"], done["effect_count"], done["version"]) == (3, 7, 1)
    assert done["effects"] == [{"kind": "lead", "id": str(lead.id)}]
    assert admin.done(f"/batches/{BATCH}/undo", {"reason": "again"})["reason"] == WHY["reason"]
    (payload,) = [p for _, p in decisions(parts) if isinstance(p, BatchUndone)]
    assert (payload.batch_id, payload.effects) == (BATCH, (lead,))


def test_what_cannot_be_undone_is_refused(admin: Caller, reads: FakeReads) -> None:
    problem(admin.post(f"/batches/{BATCH}/undo", WHY), 404)
    problem(admin.get(f"/batches/{BATCH}"), 404)
    problem(admin.get(f"/batches/{BATCH}/effects"), 404)
    reads.brought["demo", BATCH] = a_batch(BATCH)
    problem(admin.post(f"/batches/{BATCH}/undo", {}), 422)
    problem(admin.post(f"/batches/{BATCH}/undo", {"reason": ""}), 422)
    reads.effects = BatchEffects(refs=[], count=0, prepared=True)
    refused = problem(admin.post(f"/batches/{BATCH}/undo", WHY), 409)
    assert "audience of an activity" in refused["detail"]
