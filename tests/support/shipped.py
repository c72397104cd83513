"""The JSON Schemas of all event types as they were when each version was first shipped.

``python -m tests.support.shipped --write-missing`` notes those of new versions. It never touches
one that is there: such events lie in people's logs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from schemas.catalogue import load_all

FILE = Path(__file__).parents[1] / "golden" / "schemas" / "shipped.json"


def read_shipped() -> dict[str, dict[str, Any]]:
    """By wire name, the JSON Schema."""
    found: dict[str, dict[str, Any]] = orjson.loads(FILE.read_bytes())
    return found


def write_missing() -> None:
    """Note the schemas of versions that are not there yet."""
    known = read_shipped() if FILE.exists() else {}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(orjson.dumps(load_all().json_schemas() | known, option=options))


if __name__ == "__main__":
    if sys.argv[1:] != ["--write-missing"]:
        sys.exit(f"usage: python -m {__spec__.name} --write-missing")
    write_missing()
