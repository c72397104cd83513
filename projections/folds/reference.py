"""Reference data with their history: what was in force when a fact was recorded (R38).

Every worker reads all of it, whole, before anything else. A fact uses the version with the largest
``effective_at`` not after its own recorded time. Links, forms, campaigns and the like are older
than what refers to them, so before their first version takes effect that first version counts;
rules have no such grace, for switching one on must not reach back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from events.codec import decode, payload_of
from events.cursor import Cursor
from events.log import EventLog
from schemas.catalogue import Topic, load_all
from schemas.decisions.activity import ActivityPlanned
from schemas.decisions.campaign import CampaignChanged, CampaignCreated
from schemas.decisions.definition import DefinitionStep, RegistryChanged
from schemas.envelope import Event
from schemas.fields import Model
from schemas.payload import Payload
from schemas.promotion import BUILT_IN, PromotionRule, VersionedRule
from schemas.registries import ENTRIES

_PAGE = 1000
_READ_BY_BUILT_IN = frozenset(name for rule in BUILT_IN for name in rule.rule.events)
E_ = TypeVar("E_", bound=Model)
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a reference object."""

    effective_at: int
    number: int
    body: Model | None


class ReferenceBook:
    """All reference objects of all workspaces, each with its versions, fed from decisions."""

    def __init__(self) -> None:
        self._versions: dict[Key, dict[int, Version]] = {}
        self._named: dict[tuple[str, str], set[str]] = {}
        self._cursor = Cursor()
        self.changes = 0
        """How often something was learned: what was read here holds until that grows."""
        self._types = frozenset(e.wire for e in load_all() if e.reference)

    def catch_up(self, log: EventLog) -> list[Event]:
        """Read all reference events the log has and this book has not; answers them."""
        heads = log.heads()
        learned: list[Event] = []
        for partition in range(log.partitions):
            place = (Topic.DECISIONS, partition)
            while self._cursor[place] < heads[place]:
                page = log.read(*place, self._cursor[place], _PAGE)
                for record in page.records:
                    if record.type in self._types:
                        event = decode(record)
                        self.learn(event, payload_of(event))
                        learned.append(event)
                self._cursor = self._cursor.moved({place: page.end})
        return learned

    def learn(self, event: Event, payload: Payload) -> None:
        """Take in one reference event; a second time changes nothing."""
        for (kind, name), body in _objects(event, payload):
            key = (event.workspace, kind, name)
            version = Version(event.effective_at or event.recorded_at, event.version or 1, body)
            self._versions.setdefault(key, {})[version.number] = version
            self.changes += 1
            if kind in ("rule", "list"):
                self._named.setdefault((event.workspace, kind), set()).add(name)

    def entry(self, workspace: str, registry: str, name: str, at: int, kind: type[E_]) -> E_ | None:
        """A registry entry as in force at a recorded time; its first version before that."""
        found = self._at(workspace, registry, name, at, grace=True)
        return found.body if found and isinstance(found.body, kind) else None

    def campaign_of_activity(self, workspace: str, activity: UUID | str) -> UUID | None:
        """The campaign an activity was planned for."""
        found = self._at(workspace, "activity", str(activity), 0, grace=True)
        return found.body.campaign_id if found and isinstance(found.body, ActivityPlanned) else None

    def campaign_by_code(self, workspace: str, code: str, at: int) -> UUID | None:
        """The campaign that bears a code."""
        found = self._at(workspace, "campaign_code", code, at, grace=True)
        return found.body.campaign_id if found and isinstance(found.body, CodeBearer) else None

    def rules(self, workspace: str, at: int) -> Sequence[VersionedRule]:
        """The promotion rules in force at a recorded time, in their order."""
        own = self._named.get((workspace, "rule"))
        if not own:
            return BUILT_IN
        rules = {str(rule.rule_id): rule for rule in BUILT_IN}
        for name in own:
            found = self._at(workspace, "rule", name, at, grace=False)
            if found is None:
                continue
            if found.body is None:
                rules.pop(name, None)
            elif isinstance(found.body, VersionedRule):
                rules[name] = found.body
        in_force = [rule for rule in rules.values() if rule.rule.enabled]
        return sorted(in_force, key=lambda r: (r.rule.order, str(r.rule_id)))

    def list_rules(self, workspace: str, at: int) -> Sequence[ListRule]:
        """The rules of dynamic lists in force at a recorded time."""
        names = self._named.get((workspace, "list"), ())
        found = [self._at(workspace, "list", name, at, grace=False) for name in sorted(names)]
        return [one.body for one in found if one is not None and isinstance(one.body, ListRule)]

    def list_rule(self, workspace: str, list_id: UUID, version: int) -> ListRule | None:
        """One version of a list's rule, whether it is in force or was."""
        versions = self._versions.get((workspace, "list", str(list_id)), {}).values()
        rules = (one.body for one in versions if isinstance(one.body, ListRule))
        return next((rule for rule in rules if rule.version == version), None)

    def next_list_change(self, workspace: str, at: int) -> int | None:
        """When the next word on any list's rule takes effect."""
        later = (
            version.effective_at
            for name in self._named.get((workspace, "list"), ())
            for version in self._versions.get((workspace, "list", name), {}).values()
            if version.effective_at > at
        )
        return min(later, default=None)

    def takes_effect(self, workspace: str, list_id: str) -> int | None:
        """When the newest word on a list's rule takes effect."""
        versions = self._versions.get((workspace, "list", list_id), {}).values()
        return max((version.effective_at for version in versions), default=None)

    def lists_changed(self, workspace: str, since: int) -> frozenset[UUID]:
        """The lists on whose rules some word took effect at a moment or later."""
        return frozenset(
            UUID(name)
            for name in self._named.get((workspace, "list"), ())
            if any(
                version.effective_at >= since
                for version in self._versions.get((workspace, "list", name), {}).values()
            )
        )

    def read_by_rules(self, workspace: str) -> set[str]:
        """The event types that any promotion rule reads, or has ever read."""
        found = set(_READ_BY_BUILT_IN)
        for name in self._named.get((workspace, "rule"), ()):
            for version in self._versions.get((workspace, "rule", name), {}).values():
                if isinstance(version.body, VersionedRule):
                    found |= set(version.body.rule.events)
        return found

    def _at(self, workspace: str, kind: str, name: str, at: int, *, grace: bool) -> Version | None:
        versions = self._versions.get((workspace, kind, name), {}).values()
        effective = [v for v in versions if v.effective_at <= at]
        if effective:
            return max(effective, key=lambda v: (v.effective_at, v.number))
        return min(versions, key=lambda v: v.number) if grace and versions else None


