"""What must hold at the end: the log has all once, and tables are as one reader makes them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import sqlalchemy as sa

from events.compose import Composer
from events.cursor import TOPICS
from events.kafka.broker import Broker
from events.kafka.pages import Pages
from events.kafka.reading_log import ReadLog
from events.kafka.topics import Layout
from events.sealing import Sealer
from events.sql.keys import SqlKeyRows
from events.sql.tables import OUTBOX
from events.vault_stored import StoredVault
from projections.folds.order import all_folds
from projections.progress import cursor_of
from projections.read_models import ReadModels
from projections.rebuild import Rebuild
from projections.stores.clickhouse import ClickHouseColumns, Server
from projections.stores.rows import COPY, DEAD_LETTER, open_rows
from schemas.clock import system_clock, system_random
from tests.chaos.load import Told
from tests.chaos.machines import Machines
from tests.support.distributed import MASTER

_PATIENCE = 900.0
_SINKS = ("rows", "columns")


class Oracle:
    """Reads the log and the stores beside the processes, and after them."""

    def __init__(self, machines: Machines, partitions: int = 4) -> None:
        self._rows = open_rows(machines.postgres.url)
        url = urlsplit(machines.clickhouse)
        self._columns = ClickHouseColumns(Server(url.hostname or "", url.port or 0))
        layout = Layout(partitions=partitions, replicas=1)
        self._log = ReadLog(Pages(Broker(machines.cluster.bootstrap), layout))
        self._vault = StoredVault(SqlKeyRows(self._rows), bytes.fromhex(MASTER), system_random)

    def close(self) -> None:
        """Let go of all."""
        self._log.close()
        self._vault.close()
        self._columns.close()
        self._rows.dispose()

    def wait_until_read(self, note: Callable[[str], None]) -> None:
        """Wait until every event has been relayed and applied, and nothing is on its way."""
        ends, told_at = time.monotonic() + _PATIENCE, 0.0
        while left := self._left():
            assert time.monotonic() < ends, f"Still to be done: {left}"
            if time.monotonic() - told_at > 10:
                note(f"         still to be done: {left}")
                told_at = time.monotonic()
            time.sleep(0.5)

    def _left(self) -> dict[str, int]:
        heads = self._log.heads()
        with self._rows.begin() as connection:
            cursors = {name: cursor_of(connection, name, 1) for name in _SINKS}
            waiting = {
                table.name: connection.execute(
                    sa.select(sa.func.count()).select_from(table)
                ).scalar_one()
                for table in (OUTBOX, COPY)
            }
        behind = {name: heads.total - cursor.total for name, cursor in cursors.items()}
        return {name: count for name, count in {**behind, **waiting}.items() if count}

    def faults(self, told: Told) -> list[str]:
        """What does not hold; to be asked when nobody writes any more."""
        return [*told.wrong, *self._log_faults(told), *self._table_faults(), *self._buried()]

    def count(self) -> int:
        """How many records the log has."""
        return self._log.heads().total

    def _log_faults(self, told: Told) -> list[str]:
        found: Counter[str] = Counter()
        heads = self._log.heads()
        for topic in TOPICS:
            for partition in range(self._log.partitions):
                start = 0
                while start < heads[topic, partition]:
                    page = self._log.read(topic, partition, start, 5000)
                    found.update(str(record.event_id) for record in page.records)
                    start = page.end
        lost = [name for name in told.events if name not in found]
        twice = [name for name, count in found.items() if count > 1]
        faults = [f"{len(lost)} acknowledged events are lost, such as {lost[0]}"] if lost else []
        if twice:
            faults.append(f"{len(twice)} events are in the log twice, such as {twice[0]}")
        return faults

    def _table_faults(self) -> list[str]:
        composer = Composer(Sealer(self._vault), system_clock)
        models = ReadModels(
            self._rows, self._columns, self._log, composer, lambda book: all_folds(book, 1000)
        )
        rebuild = Rebuild(models, live=1)
        rebuild.run()
        compared = rebuild.compare()
        rebuild.drop()
        faults = [
            f"{one.table}: {one.live_rows} rows, rebuilt {one.rebuilt_rows}"
            for one in compared
            if not one.equal
        ]
        if not any(one.live_rows for one in compared if one.table == "rows.response"):
            faults.append("there is no response to compare")
        return faults

    def _buried(self) -> list[str]:
        with self._rows.begin() as connection:
            letters = connection.execute(sa.select(DEAD_LETTER.c.error).limit(3)).scalars()
            return [f"dead letter: {error}" for error in letters]
