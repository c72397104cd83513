"""What ``init`` makes once: topics, tables, and the column store's database."""

from __future__ import annotations

from collections.abc import Callable

from events.kafka.topics import create
from projections.bi.making import bi_database, create_views
from projections.generations import live_generation
from projections.stores.tables import create_tables
from services.access_sql import make_tables
from services.distributed.connecting import broker_of, columns_of, layout_of, store_of
from services.settings import Settings

Tell = Callable[[str], None]


def make_topics(settings: Settings, tell: Tell) -> None:
    """Make the topics that are missing. Raises ``SettingsInvalid`` where one differs."""
    made = create(broker_of(settings), layout_of(settings))
    for name in made:
        tell(f"{name}: made, {settings.kafka_partitions} partitions")
    if not made:
        tell(f"The topics at {settings.kafka_servers} are there, and as they must be.")


def make_stores(settings: Settings, tell: Tell) -> None:
    """Make the tables that are missing, and bring those there to this version."""
    store = store_of(settings)
    make_tables(store)
    generation = live_generation(store)
    store.dispose()
    tell("PostgreSQL: the tables are there.")
    columns = columns_of(settings)
    create_tables(columns)
    create_views(columns, generation)
    columns.close()
    tell(f"ClickHouse: the tables are there, and the views in {bi_database(columns)}.")
