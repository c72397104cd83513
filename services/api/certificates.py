"""Certificates: why a message was allowed to go out, and whether one is true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import ValidationError

from schemas.certificates import CertificateKey, SignedCertificate
from schemas.errors import InvalidInput
from schemas.views import View
from services.api.call import Reading
from services.api.desk import show_view
from services.certificates import key_of_workspace, problems, sign
from services.commands.faults import faults_of

router = APIRouter(tags=["certificates"])


class CertificateTrial(View):
    """Whether a certificate is true, and all that is wrong with it."""

    is_true: bool
    problems: list[str]


@router.get("/messages/{message_id}/certificate", response_model=SignedCertificate)
def read_certificate(message_id: UUID, call: Reading) -> Response:
    """What the decision on a message rests on, as it was known then, signed."""
    certificate = call.parts.reads.certificate(call.workspace, message_id)
    return show_view(sign(call.parts.vault, certificate))


@router.get("/certificates/key", response_model=CertificateKey)
def read_key(call: Reading) -> Response:
    """The key that the workspace's certificates are signed by."""
    return show_view(key_of_workspace(call.parts.vault, call.workspace))


@router.post("/certificates/verify", response_model=CertificateTrial)
def verify_certificate(body: dict[str, Any], call: Reading) -> Response:
    """Whether a certificate of this workspace is true, by the log."""
    try:
        signed = SignedCertificate.model_validate(body)
    except ValidationError as error:
        raise InvalidInput("This is no certificate.", faults_of(error)) from error
    key = key_of_workspace(call.parts.vault, call.workspace).public_key
    found = (
        list(problems(signed, call.parts.log, key))
        if signed.certificate.workspace == call.workspace
        else ["It is another workspace's."]
    )
    return show_view(CertificateTrial(is_true=not found, problems=found))
