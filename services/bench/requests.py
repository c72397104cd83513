"""Requests as they go over the wire, made beforehand so that the load need only send them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from uuid import UUID

import orjson

from services.bench.happenings import SOME_CAMPAIGN, Campaign, Happenings
from services.bench.installation import Installation
from services.bench.plan import Plan
from services.bench.stock import TEMPLATES
from services.collector.events_door import MANY
from services.collector.tokens import Purpose, Token, sign
from services.demo.agents import BROWSERS, GMAIL_PROXY, MAIL_SCANNER, OUTLOOK

_TOKENS = 20_000
_LIFE = 86_400


def pixel_requests(installed: Installation, plan: Plan) -> Iterator[bytes]:
    """For the pictures of different messages, from people's programs and from machines.

    To be made while no server runs: the tokens need the vault.
    """
    dice = random.Random(plan.mix.seed)  # noqa: S311 - must repeat itself, and is no secret
    expiry = plan.clock() // 1000 + _LIFE
    with installed.vault() as vault:
        keys = vault.token_keys(installed.workspace.id)
    for _ in range(_TOKENS):
        recipient, message = (UUID(int=dice.getrandbits(128), version=4) for _ in "rm")
        token = Token(installed.workspace.number, recipient, message, expiry)
        machine = dice.random() < plan.mix.machine_share
        agent = MAIL_SCANNER if machine else dice.choice((*BROWSERS, OUTLOOK, GMAIL_PROXY))
        yield (
            f"GET /o/{sign(Purpose.OPEN, token, keys)}.gif HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{installed.port}\r\nUser-Agent: {agent}\r\n"
            "Accept: image/avif,image/webp,image/*,*/*;q=0.8\r\n"
            "Accept-Language: en-GB,en;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
        ).encode()


def batch_requests(
    installed: Installation, plan: Plan, campaign: Campaign = SOME_CAMPAIGN
) -> Iterator[bytes]:
    """Templates of a batch each; their length does not change when they are stamped."""
    happenings = Happenings(plan.mix, plan.clock(), campaign)
    for _ in range(TEMPLATES):
        body = orjson.dumps(happenings.batch())
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{installed.port}\r\n"
            f"Authorization: Bearer {installed.key}\r\nContent-Type: {MANY}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
