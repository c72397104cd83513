"""What a user agent says of itself, by versioned lists.

Own tables first, since the public list flags the mail proxies through which people read and misses
the scanners of mail gateways.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from crawleruseragents import is_crawler


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


_IMAGE_PROXIES = ("googleimageproxy", "ggpht.com", "yahoomailproxy", "superhuman go web proxy")
_SCANNERS = ("barracudacentral", "barracuda sentinel", "proofpoint", "mimecast", "safelinks")
_TOOLS = (
    "python-requests", "python-urllib", "python-httpx", "aiohttp", "curl/", "wget/",
    "go-http-client", "okhttp", "java/", "apache-httpclient", "libwww-perl", "node-fetch",
    "axios/", "headlesschrome", "phantomjs",
)  # fmt: skip
_NAMED = (
    (Agent.IMAGE_PROXY, _IMAGE_PROXIES),
    (Agent.OFFICE, ("ms-office",)),
    (Agent.SCANNER, _SCANNERS),
    (Agent.TOOL, _TOOLS),
)


@lru_cache(maxsize=65_536)
def agent_of(user_agent: str) -> Agent:
    """The kind of a user-agent string."""
    text = user_agent.strip().lower()
    if not text:
        return Agent.ABSENT
    if text == "mozilla/5.0":
        return Agent.BARE
    for agent, names in _NAMED:
        if any(name in text for name in names):
            return agent
    return Agent.CRAWLER if is_crawler(user_agent) else Agent.BROWSER


def is_person(user_agent: str) -> bool:
    """Whether an agent is one that people look through."""
    return agent_of(user_agent) in (Agent.BROWSER, Agent.OFFICE)
