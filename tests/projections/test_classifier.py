"""The classifier: one case per line of its table, its turns in time, and what data change (R13)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.judgements.judge import Interaction, Judge, Judgement, Surroundings
from schemas.classifier import BUILT_IN, Classifier
from schemas.fields import Hit
from tests.support.campaign import BROWSER, CRAWLER

AT = 1_000_000
FIRST = BUILT_IN.classifier
JUDGE = Judge(FIRST)
LINK = "0000000000000001"


def judge(interaction: Interaction, around: Surroundings) -> Judgement:
    return JUDGE.judge(interaction, around)


def _open(agent: str = BROWSER, **hit):
    hit = {"ip": "192.0.2.0", "user_agent": agent, **hit}
    return Interaction("e", "email.opened", AT, "p", Hit.model_validate(hit))


def _click(agent: str = BROWSER, kind: str = "content", **hit):
    hit = {"ip": "192.0.2.0", "user_agent": agent, **hit}
    return Interaction("e", "email.clicked", AT, "p", Hit.model_validate(hit), LINK, kind)


CASES = [
    pytest.param(_open(), "human", (), id="a browser is a human"),
    pytest.param(_open(method="HEAD"), "machine", ("prefetch/head",), id="HEAD"),
    pytest.param(
        _open(headers={"purpose": "prefetch"}), "machine", ("prefetch/purpose",), id="Purpose"
    ),
    pytest.param(
        _open(headers={"sec-purpose": "prefetch;prerender"}),
        "machine",
        ("prefetch/sec-purpose",),
        id="Sec-Purpose",
    ),
    pytest.param(_click(kind="honeypot"), "machine", ("behaviour/honeypot",), id="the hidden link"),
    pytest.param(
        _open("Mozilla/5.0 (via ggpht.com GoogleImageProxy)"),
        "human",
        ("proxy/image",),
        id="an image proxy fetches when the person opens",
    ),
    pytest.param(_open("Outlook ms-office; MSOffice 16"), "human", (), id="Outlook"),
    pytest.param(_open("Mozilla/5.0"), "privacy_proxy", ("proxy/bare_agent",), id="a bare agent"),
    pytest.param(_open(CRAWLER), "machine", ("crawler/listed_agent",), id="a listed crawler"),
    pytest.param(
        _open("BarracudaCentral link scan"), "machine", ("scanner/listed_agent",), id="a scanner"
    ),
    pytest.param(_open("python-requests/2.32"), "machine", ("tool/listed_agent",), id="a library"),
    pytest.param(_open(""), "machine", ("tool/no_agent",), id="no agent, with an address"),
    pytest.param(_open("", ip=""), "unknown", ("tool/anonymous",), id="no agent and no address"),
    pytest.param(
        _open(ip_lists=["hosting@1"]), "unknown", ("scanner/hosting_network",), id="a data center"
    ),
]


@pytest.mark.parametrize(("interaction", "verdict", "reasons"), CASES)
def test_judge_gives_the_verdict_of_the_first_sign(interaction, verdict, reasons):
    opinion = judge(interaction, Surroundings()).opinion
    assert (opinion.verdict, opinion.reasons) == (verdict, reasons)


def test_flags_tell_proxies_and_doubt():
    assert judge(_open("GoogleImageProxy"), Surroundings()).opinion.flags == ("proxied",)
    assert judge(_open("Mozilla/5.0"), Surroundings()).opinion.flags == ("low_confidence",)
    listed = judge(_open("Mozilla/5.0", ip_lists=["apple@2026-10"]), Surroundings())
    assert listed.opinion.flags == ()


@pytest.mark.parametrize(
    ("delivered", "verdict"),
    [
        pytest.param(
            AT - FIRST.after_delivery, "machine", id="two seconds after delivery, inclusive"
        ),
        pytest.param(AT + 5000, "machine", id="before delivery"),
        pytest.param(AT - 2001, "unknown", id="just later: a fast click"),
        pytest.param(AT - 30_001, "human", id="in good time"),
    ],
)
def test_clicks_are_judged_by_their_delivery(delivered, verdict):
    assert judge(_click(), Surroundings(deliveries=[delivered])).opinion.verdict == verdict


def test_all_clicks_of_a_burst_are_a_machine_s():
    burst = [(AT + n * 2500, f"{n:016x}") for n in range(5)]
    assert judge(_click(), Surroundings(clicks=burst)).opinion.reasons == ("behaviour/burst",)
    slower = [(AT + n * 2501, f"{n:016x}") for n in range(5)]
    assert judge(_click(), Surroundings(clicks=slower)).opinion.verdict == "human"
    same_link = [(AT + n, LINK) for n in range(9)]
    assert judge(_click(), Surroundings(clicks=same_link)).opinion.verdict == "human"


def test_a_weak_sign_is_outweighed_by_a_person():
    weak = _click("", ip="")
    assert judge(weak, Surroundings(evidence=[AT + FIRST.evidence_span])).opinion.verdict == "human"
    assert (
        judge(weak, Surroundings(evidence=[AT + FIRST.evidence_span + 1])).opinion.verdict
        == "unknown"
    )
    assert judge(weak, Surroundings(evidence=[AT])).opinion.verdict == "unknown"


def test_turns_tell_since_when_a_verdict_holds():
    weak = judge(_click("", ip=""), Surroundings(evidence=[AT + 60_000]))
    assert weak.turns == ((AT, "unknown"), (AT + 60_000, "human"))
    late = judge(_click(), Surroundings(deliveries=[AT + 9000]))
    assert late.turns == ((AT, "human"), (AT + 9000, "machine"))


TIMES = st.lists(st.integers(AT - 40_000, AT + 40_000), max_size=6)


@given(
    clicks=st.lists(st.tuples(st.integers(AT - 12_000, AT + 12_000), st.sampled_from("abcdef"))),
    deliveries=TIMES,
    evidence=TIMES,
    agent=st.sampled_from([BROWSER, CRAWLER, "", "Mozilla/5.0"]),
    moment=st.integers(AT, AT + 60_000),
)
def test_turns_agree_with_judging_at_that_moment(clicks, deliveries, evidence, agent, moment):
    interaction = _click(agent, ip="")
    around = Surroundings([*clicks, (AT, LINK)], deliveries, evidence)
    turns = judge(interaction, around).turns
    then = [verdict for at, verdict in turns if at <= moment][-1]
    assert then == judge(interaction, around.until(moment)).opinion.verdict


@given(
    clicks=st.lists(st.tuples(st.integers(AT - 12_000, AT + 12_000), st.sampled_from("abcdefgh"))),
    deliveries=TIMES,
)
def test_the_clicks_that_decide_decide_as_all_would(clicks, deliveries):
    everything = Surroundings([*clicks, (AT, LINK)], deliveries)
    few = Surroundings(JUDGE.clicks(everything.clicks).around(AT), sorted(deliveries)[:1])
    assert len(few.clicks) <= 2 * FIRST.burst_links
    assert judge(_click(), few) == judge(_click(), everything)


OTHERS = [
    pytest.param({}, _open("Newsy/8"), "human", id="an agent that no list knows"),
    pytest.param({"crawlers": [" NEWSY/8 "]}, _open("Newsy/8"), "machine", id="a list of its own"),
    pytest.param(
        {"image_proxies": ["newsy"], "crawlers": ["newsy"]},
        _open("Newsy/8"),
        "human",
        id="the first list decides",
    ),
    pytest.param({"public_crawlers": False}, _open(CRAWLER), "human", id="no public list"),
    pytest.param({"burst_links": 6}, _click(), "human", id="five links are no burst"),
    pytest.param({"burst_span": 9999}, _click(), "human", id="nor in a shorter span"),
    pytest.param({}, _click(), "machine", id="but they are by version 1"),
]


@pytest.mark.parametrize(("said", "interaction", "verdict"), OTHERS)
def test_thresholds_and_lists_are_data(said, interaction, verdict):
    other = Judge(Classifier.model_validate(said))
    around = Surroundings(clicks=[(AT + n * 2500, f"{n:016x}") for n in range(5)])
    assert other.judge(interaction, around).opinion.verdict == verdict


def test_spans_are_data():
    other = Judge(Classifier(after_delivery=0, fast_click=10, evidence_span=5))
    early = Surroundings(deliveries=[AT - 5])
    assert other.judge(_click(), early).opinion.verdict == "unknown"
    shown = Surroundings(deliveries=[AT - 5], evidence=[AT + 5])
    assert other.judge(_click(), shown).opinion.verdict == "human"
    too_late = Surroundings(deliveries=[AT - 5], evidence=[AT + 6])
    assert other.judge(_click(), too_late).opinion.verdict == "unknown"
    assert other.judge(_click(), Surroundings(deliveries=[AT - 11])).opinion.verdict == "human"
