"""The commander: versions, repeated tries, what a decision rests on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest

from events.gate import Decision, ReplyKey
from events.log import Appended
from events.memory import MemoryGate, MemoryLog
from schemas.decisions.campaign import CampaignChanged, CampaignFields
from schemas.documents import CampaignDocument
from schemas.errors import InvalidInput, LogUnavailable, NotUnique, VersionConflict
from services.commands import campaigns
from services.commands.commander import ATTEMPTS, Change, Commander, Found, Order, Result, Step
from services.parts import Parts
from tests.support.parts import make_parts

NAME = UUID(int=1)
ORDER = Order(workspace="demo", actor="ada")
STREAM = campaigns.stream_of(NAME)


@pytest.fixture
def parts() -> Parts:
    return make_parts()


@pytest.fixture
def commander(parts: Parts) -> Commander:
    return Commander(parts.gate, parts.composer, parts.clock, 5)


def render(result: Result[CampaignDocument]) -> tuple[int, bytes]:
    return 200, f"{result.version} {result.document.fields.offer}".encode()


def create(_: CampaignDocument | None, code: str = "SPRING") -> Change[CampaignDocument]:
    return campaigns.create(
        NAME, name="Spring", kind="standard", currency="EUR",
        fields=CampaignFields(code=code), find=nothing,
    )  # fmt: skip


def nothing(campaign_id: UUID) -> Found[CampaignDocument]:
    return Found(campaigns.stream_of(campaign_id), 0, None)


def offering(offer: str, document: CampaignDocument | None) -> Change[CampaignDocument]:
    return campaigns.change(campaigns.known(document), CampaignFields(offer=offer), nothing)


def made(commander: Commander) -> None:
    commander.run(ORDER, STREAM, CampaignDocument, create, render)


def test_run_stores_document_version_and_reply_together(commander: Commander, parts: Parts) -> None:
    key = ReplyKey("p", "k", "f")
    order = Order(workspace="demo", actor="ada", reply_key=key)
    answer = commander.run(order, STREAM, CampaignDocument, create, render)
    assert answer == (200, b"1 None")
    kept = parts.gate.reply_of("demo", "p", "k", parts.clock())
    assert kept is not None
    assert (kept.status, kept.body) == answer
    found = commander.find("demo", STREAM, CampaignDocument)
    assert (found.version, found.document and found.document.code) == (1, "SPRING")
    assert commander.find("other", STREAM, CampaignDocument).document is None


def test_run_without_a_named_version_tries_again(commander: Commander) -> None:
    made(commander)
    with ThreadPoolExecutor(4) as pool:
        answers = [
            pool.submit(
                commander.run, ORDER, STREAM, CampaignDocument,
                lambda d, n=n: offering(f"offer {n}", d), render,
            )
            for n in range(4)
        ]  # fmt: skip
        for answer in answers:
            assert answer.result()[0] == 200
    assert commander.find("demo", STREAM, CampaignDocument).version == 5


def test_run_with_a_named_version_tells_of_the_conflict(commander: Commander) -> None:
    made(commander)
    order = Order(workspace="demo", actor="ada", expected=0)
    with pytest.raises(VersionConflict, match="version 1, not 0"):
        commander.run(order, STREAM, CampaignDocument, lambda d: offering("x", d), render)


def test_run_gives_up_when_the_stream_never_rests(commander: Commander, parts: Parts) -> None:
    made(commander)
    asked: list[int] = []

    def overtaken(document: CampaignDocument | None) -> Change[CampaignDocument]:
        asked.append(1)
        if len(asked) <= ATTEMPTS:
            other = Commander(parts.gate, parts.composer, parts.clock, 5)
            offer = f"other {len(asked)}"
            other.run(ORDER, STREAM, CampaignDocument, lambda d: offering(offer, d), render)
        return offering("mine", document)

    with pytest.raises(VersionConflict):
        commander.run(ORDER, STREAM, CampaignDocument, overtaken, render)
    assert len(asked) == ATTEMPTS


def test_run_fails_when_what_it_rests_on_has_moved(commander: Commander) -> None:
    made(commander)
    stale = commander.find("demo", STREAM, CampaignDocument)
    commander.run(ORDER, STREAM, CampaignDocument, lambda d: offering("moved", d), render)
    child = campaigns.stream_of(UUID(int=2))

    def decide(_: CampaignDocument | None) -> Change[CampaignDocument]:
        return campaigns.create(
            UUID(int=2), name="Child", kind="standard", currency="EUR",
            fields=CampaignFields(parent_id=NAME), find=lambda _: stale,
        )  # fmt: skip

    with pytest.raises(VersionConflict):
        commander.run(ORDER, child, CampaignDocument, decide, render)
    assert commander.find("demo", child, CampaignDocument).version == 0
    # The campaign above was checked and not written.
    assert commander.find("demo", STREAM, CampaignDocument).version == 2


def test_run_claims_unique_values(commander: Commander) -> None:
    made(commander)
    other = campaigns.stream_of(UUID(int=2))
    with pytest.raises(NotUnique):
        commander.run(
            ORDER, other, CampaignDocument,
            lambda _: campaigns.create(
                UUID(int=2), name="x", kind="standard", currency="EUR",
                fields=CampaignFields(code="SPRING"), find=nothing,
            ),
            render,
        )  # fmt: skip


class SilentGate(MemoryGate):
    """A gate that never answers."""

    def decide(self, decision: Decision) -> Future[Appended]:
        return Future()


def test_run_does_not_wait_for_ever(parts: Parts) -> None:
    assert isinstance(parts.log, MemoryLog)
    gate = SilentGate(parts.log, parts.clock)
    commander = Commander(gate, parts.composer, parts.clock, 0.01)
    with pytest.raises(LogUnavailable):
        made(commander)


def test_run_refuses_what_could_never_be_read_again(commander: Commander, parts: Parts) -> None:
    made(commander)
    heads = parts.log.heads()

    def unreadable(document: CampaignDocument | None) -> Change[CampaignDocument]:
        fields = CampaignFields.model_construct(kpi_targets={"open_rate": float("nan")})
        payload = CampaignChanged.model_construct(changes=fields)
        step = Step(event_type="campaign.changed", payload=payload, key_name=str(NAME))
        return Change(document=campaigns.known(document), steps=(step,))

    with pytest.raises(InvalidInput, match="cannot be stored"):
        commander.run(ORDER, STREAM, CampaignDocument, unreadable, render)
    assert parts.log.heads() == heads
