"""A view: its columns with their types and what they mean, and the text that makes it."""

from __future__ import annotations

from dataclasses import dataclass

TIME = "DateTime64(3, 'UTC')"
MAYBE_TIME = f"Nullable({TIME})"
LOW = "LowCardinality(String)"
DATABASE = "{database}"
"""Stands in a source for the database of the tables."""
BI = "{bi}"
"""Stands in a source for the database of the views."""
GENERATION = f"(SELECT argMax(generation, at) FROM {DATABASE}.pointer WHERE set = 'main')"


@dataclass(frozen=True, slots=True)
class Column:
    """What a tool sees of a column, and the expression it comes from."""

    name: str
    kind: str
    expression: str
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """One view. ``source`` is what follows FROM; ``words`` begin with what one row is."""

    name: str
    words: str
    columns: tuple[Column, ...]
    source: str

    def statement(self, bi: str, database: str) -> str:
        """The text that makes it in the database ``bi``, over the tables of ``database``."""
        declared = ", ".join(f"{c.name} {c.kind} COMMENT {_quoted(c.words)}" for c in self.columns)
        chosen = ", ".join(f"{column.expression} AS {column.name}" for column in self.columns)
        text = (
            f"CREATE OR REPLACE VIEW {bi}.{self.name} ({declared}) AS "
            f"SELECT {chosen} FROM {self.source} COMMENT {_quoted(self.words)}"
        )
        return text.replace(BI, bi).replace(DATABASE, database)


def latest(name: str) -> str:
    """The present rows of a copied table in the generation that is pointed to."""
    return (
        f"(SELECT * FROM (SELECT * FROM {DATABASE}.{name}_copy WHERE generation = {GENERATION} "
        "ORDER BY version DESC LIMIT 1 BY workspace, id) WHERE NOT deleted)"
    )


def moment(column: str) -> str:
    """A time of which 0 says that it has not come, as a time or NULL."""
    return f"if({column} = 0, NULL, fromUnixTimestamp64Milli({column}, 'UTC'))"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
