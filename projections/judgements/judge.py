"""Judges hits: a pure function of a hit, its neighbors and a classifier (R13).

The first sign that applies decides. A verdict can change when something else becomes known to have
happened (a delivery, the fifth click of a burst, a form within half an hour); ``turns`` keeps when,
in data time, so that a verdict can be read as of any moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from projections.judgements.agents import Agent, Agents
from schemas.classifier import Classifier
from schemas.derived.judgement import Verdict
from schemas.fields import Hit

WEAK = "weak"
_PREFETCH_HEADERS = ("purpose", "sec-purpose", "x-moz")


@dataclass(frozen=True, slots=True)
class Interaction:
    """A hit to be judged, with what its event says beside the request."""

    event_id: str
    type: str
    at: int
    person: str
    hit: Hit
    link_id: str = ""
    link_kind: str = ""
    machine_open: bool = False

    @property
    def is_click(self) -> bool:
        """Whether it followed a link of a message."""
        return bool(self.link_id)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a hit: clicks and deliveries of its message, signs of a person."""

    clicks: Sequence[tuple[int, str]] = ()
    deliveries: Sequence[int] = ()
    evidence: Sequence[int] = ()

    def until(self, moment: int) -> Surroundings:
        """What had happened by a moment."""
        return Surroundings(
            [click for click in self.clicks if click[0] <= moment],
            [at for at in self.deliveries if at <= moment],
            [at for at in self.evidence if at <= moment],
        )


class Clicks:
    """The clicks of one message, asked for the few that decide about a burst around a moment.

    Anyone can follow a link thousands of times, and comparing each click with all others took
    minutes for 700 of them. Of every link only the last click up to the moment and the first one
    after it can matter, and of those only the nearest ``enough``, as many as make a burst.
    """

    def __init__(self, clicks: Iterable[tuple[int, str]], enough: int) -> None:
        self._enough = enough
        self._times: dict[str, list[int]] = {}
        for at, link in sorted(clicks):
            self._times.setdefault(link, []).append(at)

    def around(self, moment: int) -> list[tuple[int, str]]:
        """At most twice as many clicks as make a burst; ``judge`` finds the same with all."""
        last: list[tuple[int, str]] = []
        first: list[tuple[int, str]] = []
        for link, times in self._times.items():
            place = bisect_right(times, moment)
            last += [(at, link) for at in times[max(place - 1, 0) : place]]
            first += [(at, link) for at in times[place : place + 1]]
        return sorted(last)[-self._enough :] + sorted(first)[: self._enough]


