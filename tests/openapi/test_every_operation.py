"""Every operation of the OpenAPI, asked by schemathesis over TCP with right and wrong requests.

A server error, a code, media type or body that the document does not describe, a wrong request that
is taken and an error that is no problem document fail.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS

from services.api.app import build_framework
from tests.support.parts import make_parts
from tests.support.served import Served, make_key

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
EXAMPLES = 6
# What a request may do depends on what is stored, and ids that are drawn name nothing.
_NEED_KNOWLEDGE = ("positive_data_acceptance", "missing_required_header")
DOCUMENT = build_framework(make_parts()).openapi()
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    served = Served(tmp_path_factory.mktemp("openapi"))
    key = make_key(served, "demo")
    served.start()
    yield served, key
    assert served.stop() == 0
    assert "Traceback" not in served.told()


def test_the_document_is_openapi_3_1() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def takes_anything(operation: APIOperation) -> bool:
    """Whether there is anything in a request that could be wrong."""
    raw = operation.definition.raw
    return bool(raw.get("parameters") or raw.get("requestBody"))


CASES = [
    pytest.param(operation, mode, id=f"{operation.label}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or takes_anything(operation)
]


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_operation_keeps_to_the_document(
    operation: APIOperation, mode: GenerationMode, asked: tuple[Served, str]
) -> None:
    served, key = asked

    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    def ask(case: Case) -> None:
        reply = case.call(
            base_url=served.address, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        case.validate_response(reply, excluded_checks=[CHECKS.get_one(n) for n in _NEED_KNOWLEDGE])
        if reply.status_code >= 400:
            assert reply.headers["content-type"] == ["application/problem+json"]
            assert reply.json()["detail"]

    ask()
