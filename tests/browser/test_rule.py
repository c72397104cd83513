"""The rule builder in a browser, against a server of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.test_page import PATIENCE, log_in

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def list_id(site: Site, campaign: str) -> str:
    """A list without a rule; Ada is a contact of the workspace."""
    said = {"name": "Lovely", "kind": "dynamic", "member_type": "contact"}
    return str(site.command("/lists", said)["list_id"])


def test_a_rule_is_built_tried_and_published(page: Page, site: Site, list_id: str) -> None:
    log_in(page, site)
    page.goto(f"{site.address}/lists/{list_id}")
    page.get_by_role("link", name="Change the rule").click()
    known = page.locator("form[data-clause=field]")
    known.get_by_label("Field").fill("attributes.size")
    known.get_by_label("Condition").select_option("ge")
    known.get_by_label("Value").fill("40")
    known.get_by_text("the opposite").click()
    known.get_by_role("button", name="Add").click()
    did = page.locator("form[data-clause=event]")
    did.get_by_label("Event").fill("email.clicked")
    did.get_by_label("How often").select_option("eq")
    did.get_by_label("Times").fill("0")
    did.get_by_label("In the last days").fill("30")
    did.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="In words").click()
    expect(page.locator("#rule-says")).to_contain_text("attributes.size", timeout=PATIENCE)
    page.get_by_role("button", name="What would change?").click()
    told = page.locator("#rule-change")
    # What size is known of nobody, and what is unknown is no opposite either.
    expect(told).to_have_text("1 looked at: 0 would be members; 0 would join, 0 would leave.",
                              timeout=PATIENCE)  # fmt: skip
    page.locator("#rule-text").fill(
        page.locator("#rule-text").input_value().replace("attributes.size", "city")
        .replace('"ge"', '"not_null"').replace(',\n          "value": 40', "")
    )  # fmt: skip
    page.get_by_role("button", name="What would change?").click()
    expect(told).to_have_text("1 looked at: 1 would be members; 1 would join, 0 would leave.",
                              timeout=PATIENCE)  # fmt: skip
    page.get_by_role("button", name="Publish").click()
    expect(told).to_contain_text("Published as version 1", timeout=PATIENCE)
    rule = site.read(f"/lists/{list_id}/rule")["rule"]
    assert rule["where"]["all"][1] == {
        "did": "email.clicked", "count": {"op": "eq", "n": 0}, "within": {"last": "P30D"},
    }  # fmt: skip
    page.goto(f"{site.address}/lists/{list_id}")
    expect(page.locator("#members")).to_contain_text("00000000", timeout=2 * PATIENCE)


def test_what_is_wrong_with_a_rule_is_said(page: Page, site: Site, list_id: str) -> None:
    log_in(page, site)
    page.goto(f"{site.address}/lists/{list_id}/rule")
    text = page.locator("#rule-text")
    text.fill('{"v": 1, "member": "contact", "tz": "UTC", "where": {"field": "shoe", "op": "eq"}}')
    page.get_by_role("button", name="In words").click()
    expect(page.get_by_role("alert")).to_contain_text("/where/field", timeout=PATIENCE)
    text.fill("{")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("no JSON", timeout=PATIENCE)


def test_a_phone_needs_no_sideways_scrolling(page: Page, site: Site, list_id: str) -> None:
    log_in(page, site)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site.address}/lists/{list_id}/rule")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
