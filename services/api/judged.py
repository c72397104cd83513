"""By which version of the classifier a read is asked for."""

from __future__ import annotations

from schemas.classifier import CLASSIFIER_ID
from schemas.documents import DefinitionDocument
from services.api.call import Call
from services.api.desk import Desk
from services.api.parameters import PastParameters
from services.commands import definitions


def classifier_asked(query: PastParameters, call: Call, desk: Desk) -> int | None:
    """The version of the classifier that ``version`` names; ``None`` is the one that is in force.

    Raises ``MalformedRequest`` for one that there is not.
    """
    if query.version in (None, "current"):
        return None
    return query.version_of("classifier", newest_classifier(call, desk))


def newest_classifier(call: Call, desk: Desk) -> int:
    """The newest version of the workspace's classifier, in force or not."""
    found = desk.find(call, definitions.stream_of(CLASSIFIER_ID), DefinitionDocument)
    return definitions.known(found.document, CLASSIFIER_ID).version
