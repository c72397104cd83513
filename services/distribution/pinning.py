"""Pins an audience: later changes of lists alter nothing."""

from __future__ import annotations

from uuid import UUID

from schemas.audiences import AudienceView, members_digest
from schemas.documents import DistributionDocument
from services.commands.commander import Commander, Order
from services.commands.distributions import audience_id
from services.distribution.pages import keep


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
