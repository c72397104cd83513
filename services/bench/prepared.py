"""An installation whose log is full, for benches of what reads it."""

from __future__ import annotations

import shutil

from schemas.instants import EFFECTIVE_DELAY, Instant
from services.bench.alone import open_log
from services.bench.campaign import set_up_by_itself
from services.bench.happenings import BATCH
from services.bench.installation import WORKSPACE, Installation
from services.bench.plan import Plan
from services.bench.stock import Stock, fill

READ_MODELS = shutil.ignore_patterns("columns*", "rows.db*", "lock")
"""What is left out of a copy that is to know none of the events yet."""
_EVENTS, _FULL = 20_000, 200_000


def prepared(plan: Plan) -> Installation:
    """An installation whose log holds the events, and whose read models know none of them."""
    installed = Installation(plan.folder, plan.clock, plan.random)
    campaign = set_up_by_itself(installed)
    # Recorded when the campaign is in effect (R38), without waiting for it.
    log = open_log(installed.data, lambda: Instant(plan.clock() + EFFECTIVE_DELAY + 1000))
    with installed.vault() as vault:
        stock = Stock(plan.mix, log, vault, plan.clock, WORKSPACE, campaign)
        events = plan.events or (_FULL if plan.full else _EVENTS)
        fill(log, stock, max(events, BATCH), plan.note)
    log.close()
    return installed