class Opinion(NamedTuple):
    """A verdict with its reasons (family/detail) and flags."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Judgement(NamedTuple):
    """The verdict now, and since when each verdict holds."""

    opinion: Opinion
    turns: tuple[tuple[int, Verdict], ...]


def is_weak(opinion: Opinion) -> bool:
    """Whether a sign of a person could still change, or has changed, the verdict."""
    return WEAK in opinion.flags


class Judge:
    """Judges by one classifier."""

    def __init__(self, classifier: Classifier) -> None:
        self._by = classifier
        self.agents = Agents(classifier)

    def clicks(self, clicks: Iterable[tuple[int, str]]) -> Clicks:
        """The clicks of a message, to be asked for those that may make a burst."""
        return Clicks(clicks, self._by.burst_links)

    def judge(self, interaction: Interaction, around: Surroundings) -> Judgement:
        """The verdict on an interaction, with its turns in data time."""
        turns: list[tuple[int, Verdict]] = []
        opinion = Opinion("unknown")
        for moment in sorted({interaction.at, *self._moments(interaction, around)}):
            opinion = self._opinion(interaction, around.until(moment))
            if not turns or turns[-1][1] != opinion.verdict:
                turns.append((moment, opinion.verdict))
        return Judgement(opinion, tuple(turns))

    def _moments(self, interaction: Interaction, around: Surroundings) -> Iterator[int]:
        """The moments after the hit at which its verdict could turn."""
        at = interaction.at
        if interaction.is_click:
            yield from (t for t in around.deliveries if t > at)
            yield from (t for t, _ in around.clicks if at < t <= at + self._by.burst_span)
        yield from (t for t in around.evidence if at < t <= at + self._by.evidence_span)

    def _opinion(self, i: Interaction, around: Surroundings) -> Opinion:
        for sign in (_request_kind, self._behavior, self._proxies, self._lists):
            found = sign(i, around)
            if found is not None:
                return found
        return self._weak(i, around) or Opinion("human")

    def _behavior(self, i: Interaction, around: Surroundings) -> Opinion | None:
        if i.link_kind == "honeypot":
            return Opinion("machine", ("behaviour/honeypot",))
        if not i.is_click:
            return None
        if self.in_burst(i.at, around.clicks):
            return Opinion("machine", ("behaviour/burst",))
        if around.deliveries and i.at <= min(around.deliveries) + self._by.after_delivery:
            return Opinion("machine", ("behaviour/before_delivery",))
        return None

    def in_burst(self, at: int, clicks: Iterable[tuple[int, str]]) -> bool:
        """Whether a click lies in a span that holds distinct links enough, ends included."""
        span = self._by.burst_span
        near = sorted(c for c in clicks if at - span <= c[0] <= at + span)
        starts = [t for t, _ in near if t <= at]
        return any(
            len({link for t, link in near if start <= t <= start + span}) >= self._by.burst_links
            for start in starts
        )

    def _proxies(self, i: Interaction, around: Surroundings) -> Opinion | None:
        agent = self.agents.kind_of(i.hit.user_agent)
        if agent is Agent.IMAGE_PROXY:
            return Opinion("human", ("proxy/image",), ("proxied",))
        if agent is Agent.OFFICE:
            return Opinion("human")
        if i.machine_open:
            return Opinion("privacy_proxy", ("proxy/provider_says_so",))
        if agent is Agent.BARE:
            listed = any(name.startswith("apple") for name in i.hit.ip_lists)
            return Opinion(
                "privacy_proxy", ("proxy/bare_agent",), () if listed else ("low_confidence",)
            )
        return None

    def _lists(self, i: Interaction, around: Surroundings) -> Opinion | None:
        agent = self.agents.kind_of(i.hit.user_agent)
        if agent is Agent.ABSENT and i.hit.ip:
            return Opinion("machine", ("tool/no_agent",))
        if agent in (Agent.SCANNER, Agent.TOOL, Agent.CRAWLER):
            return Opinion("machine", (f"{agent.value}/listed_agent",))
        return None

    def _weak(self, i: Interaction, around: Surroundings) -> Opinion | None:
        reasons = tuple(self._weak_reasons(i, around))
        if not reasons:
            return None
        human = any(i.at < t <= i.at + self._by.evidence_span for t in around.evidence)
        return Opinion("human" if human else "unknown", reasons, (WEAK,))

    def _weak_reasons(self, i: Interaction, around: Surroundings) -> Iterator[str]:
        if not i.hit.user_agent.strip() and not i.hit.ip:
            yield "tool/anonymous"
        if any(name.startswith("hosting") for name in i.hit.ip_lists):
            yield "scanner/hosting_network"
        is_fast = around.deliveries and i.at <= min(around.deliveries) + self._by.fast_click
        if i.is_click and is_fast:
            yield "behaviour/fast_click"


def _request_kind(i: Interaction, around: Surroundings) -> Opinion | None:
    if i.hit.method in ("HEAD", "OPTIONS"):
        return Opinion("machine", ("prefetch/head",))
    for name in _PREFETCH_HEADERS:
        if "prefetch" in i.hit.headers.get(name, "").lower():
            return Opinion("machine", (f"prefetch/{name}",))
    return None
