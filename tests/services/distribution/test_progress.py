"""A campaign's page tells how far its distributions are."""

from __future__ import annotations

from tests.services.dashboard.test_lists import shown
from tests.support import campaign as c
from tests.support.office import Office, people


def test_progress_and_reasons_are_shown(office: Office) -> None:
    people(office, 1, 2)
    office.met(3, email=None)
    chosen = office.static_list(*(c.person(n) for n in (1, 2, 3)))
    campaign, activity = office.launched(chosen, subject="<b>Letter</b>")
    caller, parts = office.caller, office.parts
    here = f"/?campaign={campaign}"
    assert "Distributions" not in shown(caller, parts, here)
    office.begin(activity)
    text = shown(caller, parts, here)
    assert "&lt;b&gt;Letter" in text
    assert '<td data-label="Left">3</td>' in text
    office.see_through()
    part = shown(caller, parts, f"{here}&part=distributions")
    assert "<html" not in part
    assert "Done" in part
    assert '<td data-label="Prepared">2</td>' in part
    assert "No address: 1" in part
    assert '<td data-label="Left">0</td>' in part
    other = caller.campaign()["campaign_id"]
    assert "Distributions" not in shown(caller, parts, f"/?campaign={other}")
