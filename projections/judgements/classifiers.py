"""By which classifier a generation judges: a version for each workspace, for all of its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from events.log import EventLog
from projections.drafted import drafted, in_force
from projections.generations import Versions
from projections.judgements.judge import Judge
from schemas.classifier import BUILT_IN, CLASSIFIER_ID, Classifier
from schemas.errors import Unreadable

JUDGEMENTS = "judgements"
_BUILT_IN = Judge(BUILT_IN.classifier)
"""One for all: it remembers the agents it has met."""


def classifier_version(versions: Versions, workspace: str) -> int:
    """The version by which a generation of these versions judges in a workspace."""
    return versions.get(f"{JUDGEMENTS}:{workspace}", BUILT_IN.version)


def judging_by(versions: Versions, classifiers: Mapping[str, int]) -> dict[str, int]:
    """The versions of a generation that judges by these, and else by the built-in classifier."""
    rules = {name: version for name, version in versions.items() if not is_data(name)}
    own = {
        f"{JUDGEMENTS}:{workspace}": version
        for workspace, version in classifiers.items()
        if version != BUILT_IN.version
    }
    return rules | own


def published_classifiers(log: EventLog, workspaces: Iterable[str]) -> dict[str, int]:
    """The versions that are published; a workspace without one has the built-in classifier."""
    found = {name: in_force(log, name, CLASSIFIER_ID) for name in workspaces}
    return {name: version for name, version in found.items() if version is not None}


def is_data(name: str) -> bool:
    """Whether a version is of data, which every program can read; else of a program's rules."""
    return ":" in name


def projection_of(name: str) -> str:
    """The projection that a version is of; ``judgements`` has one for each classifier."""
    return name.partition(":")[0]


class Classifiers:
    """The classifiers of one generation. Any thread may ask."""

    def __init__(self, log: EventLog, versions: Versions) -> None:
        """They are read from the log when they are first asked for."""
        self._log = log
        self._versions = versions
        self._judges: dict[str, Judge] = {}

    def version(self, workspace: str) -> int:
        """Which version judges in a workspace."""
        return classifier_version(self._versions, workspace)

    def judge(self, workspace: str) -> Judge:
        """Whoever judges in a workspace. Raises ``Stale``, ``Unreadable``."""
        if self.version(workspace) == BUILT_IN.version:
            return _BUILT_IN
        if workspace not in self._judges:
            self._judges[workspace] = Judge(self._read(workspace))
        return self._judges[workspace]

    def _read(self, workspace: str) -> Classifier:
        version = self.version(workspace)
        _, step = drafted(self._log, workspace, CLASSIFIER_ID, version)
        try:
            return Classifier.model_validate(step.body)
        except ValidationError as error:
            raise Unreadable(f"Version {version} of the classifier: {error}") from error
