"""The six rules that the domain specification gives as examples."""

from __future__ import annotations

from typing import Any
from uuid import UUID

TRADE_SHOW = UUID(int=11)
CUSTOMERS = UUID(int=12)
LISTS = {"trade-show-2026": TRADE_SHOW, "customers": CUSTOMERS}


def _is(name: str, value: Any, op: str = "eq", key: str = "field") -> dict[str, Any]:
    return {key: name, "op": op, "value": value}


def _did(kind: str, op: str = "ge", n: int = 1, last: str = "", **more: Any) -> dict[str, Any]:
    window = {"within": {"last": last}} if last else {}
    return {"did": kind, "count": {"op": op, "n": n}, **window, **more}


def _none(relation: str, where: dict[str, Any]) -> dict[str, Any]:
    return {"has": relation, "where": where, "count": {"op": "eq", "n": 0}}


def _rule(member: str, zone: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "member": member, "tz": zone, "where": {"all": list(parts)}}


def _rises(path: str) -> dict[str, Any]:
    return {"trend": path, "over": "P12M", "op": "rising", "by": 10, "unit": "percent"}


_BOUGHT = {"has": "orders", "where": {"all": [_is("category", "implementation"),
                                              _is("status", "fulfilled")]}}  # fmt: skip
_WON = _is("state", 1)
_WEBINAR = {"where": [_is("webinar_id", "w-42", key="prop")]}

GROWING = _rule("account", "Europe/Warsaw", _BOUGHT,
                _none("contracts", _is("kind", "service")),
                {"any": [_rises("employees"), _rises("annual_revenue")]})  # fmt: skip
PRICING = _rule("contact", "UTC",
                _did("email.clicked", n=2, last="P7D",
                     where=[_is("link_group", "pricing", key="prop")]),
                _did("form.submitted", "eq", 0, "P30D"))  # fmt: skip
ABSENT = _rule("lead", "Asia/Tehran", {"did": "webinar.registered", **_WEBINAR},
               {"not": {"did": "webinar.attended", **_WEBINAR}})  # fmt: skip
FORMER = _rule(
    "contact", "UTC",
    {"has": "opportunities", "where": {"all": [_WON, _is("actual_close", "P1Y", "older_than")]}},
    _none("opportunities", {"all": [_WON, _is("actual_close", "P1Y", "younger_than")]}),
    _none("cases", _is("state", 0)),
    {"consent": "email", "purpose": "marketing", "is": "granted"},
)  # fmt: skip
REGIONS = _rule(
    "lead", "UTC", _is("region", ["PL-14", "PL-12"], "in"), {"in_list": "trade-show-2026"},
    {"not": {"in_list": "customers", "as_of": "2026-01-01T00:00:00Z"}},
    {"score": "engagement", "op": "ge", "value": 40},
)  # fmt: skip
_SILENT = {"all": [_did("email.delivered", n=3, last="P60D"),
                   _did("email.clicked", "eq", 0, "P60D")]}  # fmt: skip
SILENT = _rule(
    "account", "UTC",
    {"has": "contacts", "where": _SILENT, "count": {"op": "ge", "n": 3}},
    _none("contacts", {"has": "responses",
                       "where": _is("occurred_at", "P60D", "younger_than")}),
)  # fmt: skip
EXAMPLES = {
    "growing": GROWING, "pricing": PRICING, "absent": ABSENT, "former": FORMER,
    "regions": REGIONS, "silent": SILENT,
}  # fmt: skip
