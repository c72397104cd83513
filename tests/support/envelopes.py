"""Every envelope that may be: what properties of the way into and out of a log are tried on."""

from __future__ import annotations

import orjson
from hypothesis import strategies as st

from schemas.catalogue import Topic
from schemas.envelope import Derivation, Envelope, Stream
from schemas.instants import Instant, Precision, parse_instant

# The first and last instants that RFC 3339 can write.
INSTANTS = st.integers(
    parse_instant("0001-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59.999Z")
).map(Instant)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
NUMBERS = st.integers(0, 2**63 - 1)
STREAMS = st.builds(Stream, st.from_regex("[a-z_]{1,8}", fullmatch=True), WORDS)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


ENVELOPES = st.builds(
    Envelope,
    event_id=st.uuids(),
    type=st.from_regex(r"[a-z_]{1,9}\.[a-z_]{1,9}", fullmatch=True),
    schema_version=st.integers(1, 99),
    topic=st.sampled_from(Topic),
    workspace=st.from_regex("[a-z][a-z0-9-]{0,9}", fullmatch=True),
    key=WORDS,
    producer=WORDS,
    received_at=INSTANTS,
    data=st.dictionaries(WORDS, WORDS | NUMBERS | st.none(), max_size=3).map(orjson.dumps),
    time=maybe(INSTANTS),
    precision=st.sampled_from(Precision),
    source_time=maybe(st.text(st.characters(codec="utf-8"), max_size=40)),
    stream=maybe(STREAMS),
    version=maybe(NUMBERS),
    effective_at=maybe(INSTANTS),
    external_id=maybe(WORDS),
    source_seq=maybe(st.integers(-(2**63), 2**63 - 1)),
    actor=maybe(WORDS),
    causation_id=maybe(st.uuids()),
    correlation_id=maybe(st.uuids()),
    traceparent=maybe(WORDS),
    batch_id=maybe(st.uuids()),
    subject=maybe(STREAMS),
    visitor_id=maybe(st.uuids()),
    campaign_id=maybe(st.uuids()),
    derived=maybe(st.builds(Derivation, WORDS, NUMBERS, NUMBERS)),
    flags=st.lists(st.from_regex("[a-z_]{1,9}", fullmatch=True), max_size=3).map(tuple),
    test=st.booleans(),
)
