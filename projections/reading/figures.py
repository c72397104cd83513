"""KPIs of now and of any past, and why they differ between two of them."""

from __future__ import annotations

from dataclasses import replace

from events.cursor import Cursor
from events.log import EventLog
from projections.kpis.definitions import DEFINITION_VERSION, WINDOW_DAYS
from projections.kpis.report import kpi_groups
from projections.past.cut import Moment
from projections.past.kinds import Kind
from projections.reading.changes import changes_of, moments_between
from projections.reading.pasts import Pasts
from projections.reading.remembered import Remembered
from projections.stores.columns import Columns
from projections.waiting import Waiting
from schemas.errors import Fault, InvalidInput
from schemas.instants import to_datetime_if
from schemas.kpis import KpiChanges, KpiChangesQuery, KpiGroup, KpiQuery, KpiReport

_MOST_REMEMBERED = 200


class Figures:
    """Counts KPIs. Any thread may ask."""

    def __init__(self, columns: Columns, log: EventLog, waiting: Waiting, pasts: Pasts) -> None:
        self._columns = columns
        self._log = log
        self._waiting = waiting
        self._pasts = pasts
        self._known: Remembered[KpiReport] = Remembered(_MOST_REMEMBERED)
        self._steps: Remembered[list[KpiGroup]] = Remembered(_MOST_REMEMBERED)

    def kpis(self, workspace: str, query: KpiQuery) -> KpiReport:
        """KPIs as exact counts at this moment, or of a past."""
        # Read first: what a step under way adds meanwhile is then asked for again when it is done.
        live = self._waiting.live()
        question = (workspace, query, live.generation, live.columns_version)
        return self._known.answer(question, lambda: self._count(workspace, query))

    def changes(self, workspace: str, query: KpiChangesQuery) -> KpiChanges:
        """Why the KPIs of the query are others than those that were known before.

        Each state on the way is a past of its own, whose figures are kept: a few are on the shelf
        at once. Raises ``Preparing``.
        """
        known_at = query.known_before if query.known_at is None else query.known_at
        judged_by, judged_before = query.classifier, query.classifier_before
        before = judged_by if judged_before is None else judged_before
        earlier = self._pasts.moment(
            workspace, Cursor.decode(query.known_before), classifier=before
        )
        later = self._pasts.moment(workspace, Cursor.decode(known_at), classifier=judged_by)
        if not later.cursor.reaches(earlier.cursor):
            fault = Fault("/known_before", "Send the cursor of the older of two replies.")
            raise InvalidInput("What was known before is not the earlier of the two.", (fault,))
        asked = KpiQuery.model_validate(query.model_dump(include=set(KpiQuery.model_fields)))

        def count(moment: Moment) -> list[KpiGroup]:
            return self._steps.answer((asked, moment), lambda: self.count_at(moment, asked))

        as_before = replace(later, rules=earlier.rules)
        steps = moments_between(self._log, self._columns, earlier, as_before)
        if as_before != later:
            steps.append((Kind.REJUDGED, later))
        return KpiChanges(
            data=changes_of(count, earlier, steps),
            known_before=earlier.cursor.encode(),
            known_at=later.cursor.encode(),
            definition_version=DEFINITION_VERSION,
            classifier_before=earlier.classifier,
            classifier_version=later.classifier,
        )

    def count_at(self, moment: Moment, query: KpiQuery) -> list[KpiGroup]:
        """The KPIs of any moment. Raises ``Preparing``."""
        with self._pasts.of(moment) as at:
            return kpi_groups(at.columns, moment.workspace, at.generation, query)

    def _count(self, workspace: str, query: KpiQuery) -> KpiReport:
        judged_by = query.classifier
        with self._pasts.at(workspace, "columns", query.known_at, classifier=judged_by) as at:
            return KpiReport(
                data=kpi_groups(at.columns, workspace, at.generation, query),
                window_days=WINDOW_DAYS,
                as_of=to_datetime_if(query.as_of),
                definition_version=DEFINITION_VERSION,
                classifier_version=at.classifier(workspace),
                generation=self._pasts.generation_of(at),
                cursor=at.cursor.encode(),
                known_at=at.cursor.encode(),
            )
