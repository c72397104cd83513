"""Which status may follow which: refused by the gate, ignored by the folds where not allowed."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class CampaignStatus(IntEnum):
    """The status of a campaign, with Dynamics' integers."""

    PROPOSED = 0
    READY_TO_LAUNCH = 1
    LAUNCHED = 2
    COMPLETED = 3
    CANCELED = 4
    SUSPENDED = 5
    INACTIVE = 6


_C = CampaignStatus
CAMPAIGN_MOVES: dict[str, dict[CampaignStatus, CampaignStatus]] = {
    "campaign.approved": {_C.PROPOSED: _C.READY_TO_LAUNCH},
    "campaign.launched": {_C.READY_TO_LAUNCH: _C.LAUNCHED},
    "campaign.suspended": {_C.LAUNCHED: _C.SUSPENDED},
    "campaign.resumed": {_C.SUSPENDED: _C.LAUNCHED},
    "campaign.completed": {_C.LAUNCHED: _C.COMPLETED},
    "campaign.canceled": dict.fromkeys(
        (_C.PROPOSED, _C.READY_TO_LAUNCH, _C.LAUNCHED, _C.SUSPENDED), _C.CANCELED
    ),
    "campaign.deactivated": {s: _C.INACTIVE for s in _C if s is not _C.INACTIVE},
}
"""Event type -> {from: to}. ``campaign.reactivated`` leads from INACTIVE to the status before."""


class ActivityStatus(IntEnum):
    """The status of an activity, with Dynamics' integers."""

    IN_PROGRESS = 0
    PROPOSED = 1
    CLOSED = 2
    CANCELED = 3
    PENDING = 4
    SYSTEM_ABORTED = 5
    COMPLETED = 6


class ResponseStatus(StrEnum):
    """The status of a campaign response."""

    NEW = "new"
    REVIEWED = "reviewed"
    CONVERTED = "converted"
    CLOSED = "closed"
    CANCELED = "canceled"


_R = ResponseStatus
_OPEN = (_R.NEW, _R.REVIEWED)
RESPONSE_MOVES: dict[str, dict[ResponseStatus, ResponseStatus]] = {
    "response.reviewed": {_R.NEW: _R.REVIEWED},
    "response.closed": {_R.NEW: _R.CLOSED, _R.REVIEWED: _R.CLOSED, _R.CONVERTED: _R.CLOSED},
    "response.canceled": dict.fromkeys(_OPEN, _R.CANCELED),
    "response.reopened": {_R.CLOSED: _R.REVIEWED, _R.CANCELED: _R.REVIEWED},
    # Converting a new response records the review first, so only a reviewed one is converted; a
    # second target on a converted one is a second conversion.
    "response.converted": {_R.REVIEWED: _R.CONVERTED, _R.CONVERTED: _R.CONVERTED},
    "conversion.reversed": {_R.CONVERTED: _R.REVIEWED, _R.CLOSED: _R.CLOSED},
}
RESPONSE_EDITS = frozenset(
    ("response.classified", "response.assigned", "response.routed", "followup.recorded")
)
"""Steps that change no status; closed and canceled responses refuse them."""
RESPONSE_CORRECTIONS = frozenset(("response.corrected",))
"""Steps that are allowed in every status."""


def response_move(status: ResponseStatus, event_type: str) -> ResponseStatus | None:
    """The status after a step; ``None`` where the step is not allowed."""
    if event_type in RESPONSE_CORRECTIONS:
        return status
    if event_type in RESPONSE_EDITS:
        return None if status in (_R.CLOSED, _R.CANCELED) else status
    return RESPONSE_MOVES.get(event_type, {}).get(status)
