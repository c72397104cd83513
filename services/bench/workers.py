"""Work in a process of its own: told by a JSON file, answering in JSON on its output.

The column engine takes one folder per process, and memory is only a part's own where nothing else
lives: so whatever opens a store for a bench does it in such a process.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from schemas.errors import MeasurementSpoiled
from services.bench.machine import python_words

T = TypeVar("T", bound=BaseModel)
Ordered = TypeVar("Ordered", bound=BaseModel)
_numbers = itertools.count()


def ask_worker(
    module: str, order: BaseModel, answer: type[T], folder: Path, seconds: float,
    environment: dict[str, str] | None = None,
) -> T:  # fmt: skip
    """Have a module carry out an order. Raises ``MeasurementSpoiled`` if it fails or takes long."""
    path = folder / f"order-{next(_numbers)}.json"
    path.write_text(order.model_dump_json(), encoding="utf-8")
    words = python_words(module, str(path))
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            words, env=environment, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise MeasurementSpoiled(f"{module} has not ended within {seconds:.0f} s.") from None
    if done.returncode:
        raise MeasurementSpoiled(f"{module} has failed: {done.stderr.decode()[-800:]}")
    return answer.model_validate_json(done.stdout)


def answer_order(kind: type[Ordered], carry_out: Callable[[Ordered], BaseModel]) -> None:
    """What the main part of such a module does."""
    order = kind.model_validate_json(Path(sys.argv[1]).read_bytes())
    sys.stdout.write(carry_out(order).model_dump_json())
