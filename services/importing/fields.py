"""The fields of each kind of file: what they are read as, and where in the fact they go."""

from __future__ import annotations

from dataclasses import dataclass

from services.importing.cells import Reads
from services.importing.kinds import Kind

ATTRIBUTE = "attributes."
ATTRIBUTED: frozenset[Kind] = frozenset(("contacts", "accounts", "leads"))


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``place`` is a JSON Pointer into the data; empty where ``facts`` decides."""

    name: str
    reads: Reads = Reads.TEXT
    place: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """What rows of a kind become: an event type of ``types``, the first if the row names none."""

    kind: Kind
    types: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of a name; a record's own attributes may have any."""
        if self.kind in ATTRIBUTED and len(name) > len(ATTRIBUTE) and name.startswith(ATTRIBUTE):
            return Field(name, place=f"/changes/{ATTRIBUTE[:-1]}/{name[len(ATTRIBUTE) :]}")
        return next((field for field in self.fields if field.name == name), None)


def _texts(at: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, place=f"{at}/{name}") for name in names)


def _numbers(at: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Reads.INTEGER, f"{at}/{name}") for name in names)


_CONTACTS = Recipe("contacts", ("contact.created", "contact.changed"), (
    Field("id", Reads.CONTACT, "/id", required=True),
    Field("event"),
    Field("occurred_at", Reads.TIME),
    *_texts("/changes", "first_name", "last_name", "telephone", "mobile", "fax"),
    Field("email", place="/changes/email/0"),
    Field("email2", place="/changes/email/1"),
    Field("email3", place="/changes/email/2"),
    *_texts("/changes", "city", "region", "country"),
    Field("account", Reads.ACCOUNT, "/changes/account_id"),
    *_numbers("/changes", "state", "preferred_channel"),
))  # fmt: skip

_ACCOUNTS = Recipe("accounts", ("account.created", "account.changed"), (
    Field("id", Reads.ACCOUNT, "/id", required=True),
    Field("event"),
    Field("occurred_at", Reads.TIME),
    *_texts("/changes", "name", "number", "city", "region", "country"),
    *_numbers("/changes", "industry", "employees", "state"),
    Field("annual_revenue", Reads.NUMBER, "/changes/annual_revenue/amount"),
    Field("currency", place="/changes/annual_revenue/currency"),
    Field("rate", Reads.NUMBER, "/changes/annual_revenue/rate"),
    Field("primary_contact", Reads.CONTACT, "/changes/primary_contact_id"),
))  # fmt: skip

_LEADS = Recipe("leads", ("lead.created", "lead.changed", "lead.contacted", "lead.disqualified"), (
    Field("id", Reads.LEAD, "/lead_id", required=True),
    Field("event"),
    Field("occurred_at", Reads.TIME),
    Field("status", Reads.INTEGER, "/status"),
    Field("campaign_id", Reads.UUID, "/campaign_id"),
    Field("response_id", Reads.UUID, "/response_id"),
    Field("contact", Reads.CONTACT, "/changes/contact_id"),
    Field("account", Reads.ACCOUNT, "/changes/account_id"),
    *_texts("/changes", "subject", "company_name", "city", "region", "country"),
    *_numbers("/changes", "source", "quality"),
))  # fmt: skip

_SENDS = Recipe("sends", ("email.sent", "sms.sent", "push.sent"), (
    Field("id"),
    Field("event"),
    Field("occurred_at", Reads.TIME, required=True),
    Field("contact", Reads.CONTACT),
    Field("attempt", Reads.INTEGER),
    Field("message_id", Reads.UUID, "/message_id"),
    Field("activity_id", Reads.UUID, "/activity_id", required=True),
    Field("content_version_id", Reads.UUID, "/content_version_id", required=True),
    Field("provider", place="/provider", required=True),
    Field("provider_message_id", place="/provider_message_id", required=True),
    Field("address", place="/address"),
))  # fmt: skip

_ORDERS = Recipe("orders", ("order.placed", "order.canceled"), (
    Field("event"),
    Field("occurred_at", Reads.TIME, required=True),
    Field("contact", Reads.CONTACT),
    Field("account", Reads.ACCOUNT),
    Field("order_id", place="/order_id", required=True),
    *(Field(name, place=f"/{name}", required=True) for name in ("product_id", "category")),
    Field("status", place="/status"),
    Field("total", Reads.NUMBER, "/total/amount", required=True),
    Field("currency", place="/total/currency"),
    Field("rate", Reads.NUMBER, "/total/rate"),
    *_texts("", "address", "promotion_code"),
))  # fmt: skip

_RESPONSES = Recipe("responses", ("response.captured",), (
    Field("id"),
    Field("received_at", Reads.TIME, required=True),
    Field("campaign_id", Reads.UUID, "/campaign_id", required=True),
    Field("activity_id", Reads.UUID, "/activity_id"),
    *_texts("", "type", "channel", "subject", "code", "status"),
    Field("ab_channel"),
    Field("contact", Reads.CONTACT),
    Field("account", Reads.ACCOUNT),
    Field("lead", Reads.LEAD),
    Field("visitor_id", Reads.UUID, "/visitor_id"),
    *_texts("", "first_name", "last_name", "company_name", "email", "telephone", "fax"),
    *_texts("", "country", "description"),
    Field("import_no", Reads.INTEGER, "/import_no"),
))  # fmt: skip

RECIPES: dict[Kind, Recipe] = {
    recipe.kind: recipe for recipe in (_CONTACTS, _ACCOUNTS, _LEADS, _SENDS, _RESPONSES, _ORDERS)
}
