"""Decides on the pages of every distribution that is under way, one page of each in turn.

A page is one transaction: its messages and exclusions, the place of the distribution, and the page
itself, which is needed no longer. So it can be stopped anywhere, and several processes may do it:
of two at one page, one finds that the place has moved.
"""

from __future__ import annotations

import logging

from schemas.audiences import RecipientsQuery
from schemas.documents import (
    ActivityDocument,
    AudiencePage,
    CampaignDocument,
    DistributionDocument,
    Turn,
)
from schemas.errors import NotFound, UnavailableError, VersionConflict
from schemas.instants import DAY, from_datetime
from schemas.lifecycles import ActivityStatus, CampaignStatus
from services.commands import activities, campaigns, distributions
from services.commands.commander import Commander, Found, Order, Step
from services.commands.distributions import Limits
from services.commands.messages import content_of
from services.distribution.knowing import all_accepted
from services.parts import Parts
from services.rounds import Rounds

_LOOK_AGAIN_SECONDS = 5.0
# What was begun here is told at once. This is for what another process has left behind.
_LOOK_ROUND_SECONDS = 60.0
log = logging.getLogger(__name__)

Running = Found[DistributionDocument]


class Distributions:
    """All distributions of an installation; ``start`` has a thread take turn after turn."""

    def __init__(self, parts: Parts, commander: Commander) -> None:
        self._parts = parts
        self._commander = commander
        self._waiting = False
        self._rounds = Rounds("distributions", self.turn, self._pause)
        self.start, self.stop = self._rounds.start, self._rounds.stop
        self.wake = self._rounds.wake

    def turn(self) -> bool:
        """Decide on one page of each distribution; whether any was decided on."""
        moved = False
        self._waiting = True  # until it turns out that nothing does
        waiting = False
        for workspace in self._parts.access.workspaces():
            for found, document in self._under_way(workspace.id):
                if self._rounds.is_stopping:
                    return False
                has_moved = self._one(workspace.id, found, document)
                moved |= has_moved
                waiting |= not has_moved
        self._waiting = waiting
        return moved

    def _pause(self) -> float:
        return _LOOK_AGAIN_SECONDS if self._waiting else _LOOK_ROUND_SECONDS

    def _under_way(self, workspace: str) -> list[tuple[Running, DistributionDocument]]:
        found = self._commander.find_all(workspace, "distribution", DistributionDocument)
        return [
            (one, one.document)
            for one in found
            if one.document is not None and one.document.is_open
        ]

    def _one(self, workspace: str, found: Running, document: DistributionDocument) -> bool:
        try:
            return self._page(workspace, found, document)
        except VersionConflict:
            return True  # somebody else was faster; the next turn sees how far it is
        except UnavailableError as error:
            log.warning("The activity %s waits: %s", document.activity_id, error)
        except Exception:  # one that cannot go on must not hold up the others
            log.exception("The activity %s is stuck.", document.activity_id)
        return False

    def _page(self, workspace: str, found: Running, document: DistributionDocument) -> bool:
        find = self._commander.find
        owner = find(workspace, activities.stream_of(document.activity_id), ActivityDocument)
        over = find(workspace, campaigns.stream_of(document.campaign_id), CampaignDocument)
        activity, campaign = activities.known(owner.document), campaigns.known(over.document)
        if _is_over(activity, campaign):
            document = document.model_copy(update={"state": "canceling"})
        elif document.state == "paused" or campaign.status is not CampaignStatus.LAUNCHED:
            return False  # it goes on when it is resumed, or the campaign is
        # Read before what the page rests on: of two pages at once one is decided on again, since
        # each uses up the caps of the other.
        turn = find(workspace, distributions.TURN, Turn)
        stream = distributions.page_stream(document.pin_id, document.next_page)
        page = find(workspace, stream, AudiencePage)
        if page.document is None:
            raise self._missing(workspace, found, document)
        if document.state == "canceling":
            steps = distributions.canceled_steps(workspace, document, page.document.parts)
            after = distributions.advanced(document, ["canceled"] * len(steps))
        else:
            steps, after = self._decided(workspace, document, activity, page.document)
        moving = (found.becoming(after), page.becoming(None), turn.becoming(Turn()))
        # What was decided on must stand until it is stored: who suspends a campaign stops it there.
        self._commander.append(
            Order(workspace=workspace, actor=document.actor),
            tuple(steps),
            (*moving, owner.unchanged, over.unchanged),
        )
        return True

    def _missing(
        self, workspace: str, found: Running, document: DistributionDocument
    ) -> NotFound | VersionConflict:
        """Why a page is not there: another process has decided on it, or it was lost."""
        now = self._commander.find(workspace, found.stream, DistributionDocument)
        if now.version != found.version:
            return VersionConflict(str(found.stream), found.version, now.version)
        return NotFound(f"The page {document.next_page} of the audience is not there.")

    def _decided(
        self, workspace: str, document: DistributionDocument, activity: ActivityDocument,
        page: AudiencePage,
    ) -> tuple[list[Step], DistributionDocument]:  # fmt: skip
        limits = limits_of(activity)
        query = self._query(document, activity, limits, page)
        views = self._parts.reads.recipients(
            workspace, query, all_accepted(self._parts.gate, self._parts.log)
        )
        decided = distributions.decide(document.activity_id, limits, views)
        content = content_of(activity)
        steps = distributions.steps_of(workspace, document, content, limits, decided)
        return steps, distributions.advanced(document, [one.reason for one in decided])

    def _query(
        self, document: DistributionDocument, activity: ActivityDocument, limits: Limits,
        page: AudiencePage,
    ) -> RecipientsQuery:  # fmt: skip
        now = self._parts.clock()
        begun = activity.distributed_at
        return RecipientsQuery(
            activity_id=document.activity_id,
            channel=activity.channel,
            parts=page.parts,
            pinned_at=from_datetime(begun) if begun else now,
            at=now,
            contacted_since=now - limits.anti_spam_days * DAY,
        )


def limits_of(activity: ActivityDocument) -> Limits:
    """What an activity asks beyond the consent ledger."""
    fields = activity.fields
    return Limits(
        exclude_opted_out=fields.exclude_opted_out is not False,
        skip_inactive=fields.skip_inactive is not False,
        anti_spam_days=fields.anti_spam_days or 0,
        holdout_percent=activity.holdout_percent,
    )


def _is_over(activity: ActivityDocument, campaign: CampaignDocument) -> bool:
    ended = (CampaignStatus.COMPLETED, CampaignStatus.CANCELED, CampaignStatus.INACTIVE)
    return campaign.status in ended or activity.status in (
        ActivityStatus.CANCELED, ActivityStatus.CLOSED,
    )  # fmt: skip
