"""The small types that payloads are made of, and the marks that say what is sealed at the edge."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from schemas.instants import format_instant, from_datetime, parse_instant, to_datetime


class Mark(Enum):
    """What the edge does to a field before it is stored (R36)."""

    ADDRESS = "address"  # clear text becomes {hash, sealed, country?}
    ADDRESS_HASH = "address_hash"  # clear text becomes its keyed hash; nothing else is kept
    SEALED = "sealed"  # any JSON value becomes {"$s": key id, "v": cipher text}


class Model(BaseModel):
    """An open, immutable record: unknown fields are kept, since schemas only ever grow."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=False)


class Changes(Model):
    """New values of an object's fields: an absent one is unchanged, a null one is emptied."""

    @model_serializer(mode="wrap")
    def _with_emptied(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Payloads are written without their unset fields, which drops every null. Here a null that
        # was said is news.
        emptied = {
            name: None for name in sorted(self.model_fields_set) if getattr(self, name) is None
        }
        return {**write(self), **emptied}


class StoredAddress(Model):
    """An address at rest: a keyed hash for matching, cipher text for those who may read it."""

    hash: str = Field(pattern="^[0-9a-f]{64}$")
    sealed: SealedValue | None = None
    country: str | None = None


class SealedValue(Model):
    """Cipher text under the subject's own key."""

    key_id: str = Field(alias="$s", min_length=1, max_length=64)
    value: str = Field(alias="v")


def _instant(value: object) -> object:
    if isinstance(value, str):
        return to_datetime(parse_instant(value))
    return value


def _text(moment: datetime) -> str:
    return format_instant(from_datetime(moment))


def _plain(value: Decimal) -> str:
    """Without an exponent, which not every reader of decimals takes."""
    return format(value, "f")


Addr = Annotated[str | StoredAddress, Mark.ADDRESS]
AddrHash = Annotated[str, Mark.ADDRESS_HASH]
SealedText = Annotated[str | SealedValue, Mark.SEALED]
SealedMap = Annotated[SealedValue | dict[str, Any], Mark.SEALED]
Timestamp = Annotated[datetime, BeforeValidator(_instant), PlainSerializer(_text, return_type=str)]
LinkId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(max_length=200)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Decimal4 = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=4, allow_inf_nan=False),
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
Rate = Annotated[
    Decimal,
    Field(gt=0, max_digits=20, decimal_places=10),
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # what JSON and columns can hold
Line = Literal["cellular", "landline", "unknown"]


LARGEST_AMOUNT = Decimal("99999999999999.9999")
_SMALLEST_PART = Decimal("0.0001")


def column_amount(amount: Decimal) -> Decimal:
    """An amount as columns hold it: four decimals, and sums beyond the largest amount are cut."""
    return max(-LARGEST_AMOUNT, min(LARGEST_AMOUNT, amount)).quantize(_SMALLEST_PART)


class Money(Model):
    """An amount in a currency, with its rate to the workspace's base currency at that moment."""

    amount: Decimal4
    currency: Currency
    rate: Rate = Decimal(1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if abs(self.in_base) > LARGEST_AMOUNT:
            raise ValueError(f"In the base currency an amount is {LARGEST_AMOUNT} at most.")
        return self

    @property
    def in_base(self) -> Decimal:
        """The amount in the workspace's base currency."""
        return self.amount * self.rate


class Ref(Model):
    """A pointer to a record."""

    kind: Annotated[str, Field(pattern="^[a-z_]{1,40}$")]
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


class Hit(Model):
    """What is known about the request behind an interaction, kept for good for re-judging."""

    ip: str = ""
    country: str = ""
    asn: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    ip_lists: tuple[str, ...] = ()
    method: Annotated[str, Field(max_length=16)] = "GET"
    user_agent: Annotated[str, Field(max_length=1024)] = ""
    headers: dict[str, Annotated[str, Field(max_length=512)]] = Field(
        default_factory=dict, max_length=32
    )


class Prop(Model):
    """One condition on an event's payload; a missing value is never true."""

    prop: Annotated[str, Field(min_length=1, max_length=200)]
    op: Literal[
        "eq", "ne", "lt", "le", "gt", "ge", "in", "between",
        "contains", "starts_with", "is_null", "not_null",
    ]  # fmt: skip
    value: Any = None


StoredAddress.model_rebuild()
