"""The specification's example from end to end: list, campaign, distribution, responses, KPIs.

Companies that bought an implementation, signed no service contract, and grow.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from schemas.ids import message_id, named_id
from tests.services.api.caller import decisions
from tests.support import campaign as c
from tests.support.clock import DAY, HOUR
from tests.support.example_rules import GROWING
from tests.support.listed import settle
from tests.support.office import Office


def company(number: int) -> UUID:
    return named_id("test", "company", number)


class Business:
    """What happens to companies; each has the contact of its number as its primary one."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.world = office.world

    def founded(self, number: int, employees: tuple[int, int]) -> None:
        """A company with so many people more than a year ago, and so many now."""
        self.office.met(number)
        long_ago = self.world.clock() - 400 * DAY
        contact = {"primary_contact_id": str(c.person(number)), "employees": employees[0]}
        self._about(number, "account.created", at=long_ago, id=company(number), changes=contact)
        now = {"employees": employees[1]}
        self._about(number, "account.changed", id=company(number), changes=now)

    def bought(self, number: int) -> None:
        total = {"amount": "9000", "currency": "EUR"}
        self._about(number, "order.placed", order_id=f"o{number}", product_id="erp",
                    category="implementation", status="fulfilled", total=total)  # fmt: skip

    def signed(self, number: int) -> None:
        signed_at = "2026-10-01T00:00:00Z"
        self._about(number, "contract.signed", contract_id=f"k{number}", kind="service",
                    signed_at=signed_at)  # fmt: skip

    def _about(self, number: int, event: str, at: int | None = None, **data: Any) -> None:
        said = {n: str(v) if isinstance(v, UUID) else v for n, v in data.items()}
        name = f"{event} {number} {self.world.clock()}"
        record = self.world.fact(event, said, name, at=at, recipient=company(number))
        self.world.append(record)


def on_list(office: Office, list_id: str) -> set[str]:
    settle(office.world)
    return {one["member"] for one in office.caller.get(f"/lists/{list_id}/members").json()["data"]}


def test_from_the_rule_to_the_figures(office: Office) -> None:
    business = Business(office)
    for number in (1, 2, 3):
        business.founded(number, employees=(100, 120))
        business.bought(number)
    business.founded(4, employees=(100, 101))  # does not grow
    business.bought(4)
    business.founded(5, employees=(100, 150))  # has signed
    business.bought(5)
    business.signed(5)
    business.founded(6, employees=(10, 20))  # has bought nothing
    said = {"name": "Growing", "kind": "dynamic", "member_type": "account"}
    list_id = office.caller.done("/lists", said)["list_id"]
    office.caller.done(f"/lists/{list_id}/rule", GROWING)
    office.world.clock.advance(6_000)
    growing = {str(company(n)) for n in (1, 2, 3)}
    assert on_list(office, list_id) == growing

    campaign, activity = office.launched(list_id)
    done = office.distribute(activity)
    assert (done["members"], done["prepared"], done["excluded"]) == (3, 3, {})
    (first,) = {p.list_clause for e, p in decisions(office.parts) if e.type == "message.prepared"}
    assert first.startswith("1:/where")

    handed_over(office, activity)
    office.world.clock.advance(HOUR)
    clicked(office, activity, 1)
    office.world.clock.advance(60_000)
    settle(office.world)
    figures = office.figures(campaign)
    assert figures["send_rate"] == (3, 3)
    assert figures["delivery_rate"] == (3, 3)
    assert figures["click_through_rate"] == (1, 3)
    assert figures["response_rate"] == (1, 3)
    (response,) = office.caller.get("/responses", campaign_id=campaign).json()["data"]
    assert (response["type"], response["customer"]) == ("click", f"contact:{c.person(1)}")

    # One signs, one comes, the list is gone: whom the campaign was for does not follow.
    office.world.clock.advance(DAY)
    business.signed(1)
    business.bought(6)
    assert on_list(office, list_id) == growing - {str(company(1))} | {str(company(6))}
    told = office.caller.get(f"/lists/{list_id}/members/{company(1)}/why").json()
    assert not told["is_member"]
    office.caller.done(f"/lists/{list_id}/deactivate")
    settle(office.world)
    assert office.figures(campaign) == figures
    assert office.progress(activity) == done
    assert all(table.equal for table in office.world.rebuilt())


def handed_over(office: Office, activity: str) -> None:
    """A sender takes the outbox, and the provider tells what became of it."""
    for one in office.caller.get(f"/activities/{activity}/outbox").json()["data"]:
        number = next(n for n in range(1, 7) if str(c.person(n)) == one["recipient"])
        assert one["message_id"] == str(message_id(UUID(activity), company(number)))
        named = {"message_id": one["message_id"], "provider": "p", "address": one["address"]}
        office.heard("email.sent", number, activity_id=activity, provider_message_id=f"m{number}",
                     content_version_id=one["content_version_id"], **named)  # fmt: skip
        office.heard("email.delivered", number, **named)


def clicked(office: Office, activity: str, number: int) -> None:
    message = message_id(UUID(activity), company(number))
    office.heard("email.clicked", number, message_id=str(message), link_id=c.LINKS[0],
                 link_kind="content", url="https://example.com/", hit=c.hit())  # fmt: skip
