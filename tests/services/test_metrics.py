from __future__ import annotations

import re

from services.metrics import metrics, render


def test_metrics_have_names_units_and_sentences() -> None:
    found = list(metrics())
    assert len({metric.name for metric in found}) == len(found) > 5
    for metric in found:
        assert re.fullmatch(r"answerback(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.text.endswith(".")


def test_labels_never_name_what_has_no_bound() -> None:
    labels = {label for metric in metrics() for label in metric.labels}
    assert not labels & {"workspace", "campaign", "recipient", "id", "event_id", "path"}


def test_render_tells_the_version() -> None:
    assert re.search(r'answerback_build_info\{version="[^"]+"\} 1\.0', render().decode())
