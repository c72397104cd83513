"""All folds of the row store, in the order in which they depend on each other."""

from __future__ import annotations

from projections.folds.campaigns import Activities, Campaigns
from projections.folds.contacts import Contacts
from projections.folds.entries import Entries
from projections.folds.fold import Fold
from projections.folds.identity import AddressIdentity, RecordIdentity, VisitorIdentity
from projections.folds.members.fold import Members
from projections.folds.members.static import StaticMembers
from projections.folds.messages import Messages
from projections.folds.reference import ReferenceBook
from projections.folds.responses.fold import Responses
from projections.folds.sales import Leads, Opportunities
from projections.folds.submissions import Submissions
from projections.folds.written_to import WrittenTo


def older_folds(book: ReferenceBook, settle: int) -> tuple[Fold, ...]:
    """Folds of versions before, for as long as a generation that they made is live or kept.

    Whoever changes a fold gives it another version, and puts the one before here: so nothing
    changes in what readers see until a generation that is made by the new one is promoted.
    """
    del book, settle
    return ()


def all_folds(book: ReferenceBook, settle: int) -> tuple[Fold, ...]:
    """The folds; ``settle`` is how long a click waits for signs of a machine, in milliseconds."""
    return (
        Campaigns(),
        Activities(),
        Entries(),
        Contacts(),
        RecordIdentity(),
        AddressIdentity(),
        VisitorIdentity(),
        Submissions(),
        Messages(),
        WrittenTo(),
        Leads(),
        Opportunities(),
        Responses(book, settle),
        StaticMembers(),
        Members(book),
    )
