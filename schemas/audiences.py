"""Who an activity is for: the members of lists at one moment, and what is known of each by then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

from schemas.decisions.activity import DistributedList
from schemas.documents import AudiencePart
from schemas.fields import Timestamp
from schemas.views import View

PURPOSE = "marketing"
"""What campaigns write for, in the words of the consent ledger."""
ADDRESSES = {
    "email": ("email",),
    "sms": ("mobile", "telephone"),
    "phone": ("telephone", "mobile"),
    "fax": ("fax",),
}
"""By channel that messages can be addressed in, the fields whose first value is the address."""
_WIDTH = 32
_MODULUS = 1 << (8 * _WIDTH)


class AudienceView(View):
    """The members of some lists as known at one cursor; each stands with the first it is on."""

    known_at: str
    lists: tuple[DistributedList, ...]
    parts: tuple[AudiencePart, ...]


class RecipientsQuery(View):
    """Of whom, for which activity and channel, and how far to look back for other messages.

    Instants of data time; ``contacted_since`` is ``at`` where nobody is asked.
    """

    activity_id: UUID
    channel: str
    parts: tuple[AudiencePart, ...]
    pinned_at: int
    at: int
    contacted_since: int


class RecipientView(View):
    """What decides whether a member is written to, as known at one moment.

    ``recipient`` is whom the message goes to: for a company its primary contact, for a lead its
    contact. ``address`` is opened; it is null where its key is destroyed. ``written_to`` is the
    message of this activity that went to the same person or address before.
    """

    member: UUID
    kind: str
    list_id: UUID
    recipient: UUID
    is_inactive: bool
    address_hash: str
    address: str | None
    is_bounced: bool
    has_complained: bool
    has_withdrawn: bool
    has_withdrawn_any: bool
    written_to: UUID | None
    contacts: int
    cluster: str
    clause: str
    ledger_position: str
    identity_position: str


class OutgoingView(View):
    """A message that is to be handed over; without an address there is nowhere to send it."""

    message_id: UUID
    recipient: UUID
    address: str | None
    content_version_id: UUID
    prepared_at: Timestamp


class OutgoingRows(View):
    """Messages in the order they were stored, and the cursor to ask for those behind them."""

    data: list[OutgoingView]
    position: str


class UnsentView(View):
    """A prepared message of which nobody has told that it went out."""

    message_id: UUID
    activity_id: UUID
    recipient: UUID


def members_digest(members: Iterable[UUID]) -> str:
    """A digest of a set of members that does not depend on their order: 64 hex digits.

    The sum of the members' SHA-256, so that parts of a set can be summed up by themselves.
    """
    total = sum(int.from_bytes(hashlib.sha256(m.bytes).digest(), "big") for m in members)
    return f"{total % _MODULUS:064x}"
