"""Marketing lists as tables, their rules in words, and why somebody is on one or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from uuid import UUID

from schemas.documents import ListDocument
from schemas.views import FlowView, MemberView, ReasonView, WhyView
from services.dashboard import charts, words
from services.dashboard.charts import Column
from services.dashboard.markup import NOTHING, Markup, tag

_VALUES = {"true": "yes", "false": "no", "unknown": "nobody knows"}
_MOST_EVENTS = 5


def listing(found: Sequence[ListDocument], counts: Mapping[UUID, int]) -> Markup:
    """All lists, by name."""
    if not found:
        return tag("p", "There are no lists yet. They are made at the API.", class_="quiet")
    heads = [tag("th", h, scope="col") for h in ("List", "Kind", "Of", "Members", "Purpose")]
    ordered = sorted(found, key=lambda one: one.name.casefold())
    return tag(
        "table",
        tag("caption", "Lists", class_="unseen"),
        tag("thead", tag("tr", heads)),
        tag("tbody", [_row(one, counts[one.list_id]) for one in ordered]),
        class_="stack",
    )


def _row(one: ListDocument, count: int) -> Markup:
    kind = one.kind + (", locked" if one.locked else "") + ("" if one.active else ", out of use")
    return tag(
        "tr",
        tag("th", tag("a", one.name, href=f"/lists/{one.list_id}"), scope="row"),
        tag("td", kind, data_label="Kind"),
        tag("td", f"{one.member_type}s", data_label="Of"),
        tag("td", f"{count:,}", data_label="Members"),
        tag("td", one.fields.purpose or words.NONE, data_label="Purpose"),
    )


def size(one: ListDocument, count: int, flow: FlowView, days: int) -> Markup:
    """How many are on a list, and how many came and went lately."""
    dwell = "" if flow.dwell_days is None else f", after {flow.dwell_days:.1f} days in the middle"
    lately = f"In the last {days} days {flow.joins:,} came and {flow.leaves:,} went{dwell}."
    return tag("p", f"{count:,} {one.member_type}s. {lately}")


def over_time(flow: FlowView, zone: tzinfo) -> Markup:
    """How many there were at the end of each day, and who came and went on it."""
    if not (flow.members_before or flow.joins):
        return tag("p", "Nobody was on this list in these days.", class_="quiet")
    days = [(one, f"{one.since.astimezone(zone):%Y-%m-%d}") for one in flow.steps]
    series = [Column(label[5:], one.members_after) for one, label in days]
    heads = [tag("th", "Day", scope="col"), *(
        tag("th", head, scope="col", class_="num") for head in ("Came", "Went", "Members")
    )]  # fmt: skip
    rows = [
        tag("tr", tag("th", label, scope="row"), *(
            tag("td", f"{count:,}", class_="num")
            for count in (one.joins, one.leaves, one.members_after)
        ))
        for one, label in reversed(days)
    ]  # fmt: skip
    table = tag("table", tag("caption", f"Days of {zone}", class_="quiet"),
                tag("thead", tag("tr", heads)), tag("tbody", rows), id="sizes")  # fmt: skip
    scrolled = tag("div", table, class_="scrolled", tabindex=0, role="region",
                   aria_label="Members over time, in numbers", id="sizes-region")  # fmt: skip
    chart = tag("div", charts.columns(series, "sizes", "Members over time"))
    return tag("section", chart, scrolled, class_="panel halves")


def origin(one: ListDocument, zone: tzinfo) -> Markup:
    """Where the members of a list without a rule come from."""
    source = one.built_from
    if source is None:
        return tag("p", "By hand.")
    then = f" as of {words.moment(source.as_of, 'ms', zone)}" if source.as_of else ""
    stays = ". It never changes." if one.kind == "frozen" else ", and then by hand."
    left = one.filling
    far = f" So far {left.put:,} of {left.members:,} are on it." if left is not None else ""
    link = tag("a", "another list", href=f"/lists/{source.list_id}")
    return tag("p", "The members of ", link, then, stays, far)


def rule(says: Sequence[str]) -> Markup:
    """A rule in words, one clause a line."""
    if not says:
        return tag("p", "No rule is in force, so it has no members.", class_="quiet")
    return tag("pre", "\n".join(says), class_="panel")


def members(
    list_id: UUID, found: Sequence[MemberView], zone: tzinfo, further: str | None
) -> Markup:
    """Members with what brought them in."""
    if not found:
        return tag("p", "Nobody is on this list.", class_="quiet")
    heads = [tag("th", h, scope="col") for h in ("Member", "Since", "By")]
    rows = [
        tag(
            "tr",
            tag("th", tag("a", words.short_id(one.member), href=f"/lists/{list_id}/{one.member}"),
                scope="row"),
            tag("td", words.moment(one.since, "ms", zone), data_label="Since"),
            tag("td", one.cause_clause or "itself", data_label="By"),
        )
        for one in found
    ]  # fmt: skip
    more = tag("p", tag("a", "Show the next ones", href=further)) if further else NOTHING
    table = tag("table", tag("caption", "Members", class_="unseen"), tag("thead", tag("tr", heads)),
                tag("tbody", rows), class_="stack")  # fmt: skip
    return tag("div", table, more)


def reasons(why: WhyView, zone: tzinfo) -> Markup:
    """Each clause with its value, what was found, and the events behind it."""
    is_on = "is on the list" if why.is_member else "is not on the list"
    said = f"At {words.moment(why.as_of, 'ms', zone)} this record {is_on}."
    change = (
        f"If nothing more happens that changes at {words.moment(why.next_change, 'ms', zone)}."
        if why.next_change is not None
        else ""
    )
    needed = [tag("li", one.needed) for one in why.smallest_change]
    return tag(
        "div",
        tag("p", said, " ", change),
        tag("ul", _clause(why.reason)) if why.reason else NOTHING,
        (tag("h2", "The smallest change"), tag("ul", needed)) if needed else NOTHING,
        (tag("h2", "Spans"), tag("ul", [_span(one, zone) for one in why.spans]))
        if why.spans
        else NOTHING,
    )


def _clause(reason: ReasonView) -> Markup:
    events = reason.events[:_MOST_EVENTS]
    more = len(reason.events) - len(events)
    cited = ", ".join(map(words.short_id, events)) + (f" and {more} more" if more > 0 else "")
    found = "" if reason.found is None else f"; found: {reason.found}"
    return tag(
        "li",
        tag("strong", _VALUES[reason.value]),
        f": {reason.says}{found}",
        f" (events {cited})" if cited and not reason.parts else NOTHING,
        tag("ul", [_clause(part) for part in reason.parts]) if reason.parts else NOTHING,
    )


def _span(one: MemberView, zone: tzinfo) -> Markup:
    until = "now" if one.until is None else words.moment(one.until, "ms", zone)
    by = f", by {one.cause_clause}" if one.cause_clause else ""
    return tag("li", f"{words.moment(one.since, 'ms', zone)} to {until}{by}")
