"""Keeps the members of an audience by pages, so that later changes of lists alter nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

from schemas.audiences import AudienceView, members_digest
from schemas.documents import AudiencePage, AudiencePart, DistributionDocument
from services.commands.commander import Commander, Order
from services.commands.distributions import PAGE, audience_id, page_stream

_PAGES_AT_ONCE = 20


def pin(
    commander: Commander, order: Order, activity_id: UUID, campaign_id: UUID,
    audience: AudienceView, pin_id: UUID,
) -> DistributionDocument:  # fmt: skip
    """The distribution of an audience whose pages are kept from now on, under an id of their own.

    Nothing follows from them until the activity is distributed; if it is not, they lie there in
    vain. Of two requests at once each has pages of its own.
    """
    pages = keep(commander, order, audience.parts, pin_id)
    members = [member for part in audience.parts for member in part.members]
    return DistributionDocument(
        activity_id=activity_id,
        campaign_id=campaign_id,
        audience_id=audience_id(order.workspace, activity_id),
        pin_id=pin_id,
        lists=audience.lists,
        known_at=audience.known_at,
        digest=members_digest(members),
        members=len(members),
        pages=pages,
        actor=order.actor,
    )


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
