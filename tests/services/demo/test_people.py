"""The simulated people, and the facts told about them."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from uuid import UUID

from schemas.catalogue import load_all
from services.demo.offer_facts import OfferFacts, Sent
from services.demo.people import Machine, Outcome, Texting, all_people, person

STARTED = 1_790_000_000_000
PEOPLE = list(all_people())
DOCUMENTATION = [ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
SENT = Sent(
    metadata={"ab_recipient": str(UUID(int=1)), "ab_message": str(UUID(int=2))},
    message_id=str(UUID(int=2)),
    activity_id=UUID(int=3),
    content_version_id=UUID(int=4),
)


def facts_of(number: int) -> list[object]:
    told, who = OfferFacts(STARTED), person(number)
    return [
        told.contact(who),
        *told.mail_notices(who, SENT),
        *told.mail_answers(who, SENT),
        *told.text_notices(who, SENT),
        *told.text_back(who),
        *told.call(who),
        *(told.form_visit(who, UUID(int=5)) if who.visits_form else ()),
    ]


def test_people_are_the_same_in_every_run():
    assert list(all_people()) == PEOPLE


def test_people_do_not_share_addresses():
    for name in ("email", "mobile", "contact_id", "visitor_id"):
        assert len({getattr(p, name) for p in PEOPLE}) == len(PEOPLE)


def test_people_have_addresses_that_belong_to_nobody():
    for p in PEOPLE:
        assert p.email.endswith("@example.com")
        assert re.fullmatch(r"\+447700900\d{3}|\+120255501\d{2}", p.mobile)
        assert any(ip_address(p.browser.address) in network for network in DOCUMENTATION)


def test_people_show_every_kind_of_behavior():
    assert {p.machine for p in PEOPLE} == {None, *Machine}
    assert {p.outcome for p in PEOPLE} == set(Outcome)
    assert {p.texting for p in PEOPLE} == {None, *Texting}
    assert sum(p.texting is Texting.STOP for p in PEOPLE) == 1
    assert sum(p.opens_as_human for p in PEOPLE) > 100
    assert sum(p.sends_form for p in PEOPLE) > 20


def test_people_act_in_an_order_that_makes_sense():
    for p in PEOPLE:
        if p.outcome is not Outcome.DELIVERED:
            assert (p.machine, p.opens_with, p.answer, p.complains) == (None, None, None, False)
        assert not p.clicks or p.opens_with
        assert not p.visits_form or p.clicks
        assert not p.sends_form or p.visits_form
        assert not (p.clicks and p.machine is Machine.LINK_CHECKER)


def test_facts_fit_the_catalogue_and_repeat_themselves():
    catalogue = load_all()
    for p in PEOPLE:
        facts = facts_of(p.number)
        assert facts == facts_of(p.number)
        for fact in facts:
            data = dict(fact.data)
            if data.pop("ab_message", None):
                data["message_id"] = str(UUID(int=2))
            catalogue.newest(fact.type).model.model_validate(data)


def test_facts_have_ids_of_their_own():
    ids = [fact.id for p in PEOPLE for fact in facts_of(p.number)]
    assert len(ids) == len(set(ids))
