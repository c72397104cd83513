"""What a user agent says of itself, by the lists of a classifier.

Own lists first, since the public list flags the mail proxies through which people read and misses
the scanners of mail gateways.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from crawleruseragents import is_crawler

from schemas.classifier import Classifier


class Agent(Enum):
    """The kind of program behind a request."""

    ABSENT = "absent"
    IMAGE_PROXY = "image_proxy"
    OFFICE = "office"
    BARE = "bare"
    SCANNER = "scanner"
    TOOL = "tool"
    CRAWLER = "crawler"
    BROWSER = "browser"


class Agents:
    """Knows agents by the lists of one classifier."""

    def __init__(self, classifier: Classifier) -> None:
        self._public = classifier.public_crawlers
        self._lists = (
            (Agent.IMAGE_PROXY, classifier.image_proxies),
            (Agent.OFFICE, classifier.mail_programs),
            (Agent.SCANNER, classifier.scanners),
            (Agent.TOOL, classifier.tools),
            (Agent.CRAWLER, classifier.crawlers),
        )
        self.kind_of = lru_cache(maxsize=65_536)(self._kind_of)
        """The kind of a user-agent string."""

    def is_person(self, user_agent: str) -> bool:
        """Whether an agent is one that people look through."""
        return self.kind_of(user_agent) in (Agent.BROWSER, Agent.OFFICE)

    def _kind_of(self, user_agent: str) -> Agent:
        text = user_agent.strip().lower()
        if not text:
            return Agent.ABSENT
        if text == "mozilla/5.0":
            return Agent.BARE
        for agent, parts in self._lists:
            if any(part in text for part in parts):
                return agent
        return Agent.CRAWLER if self._public and is_crawler(user_agent) else Agent.BROWSER
