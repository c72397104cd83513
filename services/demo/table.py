"""The KPI table that the demo prints: what was counted, over what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.kpis import KpiValue

GAP = "  "


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the table under a heading of its own."""

    title: str
    kpis: Mapping[str, KpiValue]


def table_text(blocks: Iterable[Block]) -> str:
    """The whole table, one block after the other."""
    return "\n\n".join(_block_text(block) for block in blocks) + "\n"


def _block_text(block: Block) -> str:
    told = {name: kpi for name, kpi in block.kpis.items() if _tells(kpi)}
    silent = [name for name in block.kpis if name not in told]
    rows = [("KPI", "numerator", "denominator", "value")]
    rows += [(name, *_cells(name, kpi)) for name, kpi in told.items()]
    lines = [block.title, "-" * len(block.title), *_aligned(rows)]
    if silent:
        lines += _wrapped("Nothing to count: " + ", ".join(silent) + ".")
    return "\n".join(lines)


def _tells(kpi: KpiValue) -> bool:
    """Whether anything was counted; a zero over a zero says nothing."""
    return bool(kpi.numerator or kpi.n or (kpi.denominator and kpi.value is not None))


def _cells(name: str, kpi: KpiValue) -> tuple[str, str, str]:
    if kpi.n is not None:
        return "", f"n = {kpi.n:,}", _number(kpi.value)
    if kpi.denominator is None:
        return _number(kpi.numerator), "", _number(kpi.value)
    return _number(kpi.numerator), _number(kpi.denominator), _share(name, kpi.value)


def _share(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name.startswith("cost_per") or name.endswith("_per_visit"):
        return _number(value)
    return f"{value * 100:.3f} %"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _aligned(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    """Names to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, *numbers in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True)]
        yield GAP.join([f"{name:<{widths[0]}}", *cells])


def _wrapped(text: str, width: int = 96) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
