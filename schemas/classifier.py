"""The classifier: by which thresholds and lists a hit is judged to be a machine's (R13).

Version 1 is in force in every workspace from the beginning. A workspace changes it by publishing a
new version of the definition with the same id. A version judges all of history or nothing: it
counts in the generations that a replay has built by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.fields import Model
from schemas.ids import named_id

HOUR = 3_600_000
Span = Annotated[int, Field(ge=0, le=HOUR)]
"""In milliseconds."""
Part = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=3, max_length=100)
]
"""Part of a user agent, in lower case."""
Parts = Annotated[tuple[Part, ...], Field(max_length=500)]


class Classifier(Model):
    """What tells machines from people. Of an agent, the first list that has a part of it decides.

    A burst is clicks on ``burst_links`` distinct links of a message within ``burst_span``. A click
    by ``after_delivery`` after its message arrived is a machine's, and by ``fast_click`` a weak
    sign of one. A person who shows within ``evidence_span`` clears a hit of weak signs.
    ``image_proxies`` and ``mail_programs`` are people's, ``scanners``, ``tools`` and ``crawlers``
    are not; ``public_crawlers`` asks the public list of crawlers too.
    """

    burst_links: Annotated[int, Field(ge=2, le=100)] = 5
    burst_span: Span = 10_000
    after_delivery: Span = 2_000
    fast_click: Span = 30_000
    evidence_span: Span = HOUR // 2
    image_proxies: Parts = (
        "googleimageproxy", "ggpht.com", "yahoomailproxy", "superhuman go web proxy",
    )  # fmt: skip
    mail_programs: Parts = ("ms-office",)
    scanners: Parts = (
        "barracudacentral", "barracuda sentinel", "proofpoint", "mimecast", "safelinks",
    )  # fmt: skip
    tools: Parts = (
        "python-requests", "python-urllib", "python-httpx", "aiohttp", "curl/", "wget/",
        "go-http-client", "okhttp", "java/", "apache-httpclient", "libwww-perl", "node-fetch",
        "axios/", "headlesschrome", "phantomjs",
    )  # fmt: skip
    crawlers: Parts = ()
    public_crawlers: bool = True


class VersionedClassifier(Model):
    """A version of a workspace's classifier."""

    version: int
    classifier: Classifier


CLASSIFIER_ID = named_id("classifier")
"""The id of its definition, of which a workspace has one."""
BUILT_IN = VersionedClassifier(version=1, classifier=Classifier())


def unknown_names(classifier: Classifier) -> Sequence[str]:
    """What was said that no classifier has: a word that is misspelled would change nothing."""
    return sorted(classifier.model_extra or ())
