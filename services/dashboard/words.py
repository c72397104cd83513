"""How values are written on the page: numbers, shares, money, moments and names."""

from __future__ import annotations

from datetime import datetime, tzinfo
from uuid import UUID

from schemas.instants import Precision
from schemas.kpis import KpiValue
from schemas.views import ContactView, ResponseView

NONE = "\N{EN DASH}"
UNKNOWN = "Unknown"
_MINUS = "\N{MINUS SIGN}"
_NAMES = {
    "sms": "SMS",
    "qr": "QR",
    "email": "E-mail",
    "roi": "ROI",
}


def plain(name: str) -> str:
    """A name of the system's own as people write it: ``web_form`` as Web form."""
    if not name:
        return UNKNOWN
    said = _NAMES.get(name, name.replace("_", " "))
    return said[:1].upper() + said[1:]


def number(value: float | None) -> str:
    """A count or a sum."""
    if value is None:
        return NONE
    whole = float(value).is_integer()
    return f"{value:,.0f}" if whole else f"{value:,.2f}"


def share(value: float | None) -> str:
    """A ratio in percent."""
    return NONE if value is None else f"{value:.1%}".replace("%", " %")


def points(value: float | None) -> str:
    """A difference between two ratios, with its sign."""
    if value is None:
        return NONE
    return f"{signed(f'{abs(value) * 100:.1f}', value)} pts"


def signed(text: str, value: float) -> str:
    """A size with the sign of a value."""
    return ("+" if value > 0 else _MINUS if value < 0 else "±") + text


def parts_of(kpi: KpiValue) -> str:
    """What a KPI was counted from."""
    if kpi.n is not None:
        return f"n = {kpi.n:,}"
    if kpi.denominator is None:
        return "sum"
    return f"{number(kpi.numerator)} of {number(kpi.denominator)}"


def value_of(name: str, kpi: KpiValue) -> str:
    """A KPI's value: ratios in percent, costs and sums as they are."""
    if kpi.value is None:
        return NONE
    if kpi.denominator is None or name.startswith("cost_per") or name.endswith("per_visit"):
        return number(kpi.value)
    return share(kpi.value)


def moment(at: datetime, precision: str, zone: tzinfo) -> str:
    """A moment in the workspace's time zone; a date where no more is known."""
    if precision == Precision.DAY.value:
        return f"{at:%Y-%m-%d}"
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def short_id(name: UUID | str) -> str:
    """Enough of an id to tell it from its neighbors."""
    return str(name)[:8]


def name_of_contact(contact: ContactView) -> str:
    """What a contact is called: by name, address, or id."""
    names = " ".join(filter(None, (contact.first_name, contact.last_name)))
    known = (names, *contact.email, contact.telephone, contact.mobile)
    return next((text for text in known if text), f"Contact {short_id(contact.contact_id)}")


def name_of_responder(response: ResponseView, contact: ContactView | None) -> str:
    """Who responded: the record, else what the person told, else what little is known."""
    if contact is not None:
        return name_of_contact(contact)
    told = response.contact
    names = " ".join(str(told[n]) for n in ("first_name", "last_name") if told.get(n))
    others = (told.get(n) for n in ("company_name", "email", "telephone", "fax"))
    for text in (names, *others):
        if isinstance(text, str) and text:
            return text
    return "Anonymous visitor" if response.visitor_id else "Unknown person"
