"""From a row's values to the fact it stands for, under ids that follow from the row alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from schemas.ids import message_id, named_id, response_id
from schemas.instants import DAY, EARLIEST, Precision, format_instant
from services.commands.responses import CHANNEL_OF_TYPE, PERSONAL
from services.importing.cells import Moment
from services.importing.cloudevent import CloudEvent
from services.importing.fields import ATTRIBUTE, ATTRIBUTED, Recipe
from services.importing.kinds import Kind
from services.importing.mapping import Mapping
from services.importing.plan import Told

Values: TypeAlias = "dict[str, Any]"
_AHEAD = 5 * 60_000
_LONGEST_NAME = 300

# Dynamics writes these as integers (domain specification, section 3.3).
_CODES = {"1": "interested", "2": "not_interested", "3": "do_not_send", "4": "error"}
_CHANNELS = {
    "1": "email", "2": "phone", "3": "fax", "4": "letter", "5": "appointment", "6": "others",
}  # fmt: skip
# A converted response comes without its sales record, so here it is only closed.
_STATUSES = {"0": "new", "1": "closed", "2": "canceled", "converted": "closed"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Makes the facts of one file. A fault in a row's values is told, never raised."""

    recipe: Recipe
    mapping: Mapping
    batch: UUID
    now: int

    def make(self, values: Values) -> tuple[CloudEvent | None, list[Told]]:
        """The fact, or why there is none."""
        kind = values.get("event", self.recipe.types[0])
        if kind not in self.recipe.types:
            words = f"{kind[:60]!r} is none of {', '.join(self.recipe.types)}."
            return None, [Told("event", words)]
        moment: Moment | None = values.get("occurred_at", values.get("received_at"))
        told = [*_outside(self._time_field, moment, self.now), *_MISSING[self.recipe.kind](values)]
        name = self._name(kind, values, moment)
        if len(name) > _LONGEST_NAME:
            told.append(Told(self._named_by, "It is too long for a name: shorten it."))
        if told:
            return None, told
        data = self._data(values)
        _COMPLETE[self.recipe.kind](data, values, self.mapping, name)
        return self._event(kind, name, moment, data, _subject(self.recipe.kind, values)), []

    @property
    def _time_field(self) -> str:
        return "received_at" if self.recipe.kind == "responses" else "occurred_at"

    @property
    def _named_by(self) -> str:
        return "order_id" if self.recipe.kind == "orders" else "id"

    def _name(self, kind: str, values: Values, moment: Moment | None) -> str:
        """What the source calls the fact: the same row is named alike in every file."""
        own = values.get(self._named_by)
        if own is None and "provider_message_id" in values:
            own = f"{values.get('provider')}:{values['provider_message_id']}"
        if own is None:
            own = _digest(values)
        # What is told of a record again and again is named by its moment too.
        later = self.recipe.kind in ATTRIBUTED and kind != self.recipe.types[0]
        at = f":{moment.at}" if later and moment is not None else ""
        return f"{self.recipe.kind}:{self.mapping.source}:{own}:{kind}{at}"

    def _data(self, values: Values) -> Values:
        data: Values = {}
        for name, value in values.items():
            field = self.recipe.field(name)
            if field is not None and field.place:
                own = name.startswith(ATTRIBUTE)
                _put(data, field.place.split("/")[1:], _number(value) if own else _plain(value))
        return data

    def _event(
        self, kind: str, name: str, moment: Moment | None, data: Values, subject: str | None
    ) -> CloudEvent:
        campaign = data.get("campaign_id")
        precise = moment is None or moment.precision is Precision.MILLISECOND
        return CloudEvent(
            id=name,
            source=f"/import/{self.recipe.kind}",
            type=kind,
            time=None if moment is None else format_instant(moment.at),
            data=data,
            subject=subject,
            precision=None if precise or moment is None else moment.precision.value,
            batch=self.batch,
            campaign=UUID(campaign) if campaign else None,
        )


def _subject(kind: Kind, values: Values) -> str | None:
    """The record that a row is about, as the door reads it; none where an address says who."""
    if kind in _OWN_RECORD:
        return f"{_OWN_RECORD[kind]}:{values['id']}"
    named = ("contact",) if kind == "responses" else ("contact", "account")
    return next((f"{name}:{values[name]}" for name in named if name in values), None)


_OWN_RECORD: dict[Kind, str] = {"contacts": "contact", "accounts": "account", "leads": "lead"}


def _put(data: Values, path: list[str], value: Any) -> None:
    """Put a value in its place; what lies under a number is an item of a list."""
    *holders, last = path
    if last.isdigit():
        *holders, last = holders
    for step in holders:
        data = data.setdefault(step, {})
    if path[-1].isdigit():
        data.setdefault(last, []).append(value)
    else:
        data[last] = value


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


