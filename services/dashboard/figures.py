"""Campaigns on the page: figures at a glance, the plan against what is, the funnel, every KPI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.documents import CampaignDocument
from schemas.kpis import KpiValue
from services.dashboard import charts, words
from services.dashboard.markup import NOTHING, Content, Markup, tag

Kpis = Mapping[str, KpiValue]
_NO_KPI = KpiValue()
_HEADLINES = (
    "open_rate", "click_through_rate", "form_submission_rate", "response_rate",
    "goal_conversion_rate", "conversion_rate",
)  # fmt: skip
_COMPARED = ("send_rate", "open_rate", "click_through_rate", "response_rate", "conversion_rate",
             "goal_conversion_rate", "budget_use")  # fmt: skip
_OVER_PEOPLE = "_p"


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """A campaign with its KPIs."""

    document: CampaignDocument
    kpis: Kpis

    @property
    def key(self) -> str:
        """Its id as text."""
        return str(self.document.campaign_id)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a funnel."""

    label: str
    count: float | None


def comparison(campaigns: Sequence[CampaignFigures]) -> Markup:
    """All campaigns side by side."""
    heads = [tag("th", words.plain(name), scope="col", class_="num") for name in _COMPARED]
    rows = [
        tag(
            "tr",
            tag("th", tag("a", c.document.name, href=f"/?campaign={c.key}"), _status(c.document),
                scope="row"),
            [_cell(name, c.kpis.get(name, _NO_KPI)) for name in _COMPARED],
            data_key=f"compare-{c.key}",
        )
        for c in campaigns
    ]  # fmt: skip
    table = tag(
        "table",
        tag("caption", "Campaigns side by side", class_="unseen"),
        tag("thead", tag("tr", tag("th", "Campaign", scope="col"), heads)),
        tag("tbody", rows),
        class_="stack",
    )
    return tag("div", table, class_="panel")


def card(campaign: CampaignFigures, currency: str) -> Markup:
    """Everything about one campaign."""
    document = campaign.document
    about = [document.code, words.plain(document.fields.goal or "no goal"), document.kind]
    head = tag(
        "header",
        tag("h3", tag("a", document.name, href=f"/?campaign={campaign.key}")),
        tag("p", _status(document), " ", tag("span", " · ".join(about), class_="quiet")),
    )
    columns = tag(
        "div",
        tag("div", _plan(campaign, currency), _opens(campaign.kpis)),
        tag("div", _funnels(campaign.kpis)),
        class_="halves",
    )
    return tag(
        "article", head, _headlines(campaign.kpis), columns, _all_kpis(campaign),
        class_="panel card", data_key=f"card-{campaign.key}",
    )  # fmt: skip


def _status(document: CampaignDocument) -> Markup:
    name = document.status.name.lower()
    return tag("span", words.plain(name), class_=f"badge campaign-{name}")


def _cell(name: str, kpi: KpiValue) -> Markup:
    counted = kpi.denominator is not None or kpi.n is not None
    return tag(
        "td",
        tag("b", words.value_of(name, kpi)),
        tag("small", words.parts_of(kpi)) if counted else None,
        class_="num",
        data_label=words.plain(name),
    )


def _headlines(kpis: Kpis) -> Markup:
    shown = [n for n in _HEADLINES if n in kpis and kpis[n].denominator]
    tiles = [
        tag("div", tag("dt", words.plain(name)),
            tag("dd", tag("b", words.value_of(name, kpis[name])),
                tag("small", words.parts_of(kpis[name]))))
        for name in shown
    ]  # fmt: skip
    if not tiles:
        return tag("p", "Nothing has been counted yet.", class_="quiet")
    return tag("dl", tiles, class_="tiles")


# The plan


@dataclass(frozen=True, slots=True)
class Target:
    """What was planned, what is, and the difference in words."""

    label: str
    plan: str
    actual: str
    counted: str
    difference: str
    verdict: str
    chart: Markup


