"""The page about the API names every route there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from services.api.app import PREFIX
from services.parts import Parts
from tests.services.api.test_door import routes

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
_ROW = re.compile(r"^\| `(GET|POST|PATCH) (/[^` ]+)` \|", re.MULTILINE)


def test_docs_name_every_route(parts: Parts) -> None:
    described = set(_ROW.findall(PAGE.read_text("utf-8")))
    existing = {(method, path.removeprefix(PREFIX)) for method, path in routes(parts)}
    assert described == existing
