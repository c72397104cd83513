"""``answerback schemas``: the event types, for those who send or read events."""

from __future__ import annotations

from argparse import Namespace

import orjson

from schemas.catalogue import load_all
from services.commandline.terminal import Terminal


def print_schemas(_arguments: Namespace, terminal: Terminal) -> int:
    """JSON Schema of every (type, version), as one JSON object by wire name."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    terminal.tell(orjson.dumps(load_all().json_schemas(), option=options).decode())
    return 0
