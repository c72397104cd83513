"""The landing page's script: how it is served, and what it does in a browser made of node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.services.collector.site import FORM, ORIGIN, SOURCE, Site

HARNESS = Path(__file__).with_name("browser.js")


@pytest.fixture
def site(site: Site) -> Site:
    site.register_source()
    return site


def test_the_script_is_served_with_its_own_addresses(site: Site) -> None:
    reply = site.ask("GET", f"/s/{SOURCE}.js")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=3600"
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert not {"etag", "set-cookie", "last-modified"} & set(reply.headers)
    assert f'base = "{site.parts.settings.public_url}", source = "{SOURCE}"' in reply.text
    assert "%" not in reply.text.replace("%BASE", "")
    assert site.ask("HEAD", f"/s/{SOURCE}.js").content == b""
    for word in ("localStorage", "sessionStorage", "document.cookie", "indexedDB"):
        assert word not in reply.text


@pytest.mark.parametrize("path", ["/s/", "/s/x.js", f"/s/{FORM}.js", f"/s/{SOURCE}", "/s/.js"])
def test_an_unknown_script_is_not_found(site: Site, path: str) -> None:
    assert site.ask("GET", path).status_code == 404


def browse(site: Site, **page: Any) -> dict[str, Any]:
    """What a browser on a page sends, when the script runs there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, and the script is tested by running it.")
    script = site.ask("GET", f"/s/{SOURCE}.js").text
    told = json.dumps({"script": script, "url": ORIGIN + "/a?answerback_cid=ab12", **page})
    done = subprocess.run(  # noqa: S603 - the harness is this repository's own
        [node, str(HARNESS)], input=told, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_the_script_sends_becomes_facts(site: Site) -> None:
    form = f"{site.parts.settings.public_url}/f/{FORM}"
    found = browse(
        site, form=form, run='answerback.track("Played", {n: 1}); answerback.identify("ann")'
    )
    (sent,) = found["sent"]
    assert sent["by"] == "beacon"
    assert sent["url"] == f"{site.parts.settings.public_url}/e/{SOURCE}"
    assert sent["type"] == "text/plain"
    reply = site.ask(
        "POST", f"/e/{SOURCE}", content=sent["body"],
        headers={"Origin": ORIGIN, "Content-Type": sent["type"]},
    )  # fmt: skip
    assert reply.status_code == 204
    stored = {event.type: json.loads(event.data) for event in site.events()}
    assert set(stored) == {
        "page.viewed", "event.tracked", "form.visited", "contact.changed", "visitor.identified",
    }  # fmt: skip
    assert stored["page.viewed"]["click_token"] == "ab12"
    assert stored["form.visited"]["form_id"] == str(FORM)
    fields = found["fields"]
    assert fields["ab_token"] == "shown"
    assert fields["ab_visitor"] == stored["page.viewed"]["visitor_id"]
    assert len(fields["ab_submission"]) == 36


def test_a_refused_beacon_is_sent_by_fetch(site: Site) -> None:
    (sent,) = browse(site, beacons=False)["sent"]
    assert (sent["by"], sent["keepalive"], sent["credentials"]) == ("fetch", True, "omit")


def test_large_bodies_are_split_under_16_kib(site: Site) -> None:
    run = 'for (var i = 0; i < 60; i++) answerback.track("é", {text: "é".repeat(500)})'
    sent = browse(site, run=run)["sent"]
    assert len(sent) > 3
    assert all(len(one["body"].encode()) < 16_384 for one in sent)
    calls = [call for one in sent for call in json.loads(one["body"])["batch"]]
    assert len(calls) == 61
    assert len({call["messageId"] for call in calls}) == 61
    assert browse(site, run='answerback.track("x", {text: "y".repeat(20000)})')["sent"]


def test_an_opted_out_browser_gives_no_click_id(site: Site) -> None:
    (sent,) = browse(site, gpc=True, run='answerback.track("Played")')["sent"]
    calls = json.loads(sent["body"])["batch"]
    assert all("answerback_cid" not in call["context"] for call in calls)
    assert "ab_visitor" not in browse(site, gpc=True, form="x")["fields"]


def test_loaded_twice_the_script_tells_things_once(site: Site) -> None:
    (sent,) = browse(site, twice=True)["sent"]
    assert [call["type"] for call in json.loads(sent["body"])["batch"]] == ["page"]
