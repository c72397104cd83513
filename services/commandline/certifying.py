"""``answerback certificate verify``: whether a certificate is true, by the log alone."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pydantic import ValidationError

from schemas.certificates import SignedCertificate
from schemas.clock import system_clock
from schemas.errors import InvalidInput, MalformedRequest
from services.bootstrap import open_log
from services.certificates import problems
from services.commandline.terminal import Terminal
from services.commands.faults import faults_of
from services.settings import load_settings


def verify(arguments: Namespace, terminal: Terminal) -> int:
    """Read what it cites again from the log of a data folder; 1 if anything is wrong."""
    signed = _read(arguments.file)
    with open_log(load_settings(), clock=system_clock) as log:
        found = list(problems(signed, log, arguments.key))
    for one in found:
        terminal.note(one)
    if found:
        return 1
    entries = len(signed.certificate.ledger)
    terminal.tell(
        f"True: message {signed.certificate.message_id}, consent {signed.certificate.verdict}"
        f" by {entries} entries."
    )
    if arguments.key is None:
        terminal.note(f"Compare the key with the workspace's: {signed.public_key}")
    return 0


def _read(path: Path) -> SignedCertificate:
    try:
        return SignedCertificate.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MalformedRequest(f"The file cannot be read: {error}.") from error
    except ValidationError as error:
        raise InvalidInput(f"{path} is no certificate.", faults_of(error)) from error
