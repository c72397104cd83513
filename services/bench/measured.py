"""What a bench answers: values beside their ceilings, and the report that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Rounds:
    """The same thing measured several times."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a share of their median."""
        width = max(self.values) - min(self.values)
        return width / self.middle if self.middle else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """One figure beside its ceiling. ``ratio`` is value by ceiling, whatever is better."""

    name: str
    unit: str
    ours: Rounds
    ceiling_name: str
    ceilings: Rounds

    @property
    def value(self) -> float:
        """Our median."""
        return self.ours.middle

    @property
    def ceiling(self) -> float:
        """The ceiling's median."""
        return self.ceilings.middle

    @property
    def ratio(self) -> float:
        """How much of the ceiling is reached; for times and memory, how many times the floor."""
        return self.value / self.ceiling if self.ceiling else 0.0

    def shown(self) -> dict[str, Any]:
        """As the report carries it."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "ceiling_name": self.ceiling_name,
            "ceiling": round(self.ceiling, 3),
            "ratio": round(self.ratio, 4),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of one bench, and what must be known to read them."""

    results: tuple[Result, ...]
    remarks: tuple[str, ...] = ()


def report(machine: Mapping[str, Any], measured: Mapping[str, Measured]) -> bytes:
    """The report as JSON: machine and results; every round and remark beside them."""
    results = [result for one in measured.values() for result in one.results]
    return orjson.dumps(
        {
            "machine": machine,
            "results": [result.shown() for result in results],
            "rounds": {
                result.name: {"ours": result.ours.values, "ceiling": result.ceilings.values}
                for result in results
            },
            "remarks": {name: one.remarks for name, one in measured.items()},
        },
        option=orjson.OPT_INDENT_2,
    )


def table(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Heading and rows for the terminal."""
    heading = ("MEASURED", "VALUE", "SPREAD", "CEILING", "SPREAD", "UNIT", "RATIO", "CEILING IS")
    rows = [
        (one.name, _figure(one.value), f"{one.ours.spread:.0%}", _figure(one.ceiling),
         f"{one.ceilings.spread:.0%}", one.unit, f"{one.ratio:.2f}", one.ceiling_name)
        for one in results
    ]  # fmt: skip
    return [heading, *rows]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
