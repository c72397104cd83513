"""Records are merged, linked and parted over the API, and refused where they must be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from schemas.decisions.identity import IdentityMerged
from services.commands import identity
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of

ANN, BOB, CLEO, LEAD = (str(UUID(int=number)) for number in (1, 2, 3, 4))


def ref(record: str, kind: str = "contact") -> dict[str, str]:
    return {"kind": kind, "id": record}


def pair(survivor: str, merged: str, kind: str = "contact", **more: Any) -> dict[str, Any]:
    return {"survivor": ref(survivor, kind), "merged": ref(merged, kind), **more}


def people(contact: str, lead: str) -> dict[str, Any]:
    return {"records": [ref(contact), ref(lead, "lead")]}


def test_a_record_is_merged_and_parted_again(admin: Caller, parts: Parts) -> None:
    said = pair(ANN, BOB, choices={"city": BOB}, evidence={"why": "same telephone"})
    done = admin.done("/identity/merge", said)
    assert (done["record"], done["merged_into"], done["version"]) == (ref(BOB), ref(ANN), 1)
    assert admin.get(f"/identity/{ANN}").json()["merged"] == [ref(BOB)]
    (payload,) = [p for e, p in decisions(parts) if isinstance(p, IdentityMerged)]
    assert (payload.choices, payload.evidence) == ({"city": UUID(BOB)}, {"why": "same telephone"})
    assert admin.done("/identity/merge", said)["version"] == 1  # nothing more to decide
    assert admin.done("/identity/unmerge", pair(ANN, BOB))["merged_into"] is None
    assert admin.get(f"/identity/{ANN}").json()["merged"] == []
    assert admin.done("/identity/unmerge", pair(ANN, BOB))["version"] == 2
    assert types_of(parts) == ["identity.merged", "identity.unmerged"]


def test_who_is_merged_has_nothing_to_decide(admin: Caller) -> None:
    admin.done("/identity/merge", pair(ANN, BOB))
    refused = problem(admin.post("/identity/merge", pair(CLEO, BOB)), 409)
    assert f"merged into contact:{ANN}" in refused["detail"]
    problem(admin.post("/identity/merge", pair(BOB, CLEO)), 409)
    problem(admin.post("/identity/unmerge", pair(CLEO, BOB)), 409)
    # Whoever stands for others may be merged in turn, and stands for them again afterwards.
    admin.done("/identity/merge", pair(CLEO, ANN))
    problem(admin.post("/identity/merge", pair(ANN, LEAD)), 409)
    admin.done("/identity/unmerge", pair(CLEO, ANN))
    assert admin.get(f"/identity/{ANN}").json()["merged"] == [ref(BOB)]


def test_a_lead_and_a_contact_are_linked(admin: Caller, parts: Parts) -> None:
    admin.done("/identity/link", people(ANN, LEAD))
    assert admin.get(f"/identity/{ANN}").json()["linked"] == [ref(LEAD, "lead")]
    assert admin.get(f"/identity/{LEAD}").json()["linked"] == [ref(ANN)]
    turned = {"records": people(ANN, LEAD)["records"][::-1]}
    assert admin.done("/identity/link", turned)["version"] == 1
    admin.done("/identity/unlink", turned)
    assert admin.get(f"/identity/{LEAD}").json()["linked"] == []
    assert types_of(parts) == ["identity.linked", "identity.unlinked"]


def test_what_makes_no_sense_is_refused(admin: Caller, parts: Parts) -> None:
    problem(admin.post("/identity/merge", pair(ANN, ANN)), 422)
    mixed = {"survivor": ref(ANN), "merged": ref(LEAD, "lead")}
    assert "linked" in problem(admin.post("/identity/merge", mixed), 422)["detail"]
    problem(admin.post("/identity/merge", pair(ANN, BOB, choices={"city": CLEO})), 422)
    problem(admin.post("/identity/merge", pair(ANN, BOB, kind="order")), 422)
    problem(admin.post("/identity/link", {"records": [ref(ANN), ref(BOB)]}), 422)
    problem(admin.post("/identity/link", {"records": [ref(ANN)]}), 422)
    problem(admin.get(f"/identity/{CLEO}"), 404)
    assert decisions(parts) == []


def test_a_record_stays_what_it_is(admin: Caller) -> None:
    """... of the kind that it was first named by, in whatever decision."""
    admin.done("/identity/merge", pair(ANN, BOB))
    problem(admin.post("/identity/merge", pair(CLEO, ANN, kind="account")), 422)
    problem(
        admin.post("/identity/unmerge", {"survivor": ref(ANN), "merged": ref(BOB, "lead")}), 422
    )
    admin.done("/identity/link", people(ANN, LEAD))
    swapped = {"records": [ref(ANN, "lead"), ref(LEAD, "contact")]}
    problem(admin.post("/identity/unlink", swapped), 422)
    assert "merged into" in problem(admin.post("/identity/link", people(BOB, LEAD)), 409)["detail"]


def test_one_record_stands_for_so_many_and_no_more(admin: Caller) -> None:
    for number in range(identity.MOST):
        admin.done("/identity/merge", pair(ANN, str(UUID(int=1000 + number))))
    assert "100" in problem(admin.post("/identity/merge", pair(ANN, BOB)), 409)["detail"]
    # ... also through others.
    assert "100" in problem(admin.post("/identity/merge", pair(CLEO, ANN)), 409)["detail"]


def test_decisions_at_once_know_of_each_other(admin: Caller) -> None:
    """Both records are part of a decision: what one says of the other is so."""
    others = [str(UUID(int=100 + number)) for number in range(12)]

    def merge(other: str) -> int:
        return admin.post("/identity/merge", pair(ANN, other)).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(merge, others))
    merged = {other for other, code in zip(others, codes, strict=True) if code == 200}
    assert merged
    assert {one["id"] for one in admin.get(f"/identity/{ANN}").json()["merged"]} == merged
    for other in set(others) - merged:
        problem(admin.get(f"/identity/{other}"), 404)


def test_identity_is_each_workspace_s_own(admin: Caller, stranger: Caller) -> None:
    admin.done("/identity/merge", pair(ANN, BOB))
    problem(stranger.get(f"/identity/{ANN}"), 404)
    assert stranger.done("/identity/merge", pair(BOB, ANN))["merged_into"] == ref(BOB)
    assert admin.get(f"/identity/{BOB}").json()["merged_into"] == ref(ANN)
