"""All folds of the row store, in the order in which they depend on each other."""

from __future__ import annotations

from projections.campaigns import Activities, Campaigns
from projections.contacts import Contacts
from projections.entries import Entries
from projections.fold import Fold
from projections.identity import AddressIdentity, VisitorIdentity
from projections.messages import Messages
from projections.reference import ReferenceBook
from projections.responses.fold import Responses
from projections.sales import Leads, Opportunities


def all_folds(book: ReferenceBook, settle: int) -> tuple[Fold, ...]:
    """The folds; ``settle`` is how long a click waits for signs of a machine, in milliseconds."""
    return (
        Campaigns(),
        Activities(),
        Entries(),
        Contacts(),
        AddressIdentity(),
        VisitorIdentity(),
        Messages(),
        Leads(),
        Opportunities(),
        Responses(book, settle),
    )
