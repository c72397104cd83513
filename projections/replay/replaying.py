"""Replays over the stores of this process, beside its runner."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from events.codec import decode
from events.snapshots import Going
from events.sql.outbox import put
from events.sql.tables import reading
from projections.columns.journal import stored_record
from projections.folds.reference import ReferenceBook
from projections.generations import Versions
from projections.judgements.classifiers import (
    is_data,
    judging_by,
    published_classifiers,
)
from projections.maintenance import Comparison
from projections.progress import cursor_of
from projections.read_models import ReadModels, Sinks
from projections.rebuild import compared, differences, drop_generation, workspaces_of
from projections.replay.choosing import Chosen, chosen, mark_of, portion_of, shares_of
from projections.replay.conclusions import other_conclusions
from projections.replay.generation import Generation, Stage, State
from projections.replay.growing import PAGE, Growing
from projections.replay.history import history_of
from projections.replay.ledger import Ledger
from projections.replay.makers import because, changed, rules_of, unexplained
from projections.replay.planning import estimate
from projections.replay.replays import (
    Caused,
    Choice,
    Plan,
    Portion,
    Progress,
    Promotion,
    Replays,
    Step,
)
from projections.replay.telling import Telling
from projections.rows_sink import NAME as ROWS
from projections.runner import Runner
from schemas.clock import Clock
from schemas.errors import Abandoned, Busy, MoveRefused, UnavailableError, Unexplained

_IDLE_SECONDS = 0.2
_BEHIND = PAGE
"""How many records the live generation may be behind before others hold back for it."""
_HELD_BACK_SECONDS = 1.0
PORTION = 1000
"""Of so many events a partial replay derives all at once; meanwhile the live sinks stand still."""
READERS_MS = 60_000
"""How long a reader may still be at a generation that was live: until then it is not dropped."""

logger = logging.getLogger("answerback.replay")


class Replaying(Replays):
    """Grows generations in a thread of its own. Any thread may call."""

    def __init__(
        self,
        models: ReadModels,
        runner: Runner,
        clock: Clock,
        kept_ms: int,
    ) -> None:
        """A generation that was live is dropped after ``kept_ms``."""
        self._models = models
        self._runner = runner
        self._clock = clock
        self._kept_ms = kept_ms
        self._folds = models.folds(ReferenceBook())
        self._ledger = Ledger(models.rows)
        self._telling = Telling(models, self._ledger)
        self._ledger.enter_live(rules_of(self._folds), clock())
        self._growing = {one.number: Growing(models, self._ledger, one) for one in self._going_on()}
        self._at_work = threading.Lock()
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="replay", daemon=True)
        self._appoint()

    def _going_on(self) -> Iterator[Generation]:
        """What grows from here on. What another program began to build is not ended by this one."""
        for one in self._ledger.all():
            lacking = self._lacking(one)
            if lacking and one.state in {State.BUILDING, State.READY}:
                trouble = f"It was begun with other versions of {', '.join(lacking)}. Cancel it."
                self._ledger.note(one.number, state=State.FAILED, trouble=trouble)
            elif one.grows:
                yield one

    def _lacking(self, one: Generation) -> list[str]:
        """The projections of which this program does not have the version that made it."""
        mine = rules_of(self._models.folds_of(ReferenceBook(), one.versions))
        # Classifiers are no part of a program: the log has every version.
        return sorted(name for name in changed(one.versions, mine) if not is_data(name))

    def _newest(self) -> Versions:
        """The versions of this program, and the classifiers that are published."""
        workspaces = workspaces_of(self._models.columns)
        published = published_classifiers(self._models.log, workspaces)
        return judging_by(rules_of(self._folds), published)

    # In the background

    def start(self) -> None:
        """Grow from now on; again changes nothing."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """End after the turn under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def beside(self) -> list[Sinks]:
        """The sinks of all generations that grow beside the live one."""
        return [one.sinks for one in self._growing.values()]

    def turn(self) -> bool:
        """One turn of each generation that grows; answers whether anything moved."""
        with self._at_work:
            self._retire_old()
            moved = [self._turn(one) for one in list(self._growing.values())]
            return any(moved)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = _HELD_BACK_SECONDS if self._is_behind() else 0.0
                moved = not self._asked.is_set() and self.turn()
            except UnavailableError as error:
                logger.warning("Replays wait: %s", error)
                pause, moved = _HELD_BACK_SECONDS, False
            self._stopping.wait(pause if moved else max(pause, _IDLE_SECONDS))

    def _turn(self, one: Growing) -> bool:
        try:
            if one.stage is Stage.TELLING:
                self._tell(one)
                return True
            with self._runner.turn_beside():
                return one.turn(self._live, self._going)
        except Abandoned:
            return True  # somebody needs the stores to stand still; the stage begins again
        except UnavailableError as error:
            logger.warning("Generation %d waits: %s", one.number, error)
            return False
        except Exception as error:
            # The live generation is not touched by what is wrong with the rules of another.
            logger.exception("Generation %d has failed.", one.number)
            self._leave(self._ledger.one(one.number), State.FAILED, f"{error}"[:2000])
            return False

    def _tell(self, one: Growing) -> None:
        """Tell the verdicts that are its alone, after which it follows."""
        made = self._ledger.one(one.number)
        offices = self._telling.offices_of(made)
        if None in offices.values():
            with self._runner.held():
                self._runner.settle(self._still_wanted)
        with self._runner.turn_beside():
            self._telling.tell(made, offices, self._going)
            one.follow()
            self._appoint()

    def _leave(self, one: Generation, state: State, trouble: str = "") -> None:
        """Have a generation grow no more; whoever goes by the same classifier tells from now on."""
        self._telling.hand_over(one, self._still_wanted)
        self._growing.pop(one.number, None)
        self._ledger.note(one.number, state=state, trouble=trouble)
        self._appoint()

    def _appoint(self) -> None:
        self._telling.appoint([self._runner.sinks, *self.beside()])

    @property
    def _live(self) -> int:
        return self._runner.sinks.generation

    def _going(self) -> None:
        if self._runner.is_held or self._asked.is_set() or self._stopping.is_set():
            raise Abandoned("The replay makes room.")

    def _is_behind(self) -> bool:
        heads = self._models.log.heads().total
        return heads - self._runner.sinks.rows.cursor().total > _BEHIND

    def _retire_old(self) -> None:
        for one in self._ledger.all():
            if one.state is State.KEPT and one.switched_at + self._kept_ms <= self._clock():
                self._drop(one)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Inside, nothing grows: a turn under way is ended first."""
        self._asked.set()
        try:
            with self._at_work:
                yield
        finally:
            self._asked.clear()

    # Looking

    def plan(self) -> Plan:
        ledger = self._ledger.all()
        live = self._ledger.one(self._live)
        differing = sorted(changed(live.versions, self._newest()))
        return estimate(self._models, live.number, ledger, differing)

    def chosen(self, choice: Choice) -> Plan:
        live = self._ledger.one(self._live)
        shares = shares_of(self._models.columns, self._choose(choice))
        rates = [one.rate for one in self._ledger.all() if one.rate is not None]
        events = sum(share.events for share in shares)
        seconds = events / rates[-1] if rates else None
        return Plan(events, shares, seconds, 0, sorted(changed(live.versions, self._newest())))

    def partial(self, choice: Choice, after: str) -> Portion:
        with self._alone(), self._runner.held():
            going: Going = self._still_wanted
            # What is chosen must be known to the folds, and their copies to the columns.
            self._runner.settle(going)
            one = self._choose(choice)
            rows = portion_of(self._models.columns, one, after, PORTION)
            events = [decode(stored_record(row)) for row in rows]
            changed_rows = self._runner.sinks.rows.again(events)
            self._runner.settle(going)
            verdicts = self._runner.sinks.columns.again(rows)
        return Portion(
            len(rows),
            {**changed_rows, **({"judgement": verdicts} if verdicts else {})},
            mark_of(rows[-1]) if len(rows) == PORTION else "",
        )

    def _choose(self, choice: Choice) -> Chosen:
        return chosen(self._models.columns, self._live, choice)

    def replays(self) -> list[Progress]:
        return [self._progress(one) for one in self._ledger.all()]

    def _progress(self, one: Generation) -> Progress:
        live = self._live
        with reading(self._models.rows).begin() as connection:
            done = cursor_of(connection, ROWS, one.number).total
            total = cursor_of(connection, ROWS, live).total
        waits = one.state is State.BUILDING and self._is_behind()
        return Progress(one, done, total, waits, self._lacking(one))

    def compare(self, number: int) -> list[Comparison]:
        with self._alone(), self._runner.held():
            self._bring_level(number)
            return compared(self._models, self._live, number)

    def diff(self, number: int) -> list[Caused]:
        with self._alone(), self._runner.held():
            self._bring_level(number)
            live = self._ledger.one(self._live)
            other = changed(live.versions, self._ledger.one(number).versions)
            return [
                Caused(one, because(one.table, other, self._folds))
                for one in differences(self._models, live.number, number)
            ]

    def history(self, number: int, table: str, workspace: str, row: str) -> list[Step]:
        self._ledger.one(number)
        return history_of(self._models, number, table, workspace, row)

    # Steps of a generation

    def begin(self) -> Progress:
        with self._alone():
            for one in self._ledger.all():
                if one.state in {State.BUILDING, State.PAUSED, State.READY, State.FAILED}:
                    raise Busy(
                        f"Generation {one.number} is {one.state.value}. Promote or cancel it first."
                    )
            made = self._ledger.begin(self._newest(), self._clock())
            drop_generation(self._models, made.number)
            self._growing[made.number] = Growing(self._models, self._ledger, made)
            return self._progress(made)

    def pause(self, number: int) -> Progress:
        with self._alone():
            self._leave(self._expect(number, State.BUILDING), State.PAUSED)
            return self._progress(self._ledger.one(number))

    def resume(self, number: int) -> Progress:
        with self._alone():
            one = self._expect(number, State.PAUSED, State.FAILED)
            if lacking := self._lacking(one):
                raise MoveRefused(
                    f"Generation {number} was begun with other versions of {', '.join(lacking)}. "
                    "Cancel it, and begin another."
                )
            # Others may have told its verdicts meanwhile.
            stage = Stage.TELLING if one.stage is Stage.FOLLOWING else one.stage
            self._ledger.note(number, state=State.BUILDING, stage=stage, trouble="")
            made = self._ledger.one(number)
            self._growing[number] = Growing(self._models, self._ledger, made)
            return self._progress(made)

    def cancel(self, number: int) -> Progress:
        with self._alone():
            one = self._expect(number, State.BUILDING, State.PAUSED, State.READY, State.FAILED)
            return self._drop(one)

    def retire(self, number: int) -> Progress:
        with self._alone():
            one = self._expect(number, State.KEPT)
            if one.switched_at + READERS_MS > self._clock():
                raise MoveRefused(
                    f"Generation {number} was live a moment ago and may still be read. Send the "
                    "same in a minute."
                )
            return self._drop(one)

    def promote(self, number: int, anyway: bool) -> Promotion:
        with self._alone(), self._runner.held():
            new = self._expect(number, State.READY, State.KEPT)
            self._bring_level(number)
            live = self._ledger.one(self._live)
            different = [c for c in compared(self._models, live.number, number) if not c.equal]
            strange = unexplained(different, self._folds, live.versions, new.versions)
            if strange and not anyway:
                names = ", ".join(one.table for one in strange)
                raise Unexplained(
                    f"Generation {number} has other rows in {names}, and no projection they follow "
                    "from has another version. Look at their difference, then promote it anyway."
                )
            return self._switch(live, new, different)

    def rollback(self) -> Promotion:
        with self._alone(), self._runner.held():
            kept = [one for one in self._ledger.all() if one.state is State.KEPT]
            if not kept:
                raise MoveRefused("No generation that was live before is kept.")
            before = max(kept, key=lambda one: one.switched_at)
            self._bring_level(before.number)
            return self._switch(self._ledger.one(self._live), before, [])

    # Inside

    def _expect(self, number: int, *states: State) -> Generation:
        one = self._ledger.one(number)
        if one.state not in states:
            words = " or ".join(state.value for state in states)
            raise MoveRefused(f"Generation {number} is {one.state.value}; this wants one {words}.")
        return one

    def _drop(self, one: Generation) -> Progress:
        # Whatever ends the process meanwhile, what is left of its tables counts for nothing.
        self._leave(one, State.FAILED, "It was to be dropped. Cancel it.")
        drop_generation(self._models, one.number)
        self._ledger.note(one.number, state=State.GONE, trouble="")
        return self._progress(self._ledger.one(one.number))

    def _bring_level(self, number: int) -> None:
        """While held: bring the live generation to the log's end, and another to the same place."""
        going: Going = self._still_wanted
        one = self._growing.get(number)
        if one is None or self._ledger.one(number).stage is not Stage.FOLLOWING:
            raise MoveRefused(f"Generation {number} does not follow yet. Wait until it is ready.")
        moved = True
        while moved:  # what it tells, the live generation takes before it does
            self._runner.settle(going)
            moved = False
            while one.turn(self._live, going):
                moved = True
                going()

    def _still_wanted(self) -> None:
        if self._stopping.is_set():
            raise Abandoned("The server is stopping.")

    def _switch(self, live: Generation, new: Generation, different: list[Comparison]) -> Promotion:
        """While held and level: from the end of one transaction on, readers see the new one."""
        before, after = self._runner.sinks, self._growing[new.number].sinks
        after.rows.learn()
        drafts = self._telling.news_of(new)
        now = self._clock()
        with self._models.rows.begin() as connection:
            drafts += other_conclusions(connection, after, live.number, now)
            put(connection, self._models.composer.records(drafts))
            self._ledger.switch(connection, live.number, new.number, now)
        after.publish(True)
        self._runner.use(after)
        del self._growing[new.number]
        kept = self._ledger.one(live.number)
        self._growing[live.number] = Growing(self._models, self._ledger, kept, before)
        self._appoint()
        return Promotion(self._ledger.one(new.number), different, len(drafts))