def _plan(campaign: CampaignFigures, currency: str) -> Markup:
    document = campaign.document
    approved = document.baseline is not None
    targets = list(_targets(campaign, currency))
    caption = "Plan as approved" if approved else "Plan, not yet approved"
    if not targets:
        return tag("div", tag("h4", "Plan"), tag("p", "No targets were set.", class_="quiet"))
    heads = ("", "Plan", "Actual", "Difference")
    rows = [
        tag(
            "tr",
            tag("th", t.label, t.chart, scope="row"),
            tag("td", t.plan, class_="num", data_label="Plan"),
            tag("td", t.actual, tag("small", t.counted), class_="num", data_label="Actual"),
            tag("td", t.difference, tag("small", t.verdict), class_="num", data_label="Difference"),
        )
        for t in targets
    ]
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", [tag("th", h, scope="col", class_="num" if h else None)
                                for h in heads])),
        tag("tbody", rows),
        class_="plan stack",
    )  # fmt: skip


def _targets(campaign: CampaignFigures, currency: str) -> Iterable[Target]:
    document, kpis = campaign.document, campaign.kpis
    plan = document.baseline or document.fields
    if plan.expected_response is not None:
        yield _rate("Response", "response_rate", plan.expected_response / 100, kpis)
    if plan.expected_revenue is not None:
        yield _money("Revenue", kpis.get("revenue_vs_plan", _NO_KPI), currency, wanted=True)
    if plan.budget is not None:
        yield _money("Budget", kpis.get("budget_use", _NO_KPI), currency, wanted=False)
    for name, wanted in (plan.kpi_targets or {}).items():
        yield _rate(words.plain(name), name, float(wanted), kpis)


def _rate(label: str, name: str, target: float, kpis: Kpis) -> Target:
    kpi = kpis.get(name, _NO_KPI)
    by = None if kpi.value is None else kpi.value - target
    good = by is not None and by >= 0
    return Target(
        label,
        words.share(target),
        words.share(kpi.value),
        words.parts_of(kpi) if kpi.denominator is not None else "not counted yet",
        words.points(by),
        "" if by is None else "reached" if good else "below plan",
        charts.bullet(kpi.value, target, "good" if good else "short"),
    )


def _money(label: str, kpi: KpiValue, currency: str, *, wanted: bool) -> Target:
    """Money earned should reach the plan; money spent should stay within it."""
    actual, plan = kpi.numerator, kpi.denominator
    by = None if actual is None or plan is None else actual - plan
    good = by is not None and (by >= 0 if wanted else by <= 0)
    words_for = ("reached", "below plan") if wanted else ("within budget", "over budget")
    size = words.NONE if by is None else words.signed(words.number(abs(by)), by)
    return Target(
        label,
        f"{words.number(plan)} {currency}",
        f"{words.number(actual)} {currency}",
        f"{words.share(kpi.value)} of the plan",
        size,
        "" if by is None else words_for[0] if good else words_for[1],
        charts.bullet(actual, plan or 0, "good" if good else "short"),
    )


# Opens


def _opens(kpis: Kpis) -> Markup:
    """The human open rate is the lower bound; what cannot be measured makes it a band."""
    sure, raw, adjusted = (
        kpis.get(n, _NO_KPI) for n in ("open_rate", "open_rate_raw", "open_rate_adjusted")
    )
    known = [kpi.value for kpi in (sure, raw, adjusted) if kpi.value is not None]
    if sure.value is None or not raw.numerator:
        return NOTHING
    rows = [
        tag("tr", tag("th", label, scope="row"), tag("td", words.share(kpi.value), class_="num"),
            tag("td", words.parts_of(kpi), class_="num quiet"))
        for label, kpi in (
            ("Human, the lower bound", sure),
            ("Without the unmeasurable", adjusted),
            ("Raw, with machines and proxies", raw),
            ("Unmeasurable", kpis.get("unmeasurable_share", _NO_KPI)),
        )
    ]  # fmt: skip
    return tag(
        "table",
        tag("caption", "Open rate, as a band"),
        tag("tbody",
            tag("tr", tag("td", charts.band(min(known), max(known), sure.value), colspan=3)), rows),
        class_="opens",
    )  # fmt: skip