class ListRule(Model):
    """A published version of a dynamic list's rule."""

    list_id: UUID
    version: int
    body: dict[str, Any]
    event_id: UUID


class CodeBearer(Model):
    """The campaign behind a code."""

    campaign_id: UUID


def _objects(event: Event, payload: Payload) -> Iterable[tuple[tuple[str, str], Model | None]]:
    """The reference objects, by kind and name, that an event gives a version to."""
    match payload:
        case RegistryChanged():
            kind = ENTRIES.get(payload.registry)
            if kind is not None:
                yield (payload.registry, payload.entry_id), _read(kind, payload.changes)
        case ActivityPlanned():
            yield ("activity", str(payload.activity_id)), payload
        case CampaignCreated(fields=fields) | CampaignChanged(changes=fields) if fields.code:
            bearer = CodeBearer(campaign_id=UUID(event.subject_id))
            yield ("campaign_code", fields.code), bearer
        case DefinitionStep(kind="list" | "promotion"):
            yield from _definitions(event, payload)


def _definitions(
    event: Event, step: DefinitionStep
) -> Iterable[tuple[tuple[str, str], Model | None]]:
    """A rule as it is from now on: none any more if it was retired."""
    name = ("list" if step.kind == "list" else "rule", str(step.definition_id))
    if event.type == "definition.retired":
        yield name, None
    elif event.type == "definition.published":
        yield name, _list_rule(event, step) if step.kind == "list" else _promotion(step)


def _list_rule(event: Event, step: DefinitionStep) -> ListRule:
    return ListRule(
        list_id=step.definition_id, version=step.version, body=step.body, event_id=event.event_id
    )


def _promotion(step: DefinitionStep) -> VersionedRule | None:
    rule = _read(PromotionRule, step.body)
    if rule is None:
        return None
    return VersionedRule(rule_id=step.definition_id, version=step.version, rule=rule)


def _read(kind: type[E_], body: dict[str, Any]) -> E_ | None:
    """The body as a model; one that this version cannot read is as good as absent."""
    try:
        return kind.model_validate(body)
    except ValidationError:
        return None


def provided_names(event: Event, payload: Payload) -> list[str]:
    """The names under which entities wait for the objects of a reference event."""
    return [f"{kind}:{name}" for (kind, name), _ in _objects(event, payload)]
