"""Every metric Answerback publishes; ``docs/metrics.md`` describes each, a test holds that.

Names and units follow ``answerback_<noun>_<unit>[_total]``. Labels never hold ids, recipients or
campaigns, so their number is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics import MetricWrapperBase

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REGISTRY = CollectorRegistry()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the documentation lists it."""

    name: str
    kind: str
    text: str
    labels: tuple[str, ...] = ()


HTTP_REQUESTS = Counter(
    "answerback_http_requests_total",
    "Requests answered, by route, method and status code.",
    ("route", "method", "code"), registry=REGISTRY,
)  # fmt: skip
HTTP_DURATION = Histogram(
    "answerback_http_request_duration_seconds",
    "Time from a request's head to the end of its answer.",
    ("route",), registry=REGISTRY, buckets=_SECONDS,
)  # fmt: skip
EVENTS_APPENDED = Counter(
    "answerback_events_appended_total",
    "Facts newly stored by a door, by channel and type; foreign types count as event.tracked.",
    ("channel", "type"), registry=REGISTRY,
)  # fmt: skip
EVENTS_DUPLICATE = Counter(
    "answerback_events_duplicate_total",
    "Copies of facts that were stored before, within the hot window.",
    registry=REGISTRY,
)  # fmt: skip
EVENTS_REJECTED = Counter(
    "answerback_events_rejected_total",
    "Events that a door did not store, by reason.",
    ("reason",), registry=REGISTRY,
)  # fmt: skip
RATE_LIMITED = Counter(
    "answerback_rate_limited_total",
    "Requests refused with 429 because a key, a source or an address sent too much, by door.",
    ("door",), registry=REGISTRY,
)  # fmt: skip
RAW_LOST = Counter(
    "answerback_raw_lost_total",
    "Raw bodies that could not be kept; the facts themselves were stored.",
    registry=REGISTRY,
)
LAG_RECORDS = Gauge(
    "answerback_projection_lag_records",
    "Records of the log that a projection has not applied yet.",
    ("projection", "topic", "partition"), registry=REGISTRY,
)  # fmt: skip
LAG_SECONDS = Gauge(
    "answerback_projection_lag_seconds",
    "Age of the oldest record that a projection has not applied yet.",
    ("projection",), registry=REGISTRY,
)  # fmt: skip
SPOOL_ENTRIES = Gauge(
    "answerback_spool_entries",
    "Calls that wait in a collector's spool for Kafka.",
    registry=REGISTRY,
)
SPOOL_BYTES = Gauge(
    "answerback_spool_bytes",
    "Bytes that wait in a collector's spool for Kafka.",
    registry=REGISTRY,
)
SPOOL_REFUSED = Gauge(
    "answerback_spool_refused_entries",
    "Calls in a collector's spool that Kafka will never take.",
    registry=REGISTRY,
)
OUTBOX_EVENTS = Gauge(
    "answerback_outbox_events",
    "Decisions and conclusions that wait for the relay.",
    registry=REGISTRY,
)
WORKER_PLACES = Gauge(
    "answerback_worker_partitions",
    "Partitions of all topics that this worker holds, by projection.",
    ("projection",), registry=REGISTRY,
)  # fmt: skip
WORKER_WAITING = Gauge(
    "answerback_worker_waiting_records",
    "Records that were brought to this worker and are not applied yet, by projection.",
    ("projection",), registry=REGISTRY,
)  # fmt: skip
WORKER_GAPS = Gauge(
    "answerback_worker_gaps",
    "How often what was brought to this worker did not go on where it had ended.",
    ("projection",), registry=REGISTRY,
)  # fmt: skip
PUSHED_MESSAGES = Counter(
    "answerback_pushed_messages_total",
    "Messages of requests to senders, by whether the sender took them.",
    ("outcome",), registry=REGISTRY,
)  # fmt: skip
BUILD_INFO = Gauge(
    "answerback_build_info",
    "Always 1; the label says which version runs.",
    ("version",), registry=REGISTRY,
)  # fmt: skip


_ALL: tuple[MetricWrapperBase, ...] = (
    HTTP_REQUESTS, HTTP_DURATION, EVENTS_APPENDED, EVENTS_DUPLICATE, EVENTS_REJECTED,
    RATE_LIMITED, RAW_LOST, LAG_RECORDS, LAG_SECONDS, SPOOL_ENTRIES, SPOOL_BYTES, SPOOL_REFUSED,
    OUTBOX_EVENTS, WORKER_PLACES, WORKER_WAITING, WORKER_GAPS, PUSHED_MESSAGES,
    BUILD_INFO,
)  # fmt: skip


def metrics() -> Iterator[Metric]:
    """All metrics, in the order of this file."""
    for one in _ALL:
        described = next(iter(one.describe()))
        suffix = "_total" if described.type == "counter" else ""
        labels = tuple(one._labelnames)
        yield Metric(described.name + suffix, described.type, described.documentation, labels)


def render() -> bytes:
    """The exposition text of all metrics."""
    return generate_latest(REGISTRY)


def _installed_version() -> str:
    try:
        return version("answerback")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


VERSION = _installed_version()
BUILD_INFO.labels(VERSION).set(1)
