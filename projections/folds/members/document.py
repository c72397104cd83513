"""The row of one member of one list."""

from __future__ import annotations

from uuid import UUID

from projections.folds.fold import Row
from schemas.fields import Model

TABLE = "member"


class Interval(Model):
    """A span of membership, with the event and the clause that began it, and those that ended it.

    Instants of data time; without ``until`` it goes on.
    """

    since: int
    cause: str
    clause: str
    until: int | None = None
    until_cause: str = ""
    until_clause: str = ""


class MemberDoc(Model):
    """One record's membership of one list; ``version`` is the rule's, 0 for a static list."""

    list_id: UUID
    member: UUID
    kind: str
    version: int
    intervals: tuple[Interval, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is a member by now."""
        return bool(self.intervals) and self.intervals[-1].until is None

    def is_member(self, as_of: int | None) -> bool:
        """Whether it was a member at an instant; ``None`` is now."""
        if as_of is None:
            return self.is_open
        return any(
            one.since <= as_of and (one.until is None or as_of < one.until)
            for one in self.intervals
        )


def member_row(doc: MemberDoc) -> Row:
    """The row, found by its list."""
    filters = {"list_id": str(doc.list_id), "is_open": int(doc.is_open)}
    return Row(TABLE, f"{doc.list_id}:{doc.member}", doc, filters)
