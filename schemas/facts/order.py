"""What people bought and signed."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Code, Money, Timestamp
from schemas.payload import Payload


@event("order.placed", "order.canceled", origin=Topic.FACTS)
class OrderNoted(Payload):
    """An order was placed, or taken back."""

    JOURNAL: ClassVar[dict[str, str]] = {"money": "total", "reason": "category"}

    order_id: Code
    product_id: Code
    category: Code
    total: Money
    status: Code | None = None
    address: Addr | None = None
    promotion_code: Code | None = None


@event("contract.signed", "contract.ended", origin=Topic.FACTS)
class ContractNoted(Payload):
    """A contract was signed, or ended."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "kind"}

    contract_id: Code
    kind: Code
    signed_at: Timestamp
    valid_to: Timestamp | None = None
    address: Addr | None = None


@event("promo_code.redeemed", origin=Topic.FACTS)
class PromotionCodeRedeemed(Payload):
    """A promotion code was used with an order (R19)."""

    JOURNAL: ClassVar[dict[str, str]] = {"money": "amount", "reason": "code"}

    code: Code
    order_id: Code
    amount: Money
    campaign_id: UUID | None = None
    address: Addr | None = None
