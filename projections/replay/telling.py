"""Which generation tells which verdicts.

Verdicts count by the version of their classifier, so each version is told by itself, in the log,
also while the live generation judges by another: only so can a generation fold what it will say
when it is live. Of each version in a workspace one generation tells, so that no verdict is told
twice: the live one first, then the one that was live last, then the one that is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from events.compose import Draft
from events.snapshots import Going
from events.sql.outbox import put
from projections.judgements.classifiers import classifier_version
from projections.read_models import ReadModels, Sinks
from projections.rebuild import workspaces_of
from projections.replay.generation import Generation, Stage, State
from projections.replay.ledger import Ledger
from projections.replay.untold import untold

Offices = Mapping[str, int | None]
"""By workspace, the generation that tells there."""


class Telling:
    """Appoints who tells, and has it told what nobody has."""

    def __init__(self, models: ReadModels, ledger: Ledger) -> None:
        self._models = models
        self._ledger = ledger

    def appoint(self, sinks: Iterable[Sinks]) -> None:
        """Have each verdict told by one generation from now on."""
        order = self._order()
        for one in sinks:
            one.columns.tells = partial(_tells, order, one.generation)

    def offices_of(self, one: Generation) -> Offices:
        """The workspaces in which a generation will tell when it follows, with who does now."""
        everyone = self._ledger.all()
        order = order_of(everyone)
        follows = replace(one, stage=Stage.FOLLOWING)
        then = order_of([follows if other.number == one.number else other for other in everyone])
        return {
            name: teller_of(order, one, name)
            for name in self._workspaces()
            if teller_of(then, one, name) == one.number
        }

    def tell(self, one: Generation, offices: Offices, going: Going) -> None:
        """Tell there what nobody has told. Where nobody tells now, all that was sent of its version
        must have been journaled.
        """
        for workspace, teller in offices.items():
            self._put(one, workspace, teller, going)

    def hand_over(self, gone: Generation, going: Going) -> None:
        """Have others go on where a generation that goes has told verdicts."""
        order = self._order()
        rest = [one for one in order if one.number != gone.number]
        for workspace in self._workspaces():
            heir = teller_of(rest, gone, workspace)
            if heir is not None and teller_of(order, gone, workspace) == gone.number:
                self._put(self._ledger.one(heir), workspace, gone.number, going)

    def news_of(self, new: Generation) -> list[Draft]:
        """The verdicts of the next live generation that another one has told otherwise."""
        order = self._order()
        return [
            draft
            for workspace in self._workspaces()
            for teller in (teller_of(order, new, workspace),)
            if teller != new.number
            for drafts in untold(self._models, new, workspace, teller)
            for draft in drafts
        ]

    def _put(self, one: Generation, workspace: str, teller: int | None, going: Going) -> None:
        for drafts in untold(self._models, one, workspace, teller):
            going()
            with self._models.rows.begin() as connection:
                put(connection, self._models.composer.records(drafts))

    def _order(self) -> list[Generation]:
        return order_of(self._ledger.all())

    def _workspaces(self) -> list[str]:
        return workspaces_of(self._models.columns)


def order_of(generations: Iterable[Generation]) -> list[Generation]:
    """Those that may tell, first those that do: all that follow, and are not paused."""
    follow = (g for g in generations if g.stage is Stage.FOLLOWING)
    may = [g for g in follow if g.state is State.LIVE or g.grows]
    ranks = {State.LIVE: 2, State.KEPT: 1}
    return sorted(may, key=lambda g: (ranks.get(g.state, 0), g.switched_at, g.number), reverse=True)


def teller_of(order: Sequence[Generation], like: Generation, workspace: str) -> int | None:
    """The generation that tells, in a workspace, the verdicts by which another one goes too."""
    version = classifier_version(like.versions, workspace)
    of_version = (
        one.number for one in order if classifier_version(one.versions, workspace) == version
    )
    return next(of_version, None)


def _tells(order: Sequence[Generation], number: int, workspace: str) -> bool:
    """Whether a generation tells its verdicts in a workspace."""
    mine = next((one for one in order if one.number == number), None)
    return mine is not None and teller_of(order, mine, workspace) == number
