"""Small charts as inline SVG: no script draws them, and each stands beside its data as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.dashboard.markup import Content, Markup, tag

_WIDTH = 480
_HEIGHT = 170
_FOOT = 18
_HEAD = 16
_EDGE = 30


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart over time."""

    label: str
    count: int


def bar(value: float, most: float, kind: str = "") -> Markup:
    """A bar as long as its share of the longest."""
    length = 100 * value / most if most else 0
    return tag(
        "svg",
        tag("rect", class_="track", width="100%", height="100%", rx=3),
        tag("rect", class_=f"fill {kind}".strip(), width=f"{length:.2f}%", height="100%", rx=3)
        if value
        else None,
        class_="bar",
        aria_hidden="true",
        focusable="false",
    )


def bullet(actual: float | None, target: float, kind: str) -> Markup:
    """A bar for what is, and a line for what was planned."""
    most = max(actual or 0, target, 1e-9) * 1.1
    mark = f"{100 * target / most:.2f}%"
    return tag(
        "svg",
        tag("rect", class_="track", width="100%", height="100%", rx=3),
        tag("rect", class_=f"fill {kind}", width=f"{100 * (actual or 0) / most:.2f}%",
            height="100%", rx=3),
        tag("line", class_="target", x1=mark, x2=mark, y1="0", y2="100%"),
        class_="bar bullet", aria_hidden="true", focusable="false",
    )  # fmt: skip


def band(low: float, high: float, sure: float) -> Markup:
    """From the lowest to the highest value that can be meant, and the one that is sure."""
    left = f"{100 * low:.2f}%"
    mark = f"{100 * sure:.2f}%"
    return tag(
        "svg",
        tag("rect", class_="track", width="100%", height="100%", rx=3),
        tag("rect", class_="span", x=left, width=f"{100 * (high - low):.2f}%", height="100%"),
        tag("line", class_="sure", x1=mark, x2=mark, y1="0", y2="100%"),
        class_="bar band", aria_hidden="true", focusable="false",
    )  # fmt: skip


def columns(
    series: Sequence[Column], described_by: str, label: str = "Responses over time"
) -> Markup:
    """Columns over time; the table that ``described_by`` names says the same in numbers."""
    most = max((column.count for column in series), default=0) or 1
    step = _WIDTH / max(len(series), 1)
    room = _HEIGHT - _FOOT - _HEAD
    drawn: list[Content] = [
        tag("line", class_="axis", x1=0, x2=_WIDTH, y1=_HEIGHT - _FOOT, y2=_HEIGHT - _FOOT)
    ]
    every = max(1, -(-len(series) // 6))
    for place, column in enumerate(series):
        height = room * column.count / most
        middle = f"{step * (place + 0.5):.1f}"
        if column.count:
            drawn.append(_column(step, place, height, column))
            if step > 24:
                drawn.append(_text(middle, _HEIGHT - _FOOT - height - 4, f"{column.count:,}", "n"))
        if place % every == 0:
            drawn.append(_tick(step * (place + 0.5), column.label))
    return tag(
        "svg", drawn, class_="columns", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img",
        aria_label=label, aria_describedby=described_by,
    )  # fmt: skip


def _column(step: float, place: int, height: float, column: Column) -> Markup:
    width = max(min(step * 0.72, 48), 1)
    return tag(
        "rect", tag("title", f"{column.label}: {column.count:,}"),
        class_="fill", x=f"{step * (place + 0.5) - width / 2:.1f}", width=f"{width:.1f}",
        y=f"{_HEIGHT - _FOOT - height:.1f}", height=f"{height:.1f}", rx=2,
    )  # fmt: skip


def _tick(middle: float, label: str) -> Markup:
    """A label below its column, moved inwards where it would be cut off."""
    if middle < _EDGE:
        return _text("0", _HEIGHT - 4, label, "tick", "start")
    if middle > _WIDTH - _EDGE:
        return _text(f"{_WIDTH}", _HEIGHT - 4, label, "tick", "end")
    return _text(f"{middle:.1f}", _HEIGHT - 4, label, "tick")


def _text(x: str, y: float, text: str, kind: str, anchor: str = "middle") -> Markup:
    return tag("text", text, class_=kind, x=x, y=f"{y:.1f}", text_anchor=anchor)