# The funnel


def _funnels(kpis: Kpis) -> list[Content]:
    return [
        _funnel("Messages", _message_steps(kpis)),
        _funnel("People", _people_steps(kpis)),
        _funnel("Responses", _response_steps(kpis)),
    ]


def _message_steps(kpis: Kpis) -> list[Step]:
    sent, delivered = kpis.get("send_rate", _NO_KPI), kpis.get("delivery_rate", _NO_KPI)
    opened, clicked = kpis.get("open_rate", _NO_KPI), kpis.get("click_through_rate", _NO_KPI)
    steps = [
        Step("Targeted", sent.denominator),
        Step("Sent", sent.numerator),
        Step("Delivered", delivered.numerator),
    ]
    if opened.numerator or clicked.numerator:  # calls and letters are never opened
        steps += [
            Step("Opened by a human", opened.numerator),
            Step("Clicked by a human", clicked.numerator),
        ]
    return steps


def _people_steps(kpis: Kpis) -> list[Step]:
    responded = kpis.get("response_rate", _NO_KPI)
    goal = kpis.get("goal_conversion_rate", _NO_KPI)
    steps = [
        Step("Contacted", responded.denominator),
        Step("Responded", responded.numerator),
    ]
    return [*steps, Step("Reached the goal", goal.numerator)] if goal.denominator else steps


def _response_steps(kpis: Kpis) -> list[Step]:
    reviewed = kpis.get("reviewed_share", _NO_KPI)
    return [
        Step("Captured", reviewed.denominator),
        Step("Reviewed", reviewed.numerator),
        Step("Lead", kpis.get("lead_conversion_rate", _NO_KPI).numerator),
        Step("Opportunity", kpis.get("opportunity_conversion_rate", _NO_KPI).numerator),
        Step("Won", kpis.get("cost_per_won", _NO_KPI).denominator),
    ]


def _funnel(title: str, steps: Sequence[Step]) -> Markup:
    first = steps[0].count
    if not first:
        return NOTHING
    rows = [
        tag(
            "tr",
            tag("th", step.label, scope="row"),
            tag("td", charts.bar(step.count or 0, first), class_="wide"),
            tag("td", words.number(step.count), class_="num"),
            tag("td", words.share((step.count or 0) / first), class_="num quiet"),
        )
        for step in steps
    ]
    heads = tag("thead", tag("tr", [tag("th", h, scope="col") for h in
                ("Step", "", "Count", "Of the first")]), class_="unseen")  # fmt: skip
    return tag("table", tag("caption", title), heads, tag("tbody", rows), class_="funnel")


# Every KPI


def _all_kpis(campaign: CampaignFigures) -> Markup:
    names = [n for n, kpi in campaign.kpis.items() if not n.endswith(_OVER_PEOPLE)]
    people = [n for n in campaign.kpis if n.endswith(_OVER_PEOPLE)]
    return tag(
        "details",
        tag("summary", f"All {len(names) + len(people)} KPIs with what they were counted from"),
        tag(
            "div",
            _kpi_table("KPIs", names, campaign.kpis),
            _kpi_table("The same over people instead of messages", people, campaign.kpis),
            class_="halves",
        ),
        id=f"kpis-{campaign.key}",
    )


def _kpi_table(title: str, names: Sequence[str], kpis: Kpis) -> Markup:
    rows = [
        tag(
            "tr",
            tag("th", tag("code", name), scope="row"),
            tag("td", words.value_of(name, kpis[name]), class_="num"),
            tag("td", words.parts_of(kpis[name]), class_="num quiet"),
        )
        for name in names
    ]
    heads = [tag("th", "KPI", scope="col"), tag("th", "Value", scope="col", class_="num"),
             tag("th", "Counted", scope="col", class_="num")]  # fmt: skip
    return tag("table", tag("caption", title), tag("thead", tag("tr", heads)), tag("tbody", rows),
               class_="kpis")  # fmt: skip
