"""Responses by channel, by country and over time; every table adds up to the same total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.views import Tally
from services.dashboard import charts, words
from services.dashboard.charts import Column
from services.dashboard.markup import Content, Markup, tag

Span = Literal["hour", "day", "week"]
MOST_ROWS = 12
_COLUMNS: dict[Span, int] = {"hour": 24, "day": 30, "week": 26}
_FEWEST = 7
_HOUR = "%Y-%m-%dT%H:%M%z"
_TITLES: dict[Span, str] = {"hour": "Hour", "day": "Day", "week": "Week from"}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The counts that one showing rests on."""

    channels: Sequence[Tally]
    countries: Sequence[Tally]
    times: Sequence[Tally]
    span: Span
    zone: str
    links: dict[Span, str]


def panels(counts: Breakdown) -> Markup:
    """The three of them side by side."""
    total = sum(row.responses for row in counts.channels)
    if not total:
        return tag("p", "There are no responses to count yet.", class_="panel quiet")
    return tag(
        "div",
        _panel("By channel", _table("Channel", counts.channels, words.plain)),
        _panel("By country", _table("Country", counts.countries, lambda n: n or words.plain(""))),
        _over_time(counts),
        class_="panels",
    )


def _panel(title: str, *content: Content) -> Markup:
    return tag("section", tag("h3", title), content, class_="panel")


def _table(head: str, rows: Sequence[Tally], name: Callable[[str], str]) -> Markup:
    if all(row.name for row in rows):
        # Said also when nothing is unknown: who reads the table must not have to wonder.
        rows = [*rows, Tally(name="", responses=0, reviewed=0, positive=0, converted=0)]
    ordered = sorted(rows, key=lambda row: (-row.responses, row.name))
    shown, rest = ordered[:MOST_ROWS], ordered[MOST_ROWS:]
    most = max(row.responses for row in rows)
    body = [_row(name(row.name), row, most) for row in shown]
    if rest:
        others = sum(row.responses for row in rest)
        converted = sum(row.converted for row in rest)
        body.append(_cells(f"{len(rest)} others", others, converted, most))
    return tag(
        "table",
        tag("thead", tag("tr", [tag("th", head, scope="col"), tag("th", scope="col"),
            tag("th", "Responses", scope="col", class_="num"),
            tag("th", "Converted", scope="col", class_="num")])),
        tag("tbody", body),
        tag("tfoot", _total(rows)),
        class_="counts",
    )  # fmt: skip


def _row(label: str, row: Tally, most: int) -> Markup:
    return _cells(label, row.responses, row.converted, most)


def _cells(label: str, responses: int, converted: int, most: int) -> Markup:
    return tag(
        "tr",
        tag("th", label, scope="row"),
        tag("td", charts.bar(responses, most), class_="wide"),
        tag("td", words.number(responses), class_="num"),
        tag("td", words.number(converted), class_="num quiet"),
    )


def _total(rows: Sequence[Tally]) -> Markup:
    return tag(
        "tr",
        tag("th", "Total", scope="row"),
        tag("td"),
        tag("td", words.number(sum(row.responses for row in rows)), class_="num"),
        tag("td", words.number(sum(row.converted for row in rows)), class_="num"),
    )


# Over time


def _over_time(counts: Breakdown) -> Markup:
    series = over_time(counts.times, counts.span, counts.zone)
    total = sum(row.responses for row in counts.times)
    apart = total - sum(column.count for column in series)
    filled = [column for column in series if column.count][::-1]
    body = [tag("tr", tag("th", c.label, scope="row"), tag("td", words.number(c.count),
            class_="num")) for c in filled]  # fmt: skip
    if apart:
        label = "Earlier" if counts.span != "hour" else "Earlier, or of no known hour"
        body.append(tag("tr", tag("th", label, scope="row"),
                        tag("td", words.number(apart), class_="num")))  # fmt: skip
    table = tag(
        "table",
        tag("caption", f"Times of {counts.zone}", class_="quiet"),
        tag("thead", tag("tr", tag("th", _TITLES[counts.span], scope="col"),
                         tag("th", "Responses", scope="col", class_="num"))),
        tag("tbody", body),
        tag("tfoot", tag("tr", tag("th", "Total", scope="row"),
                         tag("td", words.number(total), class_="num"))),
        id="times",
    )  # fmt: skip
    scrolled = tag("div", table, class_="scrolled", tabindex=0, role="region",
                   aria_label="Responses over time, in numbers", id="times-region")  # fmt: skip
    return tag(
        "section",
        tag("h3", "Over time"),
        tag("nav", [_span_link(counts, span) for span in _COLUMNS], class_="switch",
            aria_label="Step of time"),
        charts.columns(series, "times"),
        scrolled,
        class_="panel",
    )  # fmt: skip


def _span_link(counts: Breakdown, span: Span) -> Markup:
    current = "true" if span == counts.span else None
    return tag("a", words.plain(span), href=counts.links[span], aria_current=current)


def over_time(rows: Sequence[Tally], span: Span, zone: str) -> list[Column]:
    """The newest columns without gaps; what lies before them is not among them."""
    counts: Counter[str] = Counter()
    for row in rows:
        if row.name:  # what is of no known hour has no place
            counts[_week_of(row.name) if span == "week" else row.name] += row.responses
    if not counts:
        return []
    places = _hours(counts, zone) if span == "hour" else _days(counts, 7 if span == "week" else 1)
    shown = places[-_COLUMNS[span] :]
    return [Column(label, counts[name]) for name, label in shown]


def _days(names: Iterable[str], step: int) -> list[tuple[str, str]]:
    """Every day, or week, from the first to the last; a few more where they are few."""
    last, first = date.fromisoformat(max(names)), date.fromisoformat(min(names))
    count = max((last - first).days // step + 1, _FEWEST)
    days = [(last - timedelta(days=step * back)).isoformat() for back in range(count)]
    return [(day, day) for day in reversed(days)]


def _hours(names: Iterable[str], zone: str) -> list[tuple[str, str]]:
    """The hours up to the last one, by steps in UTC: clocks skip hours and repeat them."""
    last = max(datetime.strptime(name, _HOUR).astimezone(UTC) for name in names)
    here = ZoneInfo(zone)
    hours = [(last - timedelta(hours=back)).astimezone(here)
             for back in range(_COLUMNS["hour"])]  # fmt: skip
    return [(f"{hour:{_HOUR}}", f"{hour:%m-%d %H:%M}") for hour in reversed(hours)]


def _week_of(day: str) -> str:
    at = date.fromisoformat(day)
    return (at - timedelta(days=at.weekday())).isoformat()
