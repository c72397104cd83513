"""Who is behind a figure: the members of the set that a KPI counts, by the text that counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from projections.entities.goals import goals_of
from projections.kpis.definitions import RATIOS
from projections.kpis.populations import POPULATIONS, Population, group_columns
from projections.kpis.report import bounds_of
from projections.kpis.sources import sources
from projections.stores.columns import Columns
from schemas.errors import Fault, InvalidInput
from schemas.kpis import CountedQuery

_MOST_BEHIND = 20
"""So many of a person's messages, or forms, are looked into."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of a set: its key, and to what the events behind it happened."""

    key: tuple[str, ...]
    behind: tuple[str, ...]


def population_of(query: CountedQuery) -> tuple[Population, str]:
    """The population that a part of a KPI counts members of, and the set. Raises ``InvalidInput``.

    Amounts (money, minutes, visits) have no members.
    """
    for ratio in RATIOS:
        if ratio.name == query.kpi:
            name = ratio.numerator if query.part == "numerator" else ratio.denominator
            for population in POPULATIONS:
                if name in population.sets:
                    return population, name
    detail = f"The {query.part} of {query.kpi} is an amount, or nothing: nobody is counted in it."
    raise InvalidInput(detail, (Fault("/kpi", detail),))


def counted_members(
    columns: Columns, generation: int, workspace: str, query: CountedQuery,
    after: Sequence[str] | None, limit: int,
) -> list[Member]:  # fmt: skip
    """The next members, in the order of their keys."""
    population, name = population_of(query)
    goals = goals_of(columns, generation, workspace) if query.as_of is not None else []
    keys = [f"toString({column})" for column in population.key]
    places = [f"group_{i}" for i in range(len(query.group))]
    conditions = [population.where, population.sets[name]]
    conditions += [
        f"{column} = {{{place}:String}}"
        for column, place in zip(_groups(population, query), places, strict=True)
    ]
    marks = [f"after_{i}" for i in range(len(keys))]
    if after is not None:
        behind = ", ".join(f"{{{mark}:String}}" for mark in marks)
        conditions.append(f"[{', '.join(keys)}] > [{behind}]")
    found = columns.query(
        f"SELECT [{', '.join(keys)}] AS key, "
        f"groupUniqArray({_MOST_BEHIND})({population.behind}) AS behind "
        f"FROM ({population.source(sources(goals, query.as_of))}) "
        f"WHERE {' AND '.join(f'({one})' for one in conditions)} "
        "GROUP BY key ORDER BY key LIMIT {limit:UInt32}",
        {
            **bounds_of(workspace, generation, query),
            **dict(zip(places, query.group, strict=True)),
            **dict(zip(marks, after or (), strict=False)),
            "limit": limit,
        },
    )
    return [Member(tuple(row["key"]), tuple(sorted(row["behind"]))) for row in found.to_pylist()]


def _groups(population: Population, query: CountedQuery) -> Sequence[str]:
    found = group_columns(query.group_by, population.groups, population.time)
    if found is None:
        detail = f"{query.kpi} is not counted by {', '.join(query.group_by)}."
        raise InvalidInput(detail, (Fault("/kpi", detail),))
    return found
