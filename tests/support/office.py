"""A marketer's whole day on a small world: the API, the read models, and distributions by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.api.desk import Desk
from services.distribution.running import Distributions
from services.parts import Parts
from tests.services.api.caller import Caller, decisions
from tests.support import campaign as c
from tests.support.listed import settle
from tests.support.parts import make_keys, make_parts
from tests.support.world import World

ANN, BOB, CAT = c.person(1), c.person(2), c.person(3)


class Office:
    """Commands over the API, on a world whose sinks are run whenever something is awaited."""

    def __init__(self, world: World, **parts: Any) -> None:
        self.world = world
        self.parts: Parts = make_parts(
            log=world.log, clock=world.clock, sealer=world.sealer, composer=world.composer,
            reads=world.reads(), **parts,
        )  # fmt: skip
        self.caller = Caller(self.parts, make_keys(self.parts).admin)
        self.distributions = self.another_process()

    def another_process(self) -> Distributions:
        """What goes on with distributions in one more process, or after a restart."""
        return Distributions(self.parts, Desk(self.parts).commander)

    # What marketers do

    def static_list(self, *members: Any, name: str = "Chosen", kind: str = "contact") -> str:
        """A list of some records."""
        said = {"name": name, "kind": "static", "member_type": kind}
        list_id: str = self.caller.done("/lists", said)["list_id"]
        if members:
            put = {"members": [str(one) for one in members], "member_type": kind}
            self.caller.done(f"/lists/{list_id}/members", put)
        settle(self.world)
        return list_id

    def launched(self, list_id: str, channel: str = "email", **fields: Any) -> tuple[str, str]:
        """A campaign under way, and its activity that is for a list."""
        campaign: str = self.caller.campaign()["campaign_id"]
        content = self.caller.done("/registries/content_version", {"name": "Letter"})
        activity: str = self.caller.activity(
            campaign, channel=channel, list_ids=[list_id],
            content_version_id=content["content_version_id"], **fields,
        )["activity_id"]  # fmt: skip
        self.caller.done(f"/activities/{activity}/schedule")
        self.caller.done(f"/campaigns/{campaign}/approve")
        self.caller.done(f"/campaigns/{campaign}/launch")
        return campaign, activity

    def distribute(self, activity: str, **said: Any) -> dict[str, Any]:
        """Distribute an activity and see it through; answers how it went."""
        self.begin(activity, **said)
        self.see_through()
        return self.progress(activity)

    def begin(self, activity: str, **said: Any) -> None:
        """Distribute an activity; nothing is decided on yet."""
        settle(self.world)
        self.caller.done(f"/activities/{activity}/distribute", said)
        settle(self.world)

    def see_through(self) -> None:
        """Decide on everything that is left."""
        settle(self.world)
        while self.distributions.turn():
            settle(self.world)

    def progress(self, activity: str) -> dict[str, Any]:
        """How far a distribution is."""
        told: dict[str, Any] = self.caller.get(f"/activities/{activity}/distribution").json()
        return told

    def figures(self, campaign: str) -> dict[str, tuple[Any, Any]]:
        """The KPIs of a campaign: numerator and denominator."""
        told = self.caller.get(f"/campaigns/{campaign}/kpis").json()
        (group,) = told["data"]
        kpis = group["kpis"].items()
        return {name: (one.get("numerator"), one.get("denominator")) for name, one in kpis}

    # What happens to people

    def met(self, number: int, **fields: Any) -> None:
        """Somebody comes to be known, with an address unless told otherwise."""
        said = {"email": [c.address(number)], "city": "Gdynia", **fields}
        data = {"id": str(c.person(number)), "changes": {k: v for k, v in said.items() if v}}
        name = f"met {number} {self.world.clock()}"
        self.world.append(self.world.fact("contact.created", data, name))

    def heard(self, kind: str, number: int, **data: Any) -> None:
        """A fact about somebody."""
        name = f"{kind} {number} {self.world.clock()}"
        record = self.world.fact(kind, data, name, recipient=c.person(number))
        self.world.append(record)


def people(office: Office, *numbers: int) -> list[UUID]:
    """Some people, known from now on."""
    for number in numbers:
        office.met(number)
    return [c.person(number) for number in numbers]


def told(office: Office, kind: str) -> list[Any]:
    """The payloads of all decisions of a type."""
    return [payload for event, payload in decisions(office.parts) if event.type == kind]