def _number(value: Any) -> Any:
    """A record's own number as JSON has it, for rules to compare."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _digest(values: Values) -> str:
    """A name for a row that has none (R5); the number of the import is not part of it."""
    told = {
        name: [value.at, value.precision] if isinstance(value, Moment) else _plain(value)
        for name, value in values.items()
        if name != "import_no"
    }
    content = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _outside(field: str, moment: Moment | None, now: int) -> list[Told]:
    """The door would believe no such time, and put the moment of the import in its place."""
    if moment is None:
        return []
    ahead = DAY if moment.precision is Precision.DAY else _AHEAD
    if EARLIEST <= moment.at <= now + ahead:
        return []
    text = format_instant(moment.at)
    return [Told(field, f"{text} does not lie between the year 2000 and now: correct it.")]


# What must be there, beyond the fields that every row must have


def _record_missing(values: Values) -> list[Told]:
    if not values.get("event", ".created").endswith(".created") and "occurred_at" not in values:
        return [Told("occurred_at", "Say when that was.")]
    return []


def _account_missing(values: Values) -> list[Told]:
    told = _record_missing(values)
    if "annual_revenue" not in values:
        beside = [name for name in ("currency", "rate") if name in values]
        told += [Told(name, "It belongs to annual_revenue, which is empty.") for name in beside]
    return told


def _order_missing(values: Values) -> list[Told]:
    if "contact" in values and "account" in values:
        return [Told("account", "Name one record; contact is named too.")]
    return [] if "account" in values else _person_missing(values)


def _sends_missing(values: Values) -> list[Told]:
    if values.get("event", "email.sent") == "email.sent" and "address" not in values:
        return [Told("address", "It is empty: say where the mail was sent.")]
    return _person_missing(values)


def _person_missing(values: Values) -> list[Told]:
    if "contact" in values or "address" in values:
        return []
    return [Told("contact", "Say whose it is: contact, or address.")]


def _responses_missing(values: Values) -> list[Told]:
    told = []
    records = [name for name in ("contact", "account", "lead") if name in values]
    if len(records) > 1:
        told.append(Told(records[1], f"Name one record; {records[0]} is named too."))
    if not (records or "visitor_id" in values or any(name in values for name in PERSONAL)):
        who = ", ".join(("account", "lead", "visitor_id", *PERSONAL))
        told.append(Told("contact", f"Say who responded: contact, or any of {who}."))
    return told


_MISSING: dict[str, Callable[[Values], list[Told]]] = {
    "contacts": _record_missing,
    "accounts": _account_missing,
    "leads": _record_missing,
    "sends": _sends_missing,
    "orders": _order_missing,
    "responses": _responses_missing,
}


# What follows from the values


def _complete_record(data: Values, values: Values, mapping: Mapping, name: str) -> None:
    changes = data.setdefault("changes", {})
    revenue = changes.get("annual_revenue")
    if revenue is not None and mapping.currency is not None:
        revenue.setdefault("currency", mapping.currency)


def _complete_lead(data: Values, values: Values, mapping: Mapping, name: str) -> None:
    data.setdefault("changes", {})
    data.setdefault("status", _LEAD_STATUSES.get(values.get("event", ""), 1))


# What a lead is after a step, in Dynamics' integers, where the file does not say it.
_LEAD_STATUSES = {"lead.contacted": 2, "lead.disqualified": 4}


def _complete_send(data: Values, values: Values, mapping: Mapping, name: str) -> None:
    contact = values.get("contact")
    activity = UUID(values["activity_id"])
    if contact is not None:
        own = message_id(activity, UUID(contact), values.get("attempt", 1))
    else:  # a message to nobody we know by more than an address
        own = named_id(activity, name)
    data.setdefault("message_id", str(own))


def _complete_order(data: Values, values: Values, mapping: Mapping, name: str) -> None:
    if mapping.currency is not None:
        data["total"].setdefault("currency", mapping.currency)


def _complete_response(data: Values, values: Values, mapping: Mapping, name: str) -> None:
    kind = data.setdefault("type", "other")
    channel = values.get("ab_channel") or values.get("channel") or CHANNEL_OF_TYPE.get(kind)
    data["channel"] = _CHANNELS.get(channel or "", channel)
    data.setdefault("subject", f"Response: {kind}"[:200])
    data["source"] = "import"
    data["response_id"] = str(
        response_id(mapping.source, UUID(values["campaign_id"]), "import", name)
    )
    moment: Moment = values["received_at"]
    data |= {"received_at": format_instant(moment.at), "precision": moment.precision.value}
    _translate(data, values)
    record = next((n for n in ("contact", "account", "lead") if n in values), None)
    if record is not None:
        data["customer"] = {"kind": record, "id": values[record]}


def _translate(data: Values, values: Values) -> None:
    """Codes and statuses in Dynamics' integers, or in our words."""
    if "code" in values:
        data["code"] = _CODES.get(values["code"], values["code"])
        if values["code"] == "1":
            # Dynamics' form preselects it, so nobody may have meant it.
            data["classified_by"] = "import"
    if "status" in values:
        data["status"] = _STATUSES.get(values["status"], values["status"])


_COMPLETE: dict[str, Callable[[Values, Values, Mapping, str], None]] = {
    "contacts": _complete_record,
    "accounts": _complete_record,
    "leads": _complete_lead,
    "sends": _complete_send,
    "orders": _complete_order,
    "responses": _complete_response,
}
