"""The classifier, version 1: one case per line of its table, and its turns in time (R13)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.judgements.classifier import (
    AFTER_DELIVERY,
    BURST_LINKS,
    EVIDENCE_SPAN,
    Clicks,
    Interaction,
    Surroundings,
    judge,
)
from schemas.fields import Hit
from tests.support.campaign import BROWSER, CRAWLER

AT = 1_000_000
LINK = "0000000000000001"


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
        pytest.param(AT - AFTER_DELIVERY, "machine", id="two seconds after delivery, inclusive"),
        pytest.param(AT + 5000, "machine", id="before delivery"),
        pytest.param(AT - AFTER_DELIVERY - 1, "unknown", id="just later: a fast click"),
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
    assert judge(weak, Surroundings(evidence=[AT + EVIDENCE_SPAN])).opinion.verdict == "human"
    assert judge(weak, Surroundings(evidence=[AT + EVIDENCE_SPAN + 1])).opinion.verdict == "unknown"
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
    few = Surroundings(Clicks(everything.clicks).around(AT), sorted(deliveries)[:1])
    assert len(few.clicks) <= 2 * BURST_LINKS
    assert judge(_click(), few) == judge(_click(), everything)
