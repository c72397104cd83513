"""The demo's script, step by step. Steps that an earlier run has done are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO
from uuid import UUID

from schemas.clock import Clock
from schemas.instants import EFFECTIVE_DELAY
from schemas.kpis import KpiValue
from services.demo.bank_import import import_bank, set_up_bank
from services.demo.notebook import Notebook
from services.demo.offer_play import Play
from services.demo.offer_review import count_responses, review_offer
from services.demo.offer_setup import set_up_offer
from services.demo.people import all_people
from services.demo.steps import API
from services.demo.table import Block, table_text
from services.importing.client import Client

MARGIN = 500  # milliseconds past the moment from which the registered things hold
CATCH_UP_PAUSES = 240  # of a quarter of a second: what the read side may need after the import
PAUSE = 0.25


class Script:
    """Plays the campaigns through the server's doors, and reads off what came of them."""

    def __init__(self, client: Client, notebook: Notebook, out: TextIO, clock: Clock) -> None:
        self._client = client
        self._notebook = notebook
        self._out = out
        self._clock = clock

    def play(self) -> None:
        """Everything that is not done yet. The live campaign comes first: while the bank's is
        imported, its clicks get the quiet seconds after which they count as responses."""
        if self._step("offer set up", "Setting up the live campaign."):
            set_up_offer(self._client, self._notebook)
        if self._step("bank set up", "Setting up the bank's campaign."):
            set_up_bank(self._client, self._notebook)
            self._notebook.notes.prepared_at = self._clock()
            self._notebook.save()
        if self._step("offer played", "Playing the live campaign."):
            self._until_effective()
            Play(self._client, self._notebook).run()
        if self._step("bank imported"):
            import_bank(self._client, self._notebook, self._out, self._clock)
        if self._step("offer reviewed", "Waiting for the responses, then working on them."):
            self._until_responded()
            review_offer(self._client, self._notebook)

    def table(self) -> str:
        """The KPIs of both campaigns; the bank's also by line, the live one's by channel."""
        return table_text([
            self._whole("bank campaign"),
            *self._groups("bank campaign", "line", _BY_LINE),
            self._whole("offer campaign"),
            *self._groups("offer campaign", "channel", _BY_CHANNEL),
        ])  # fmt: skip

    def _whole(self, name: str) -> Block:
        campaign = self._notebook.notes.ids[name]
        report = self._kpis(name, f"{API}/campaigns/{campaign}/kpis")
        return Block(f"{self._title(name)} ({campaign})", _values(report["kpis"]))

    def _groups(self, name: str, by: str, shown: tuple[str, ...]) -> Iterator[Block]:
        campaign = str(self._notebook.notes.ids[name])
        report = self._kpis(name, f"{API}/kpis", campaign_id=campaign, group_by=by)
        for group in report["data"]:
            kpis = _values(group["kpis"])
            chosen = {each: kpis[each] for each in shown if each in kpis}
            yield Block(f"{self._title(name)}, {by} {group['group'][by]}", chosen)

    def _title(self, name: str) -> str:
        campaign = self._notebook.notes.ids[name]
        return str(self._client.get(f"{API}/campaigns/{campaign}")["name"])

    def _kpis(self, name: str, path: str, **params: str) -> Any:
        position = self._notebook.notes.positions.get(name)
        return self._client.get(path, min_position=position, **params)

    def _step(self, name: str, words: str | None = None) -> bool:
        if self._notebook.is_done(name):
            return False
        if words is not None:
            self._out.write(words + "\n")
            self._out.flush()
        return True

    def _until_effective(self) -> None:
        """What was registered holds for facts from some seconds later on (R38)."""
        prepared = self._notebook.notes.prepared_at
        left = 0 if prepared is None else prepared + EFFECTIVE_DELAY + MARGIN - self._clock()
        if left > 0:
            self._client.wait(left / 1000)

    def _until_responded(self) -> None:
        campaign: UUID = self._notebook.notes.ids["offer campaign"]
        expected = sum(person.responses for person in all_people())
        seen = 0
        for _ in range(CATCH_UP_PAUSES):
            seen = count_responses(self._client, campaign)
            if seen >= expected:
                return
            self._client.wait(PAUSE)
        self._out.write(
            f"The live campaign shows {seen} of the {expected} responses its people gave. The read"
            " side is behind: the table below may miss some.\n"
        )


_BY_LINE = ("goal_conversion_rate", "call_attempts", "talk_seconds")
_BY_CHANNEL = (
    "delivery_rate", "open_rate_raw", "open_rate", "click_through_rate", "reply_rate",
    "form_submission_rate", "conversion_rate",
)  # fmt: skip


def _values(kpis: dict[str, Any]) -> dict[str, KpiValue]:
    """The KPIs over messages and responses; those over people (``_p``) would double the table."""
    shown = {name: kpi for name, kpi in kpis.items() if not name.endswith("_p")}
    return {name: KpiValue.model_validate(kpi) for name, kpi in shown.items()}
