"""The page in a browser, against a server of its own."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from schemas.clock import system_clock, system_random
from services.access_sqlite import SqliteAccess
from services.sessions import COOKIE, one_time_link
from tests.browser.conftest import ADA, OWNER, Site
from tests.support.served import Served

pytestmark = pytest.mark.slow
PATIENCE = 15_000


def log_in(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/")
    page.get_by_label("API key").fill(site.key)
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text("Live", timeout=PATIENCE)


def test_key_opens_the_page_and_logging_out_ends_the_session(
    page: Page, site: Site, campaign: str
) -> None:
    log_in(page, site)
    expect(page.get_by_role("heading", name="Campaigns", exact=True)).to_be_visible()
    row = page.locator(f"[data-key='compare-{campaign}']")
    expect(row).to_contain_text("Spring offer")
    row.get_by_role("link").click()
    plan = page.locator("table.plan")
    expect(plan).to_contain_text("15.0 %")
    expect(plan).to_contain_text("900 EUR")
    page.get_by_text("KPIs with what they were counted from").click()
    expect(page.locator("table.kpis").first).to_contain_text("budget_use0.0 %0 of 900")
    (cookie,) = [c for c in page.context.cookies() if c["name"] == COOKIE]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    held = {"Cookie": f"{COOKIE}={cookie['value']}"}
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    listed = f"{site.address}/api/v1/campaigns"
    assert httpx.get(listed, headers=held, trust_env=False).status_code == 401


def test_link_opens_the_page_once(page: Page, served: Served, site: Site) -> None:
    access = SqliteAccess(_access_file(served), system_clock, system_random)
    link = one_time_link(access, access.authenticate(site.key).key_id, site.address)
    access.close()
    page.goto(link)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#live")).to_have_text("Live", timeout=PATIENCE)
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not open the page")


def _access_file(served: Served) -> Path:
    return served.data / "access.db"


def test_new_response_appears_without_reload(page: Page, site: Site, campaign: str) -> None:
    log_in(page, site)
    page.evaluate("window.same = true")
    name = site.respond(campaign, first_name="Grace", last_name="Hopper", country="GB")
    row = page.locator(f"#response-{name}")
    expect(row).to_contain_text("Grace Hopper", timeout=PATIENCE)
    expect(page.locator("#breakdown")).to_contain_text("GB", timeout=PATIENCE)
    assert page.evaluate("window.same")  # still the document that was loaded


def test_response_is_worked_on_by_keyboard(page: Page, site: Site, campaign: str) -> None:
    name = site.respond(campaign, first_name="Kay", last_name="Board")
    log_in(page, site)
    row = page.locator(f"#response-{name}")
    expect(row).to_contain_text("New", timeout=PATIENCE)
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Review
    expect(row.locator(".badge")).to_have_text("Reviewed", timeout=PATIENCE)
    # The button is gone; the focus is on what opens the row's steps.
    expect(row.locator("summary")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("Tab")
    page.keyboard.type("Question")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Classify
    expect(row.locator("[data-label=Meaning]")).to_have_text("Question", timeout=PATIENCE)
    page.keyboard.press("Tab")
    page.keyboard.type(OWNER)
    page.keyboard.press("Enter")  # Assign
    expect(row.locator("[data-label=Owner]")).to_have_text(OWNER[:8], timeout=PATIENCE)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("answered")
    page.keyboard.press("Enter")  # Close
    expect(row.locator(".badge")).to_have_text("Closed", timeout=PATIENCE)
    told = site.read(f"/responses/{name}")
    assert (told["status"], told["code"], told["owner_id"]) == ("closed", "question", OWNER)


def test_refused_step_says_why(page: Page, site: Site, campaign: str) -> None:
    name = site.respond(campaign, first_name="No", last_name="Owner")
    log_in(page, site)
    row = page.locator(f"#response-{name}")
    row.locator("summary").click(timeout=PATIENCE)
    row.get_by_label("Owner's id").fill("nobody")
    row.get_by_role("button", name="Assign").click()
    expect(row.get_by_role("alert")).not_to_be_empty(timeout=PATIENCE)


def test_refused_step_says_why_though_its_row_was_replaced_meanwhile(
    page: Page, site: Site, campaign: str
) -> None:
    name = site.respond(campaign, first_name="Re", last_name="Placed")
    log_in(page, site)
    row = page.locator(f"#response-{name}")
    row.locator("summary").click(timeout=PATIENCE)
    page.evaluate("""() => {
        const send = window.fetch;
        window.fetch = async (address, ...more) => {
            const reply = await send(address, ...more);
            const list = document.getElementById("list");
            if (address.endsWith("/assign")) list.innerHTML = list.innerHTML;
            return reply;
        };
    }""")
    row.get_by_label("Owner's id").fill("nobody")
    row.get_by_role("button", name="Assign").click()
    expect(row.get_by_role("alert")).not_to_be_empty(timeout=PATIENCE)


def test_journey_is_a_timeline(page: Page, site: Site, campaign: str) -> None:
    site.respond(campaign, customer={"kind": "contact", "id": ADA})
    log_in(page, site)
    page.get_by_role("link", name="Ada Lovelace").first.click(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    line = page.locator(".timeline")
    expect(line).to_contain_text("Contact created", timeout=PATIENCE)
    expect(line).to_contain_text("Response captured", timeout=PATIENCE)
    page.goto(f"{site.address}/contacts")
    page.get_by_label("E-mail address, telephone number or id").fill("ada@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_phone_needs_no_sideways_scrolling(page: Page, site: Site, campaign: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, site)
    for path in ("/", f"/?campaign={campaign}", "/contacts", f"/contacts/{ADA}"):
        page.goto(f"{site.address}{path}")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path


def test_change_without_the_page_s_token_is_refused(page: Page, site: Site, campaign: str) -> None:
    log_in(page, site)
    send = """([path, token]) => fetch(path, {method: 'POST', body: '{"name": "Forged"}',
        headers: {'Content-Type': 'application/json', 'Idempotency-Key': 'forged',
                  ...(token === null ? {} : {'X-CSRF-Token': token})}}).then((r) => r.status)"""
    for token in (None, "wrong"):
        assert page.evaluate(send, ["/api/v1/campaigns", token]) == 403
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    assert page.evaluate(send, ["/api/v1/campaigns", token]) == 201


def test_other_workspace_sees_nothing_of_it(page: Page, other: Site, campaign: str) -> None:
    log_in(page, other)
    expect(page.get_by_text("There are no campaigns yet.").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Spring offer")
    page.goto(f"{other.address}/?campaign={campaign}")
    expect(page.locator("main")).not_to_contain_text("Spring offer")
    page.goto(f"{other.address}/contacts/{ADA}")
    expect(page.locator("body")).not_to_contain_text("Ada Lovelace")


def test_stream_is_not_kept_and_ends_with_the_session(
    page: Page, site: Site, campaign: str
) -> None:
    log_in(page, site)
    (cookie,) = [c for c in page.context.cookies() if c["name"] == COOKIE]
    held = {"Cookie": f"{COOKIE}={cookie['value']}"}
    with httpx.stream("GET", f"{site.address}/live", headers=held, trust_env=False) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        assert "id: " in next(line for line in lines if line.startswith("id: "))
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("API key")).to_be_visible()
        site.respond(campaign, last_name="Late")
        for _ in lines:  # it comes to its end
            pass
