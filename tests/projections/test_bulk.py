"""Bulk inserts are written for either store, their values in the order of the columns."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.sql.bulk import _text, columns_of, insert_rows
from projections.stores.rows import COPY, FOLD_TABLES, KEPT, SETTLING, WAITING

TABLES = (KEPT, WAITING, SETTLING, COPY, *FOLD_TABLES.values())
CASES = [
    (table, conflict)
    for table in TABLES
    for conflict in ("refuse", "ignore", "replace")
    # These have no key of their own, or nothing beside it: their rows are never replaced.
    if conflict != "replace" or table not in (COPY, WAITING)
]
ROW = (1, "responses", "demo", "e")


@pytest.mark.parametrize(("table", "conflict"), CASES, ids=str)
def test_statements_are_made_for_both_stores(table, conflict):
    text, is_positional = _text(sqlite.dialect(), table, conflict)
    assert is_positional
    assert text.split("VALUES")[1].count("?") == len(columns_of(table))
    text, is_positional = _text(postgresql.dialect(), table, conflict)
    assert not is_positional
    assert all(f"%({name})s" in text for name in columns_of(table))


def test_a_row_with_a_known_key_is_left_out_or_replaces_the_other(world):
    with world.rows.begin() as connection:
        insert_rows(connection, SETTLING, [(*ROW, 1)], "refuse")
        insert_rows(connection, SETTLING, [(*ROW, 2)], "ignore")
        assert connection.execute(sa.select(SETTLING.c.due_at)).scalar_one() == 1
        insert_rows(connection, SETTLING, [(*ROW, 3)], "replace")
        assert connection.execute(sa.select(SETTLING.c.due_at)).scalar_one() == 3
        with pytest.raises(sa.exc.IntegrityError):
            insert_rows(connection, SETTLING, [(*ROW, 4)], "refuse")
