from __future__ import annotations

from uuid import UUID

import pytest

from schemas.registries import FormEntry, LinkEntry
from services.reference import Reference
from tests.support.parts import DEMO, make_parts, register

NUMBER = "00000000000000ff"
FORM = UUID("33333333-3333-4333-8333-333333333333")
CONTENT = UUID("77777777-7777-4777-8777-777777777777")


def link(url: str = "https://a.example") -> dict[str, object]:
    return {"number": NUMBER, "url": url}


def form(name: str) -> dict[str, object]:
    return {"form_id": str(FORM), "name": name, "redirect_url": "https://a.example"}


def test_entries_are_found_by_their_ids() -> None:
    parts = make_parts()
    register(parts, "link", link())
    register(parts, "form", form("x"))
    register(parts, "content_version", {
        "content_version_id": str(CONTENT), "name": "c", "links": [NUMBER],
    })  # fmt: skip
    register(parts, "keyword", {"keyword": "spring", "campaign_id": str(CONTENT)})
    known = parts.reference
    assert isinstance(known.link(DEMO, NUMBER), LinkEntry)
    assert isinstance(known.form(DEMO, FORM), FormEntry)
    version = known.content_version(DEMO, CONTENT)
    assert version is not None
    assert version.links == (NUMBER,)
    assert list(known.entries(DEMO, "keyword")) == ["spring"]
    assert known.entry(DEMO, "link", NUMBER) is known.link(DEMO, NUMBER)


def test_what_is_not_there_is_not_found() -> None:
    known = make_parts().reference
    assert known.link(DEMO, NUMBER) is None
    assert known.form_anywhere(FORM) is None
    assert known.entries(DEMO, "link") == {}


def test_workspaces_do_not_see_each_other() -> None:
    parts = make_parts()
    register(parts, "link", link())
    assert parts.reference.link("other", NUMBER) is None
    assert parts.reference.entries("other", "link") == {}


def test_the_newest_version_counts() -> None:
    parts = make_parts()
    register(parts, "link", link("https://one.example"))
    register(parts, "link", link("https://two.example"), version=2)
    found = parts.reference.link(DEMO, NUMBER)
    assert found is not None
    assert found.url == "https://two.example"


def test_a_new_reader_learns_all_from_the_log() -> None:
    parts = make_parts()
    for number in range(2500):
        register(parts, "link", {**link(), "number": f"{number:016x}"})
    known = Reference(parts.log)
    known.refresh()
    assert len(known.entries(DEMO, "link")) == 2500


def test_an_entry_that_cannot_be_read_is_absent() -> None:
    parts = make_parts()
    register(parts, "link", {"number": NUMBER, "url": "javascript:alert(1)"})
    assert parts.reference.link(DEMO, NUMBER) is None


@pytest.mark.parametrize("first", ["demo", "other"])
def test_a_form_belongs_to_who_registered_it_first(first: str) -> None:
    parts = make_parts()
    second = {"demo": "other", "other": "demo"}[first]
    register(parts, "form", form("first"), workspace=first)
    parts.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
    register(parts, "form", form("second"), workspace=second)
    for known in (parts.reference, Reference(parts.log)):
        known.refresh()
        owned = known.form_anywhere(FORM)
        assert owned is not None
        assert (owned.workspace, owned.form.name) == (first, "first")
