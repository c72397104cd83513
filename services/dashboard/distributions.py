"""How far the distributions of a campaign are, and why some members are not written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.documents import ActivityDocument, DistributionDocument
from services.commands.distributions import left_of
from services.dashboard import charts, words
from services.dashboard.markup import NOTHING, Markup, tag


@dataclass(frozen=True, slots=True)
class Distributed:
    """An activity and how far its distribution is."""

    activity: ActivityDocument
    progress: DistributionDocument


def listing(found: Sequence[Distributed]) -> Markup:
    """A table with a row for each; nothing where nothing was distributed from lists."""
    if not found:
        return NOTHING
    heads = ("Activity", "State", "Members", "Prepared", "Not written to", "Left")
    rows = [_row(one) for one in sorted(found, key=_order)]
    table = tag(
        "table",
        tag("caption", "Distributions", class_="unseen"),
        tag("thead", tag("tr", [tag("th", head, scope="col") for head in heads])),
        tag("tbody", rows),
        class_="stack",
    )
    return tag("section", tag("h2", "Distributions"), tag("div", table, class_="panel"))


def _row(one: Distributed) -> Markup:
    activity, progress = one.activity, one.progress
    left = left_of(progress)
    name = activity.fields.subject or words.plain(activity.channel)
    reasons = [
        tag("small", f"{words.plain(reason)}: {count:,}")
        for reason, count in progress.excluded.items()
    ]
    done = charts.bar(progress.members - left, progress.members)
    return tag(
        "tr",
        tag("th", name, tag("small", words.plain(activity.channel)), scope="row"),
        tag("td", words.plain(progress.state), done, data_label="State"),
        tag("td", f"{progress.members:,}", data_label="Members"),
        tag("td", f"{progress.prepared:,}", data_label="Prepared"),
        tag("td", f"{sum(progress.excluded.values()):,}", reasons, data_label="Not written to"),
        tag("td", f"{left:,}", data_label="Left"),
        data_key=f"distribution-{activity.activity_id}",
    )


def _order(one: Distributed) -> tuple[str, str]:
    return str(one.activity.distributed_at), str(one.activity.activity_id)
