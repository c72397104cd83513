"""Members by pages in the gate, until each page is decided on or put on a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

from schemas.documents import AudiencePage, AudiencePart
from services.commands.commander import Commander, Order
from services.commands.distributions import PAGE, page_stream

_PAGES_AT_ONCE = 20


def keep(commander: Commander, order: Order, parts: Sequence[AudiencePart], pin_id: UUID) -> int:
    """Keep members by pages under an id, and answer how many pages that took."""
    pages = list(paged(parts, PAGE))
    rest = iter(enumerate(pages))
    while some := list(islice(rest, _PAGES_AT_ONCE)):
        writes = [
            commander.find(order.workspace, page_stream(pin_id, number), AudiencePage)
            .becoming(page)
            for number, page in some
        ]  # fmt: skip
        commander.append(order, (), tuple(writes))
    return len(pages)


def paged(parts: Sequence[AudiencePart], size: int) -> Iterator[AudiencePage]:
    """The members in their order, so many to a page."""
    page: list[AudiencePart] = []
    room = size
    for part in parts:
        members = part.members
        while members:
            taken, members = members[:room], members[room:]
            page.append(part.model_copy(update={"members": taken}))
            room -= len(taken)
            if not room:
                yield AudiencePage(parts=tuple(page))
                page, room = [], size
    if page:
        yield AudiencePage(parts=tuple(page))
