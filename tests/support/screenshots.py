"""Pictures of the page for its documentation: python -m tests.support.screenshots ADDRESS KEY

ADDRESS and KEY are what the demo prints at its end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.browser import open_browser

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 200_000
WIDE, PHONE = (1280, 1100), (390, 1400)


def take(browser: Browser, address: str, key: str) -> None:
    """The overview, a campaign and a journey, wide, narrow and dark."""
    for name, size, scheme, path in (
        ("overview", WIDE, "light", "/"),
        ("overview-dark", WIDE, "dark", "/"),
        ("overview-phone", PHONE, "light", "/"),
        ("campaign", WIDE, "light", "campaign"),
        ("responses", (1280, 900), "light", "responses"),
        ("campaign-phone", PHONE, "light", "campaign"),
        ("journey", WIDE, "light", "journey"),
        ("journey-phone", PHONE, "light", "journey"),
    ):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.goto(f"{address}/login")
        page.fill("#key", key)
        page.click("text=Log in >> visible=true")
        page.wait_for_selector(".live[data-state=live]")
        if path == "campaign":
            page.click("#campaigns th a:has-text('Spring offer')")
        elif path == "journey":
            page.goto(f"{address}/?campaign=&status=converted&channel=email#list")
            page.click("#list th a")
        elif path == "responses":
            page.locator("#list").scroll_into_view_if_needed()
            page.locator("#responses").evaluate("e => e.scrollIntoView()")
            page.locator("#list details[name=act] summary").first.click()
        page.wait_for_selector(".live[data-state=live]")
        target = FOLDER / f"{name}.png"
        page.screenshot(path=target)
        assert target.stat().st_size < MOST_BYTES, f"{target} is too large."
        context.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with open_browser() as opened:
        take(opened, sys.argv[1], sys.argv[2])
