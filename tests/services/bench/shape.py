"""What every report must look like."""

from __future__ import annotations

from typing import Any

import pytest

FIELDS = ["name", "value", "unit", "ceiling_name", "ceiling", "ratio"]


def check_shape(report: dict[str, Any], names: list[str]) -> None:
    """Machine and results with exactly their fields, figures above nothing, ratios that follow."""
    assert {"cpu", "cores", "memory_bytes", "python", "kernel", "commit"} <= set(report["machine"])
    assert [result["name"] for result in report["results"]] == names
    for result in report["results"]:
        assert list(result) == FIELDS
        assert result["value"] > 0
        assert result["ceiling"] > 0
        expected = result["value"] / result["ceiling"]
        assert result["ratio"] == pytest.approx(expected, abs=1e-4, rel=1e-3)
