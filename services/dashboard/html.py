"""The page's text: plain HTML, its style inside, everything from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from schemas.documents import CampaignDocument
from schemas.views import KpiValue
from services.access import Principal

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
  color: #1b1b1f; background: #fff; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; }
h2 { margin: 2rem 0 0; font-size: 1.25rem; }
p.about { margin: 0 0 .5rem; color: #55555e; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid #ddd;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
input { font: inherit; padding: .3rem; width: 30rem; max-width: 100%; }
button { font: inherit; padding: .3rem 1rem; }
.wrong { color: #a00; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8ee; background: #1b1b1f; } p.about { color: #a5a5b0; }
  th, td { border-color: #444; } .wrong { color: #f88; }
}
"""


@dataclass(frozen=True, slots=True)
class CampaignBlock:
    """A campaign with its KPIs."""

    document: CampaignDocument
    kpis: Mapping[str, KpiValue]


def login(trouble: str = "") -> str:
    """The form that takes an API key."""
    return _document(
        "<h1>Answerback</h1>" + _wrong(trouble) + '<form method="post" action="/login">'
        '<p><label for="key">API key</label><br>'
        '<input id="key" name="key" type="password" autocomplete="off" required></p>'
        "<p><button>Log in</button></p></form>"
    )


def campaigns(
    principal: Principal, blocks: Iterable[CampaignBlock], count: int, trouble: str
) -> str:
    """All campaigns of the visitor's workspace; ``trouble`` says why figures are missing."""
    shown = [_block(block) for block in blocks]
    rest = f"<p>Shown are {len(shown)} of {count} campaigns.</p>" if len(shown) < count else ""
    nothing = "<p>There are no campaigns yet.</p>" if not shown else ""
    return _document(
        f"<header><h1>Answerback</h1><form method='post' action='/logout'>"
        f"{escape(principal.workspace)}, {escape(principal.name)} "
        "<button>Log out</button></form></header>"
        f"{_wrong(trouble)}<main>{''.join(shown)}{nothing}{rest}</main>"
    )


def _wrong(trouble: str) -> str:
    return f'<p class="wrong" role="alert">{escape(trouble)}</p>' if trouble else ""


def _block(block: CampaignBlock) -> str:
    document = block.document
    status = document.status.name.lower().replace("_", " ")
    goal = (document.fields.goal or "no goal").replace("_", " ")
    about = f"{document.code} · {status} · {goal}"
    return (
        f"<section><h2>{escape(document.name)}</h2><p class='about'>{escape(about)}</p>"
        f"{_table(block.kpis)}</section>"
    )


def _table(kpis: Mapping[str, KpiValue]) -> str:
    counted = {name: kpi for name, kpi in kpis.items() if _tells(kpi) and not _by_people(name)}
    if not counted:
        return "<p>Nothing has been counted yet.</p>"
    rows = "".join(_row(name, kpi) for name, kpi in counted.items())
    head = "<tr><th>KPI</th><th>Value</th><th>Counted</th></tr>"
    return f"<table>{head}{rows}</table>"


def _tells(kpi: KpiValue) -> bool:
    return bool(kpi.numerator or kpi.denominator or kpi.n)


def _by_people(name: str) -> bool:
    """The same KPI over people instead of messages: for the API, too much for a plain page."""
    return name.endswith("_p")


def _row(name: str, kpi: KpiValue) -> str:
    cells = (name.replace("_", " "), _value(name, kpi), _counted(kpi))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _counted(kpi: KpiValue) -> str:
    if kpi.n is not None:
        return f"n = {kpi.n:,}"
    if kpi.denominator is None:
        return ""
    return f"{_number(kpi.numerator)} of {_number(kpi.denominator)}"


def _value(name: str, kpi: KpiValue) -> str:
    if kpi.value is None or kpi.denominator is None or name.startswith("cost_per"):
        return _number(kpi.value)
    return f"{kpi.value:.3%}"


def _number(number: float | None) -> str:
    if number is None:
        return "-"
    whole = isinstance(number, int) or number.is_integer()
    return f"{number:,.0f}" if whole else f"{number:,.2f}"


def _document(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Answerback</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
