"""From a call of an analytics script to facts of ours (interfaces, section 2.1).

A public page can be anybody, so nothing here is looked up, and nothing is refused for its content:
what no type of ours can take stays as ``event.tracked``, and what is no call at all is kept sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
from pydantic import ValidationError

from events.compose import Draft
from schemas.catalogue import EventType, Topic, load_all
from schemas.clock import RandomBytes, random_id
from schemas.envelope import Stream
from schemas.errors import InvalidInput
from schemas.ids import event_id, named_id
from schemas.instants import Instant, format_instant
from services.access import GpcMode
from services.collector.calls import LONGEST_MESSAGE_ID, Call, read_call
from services.collector.consent import without_cross_context
from services.collector.privacy import origin_of
from services.collector.redirects import CLICK_ID
from services.collector.traits import account_changes, contact_changes, order_data
from services.metrics import EVENTS_REJECTED
from services.reference import OwnedSource

PROVIDER = "landing_page"
TRACKED = "event.tracked"
_BUILT_IN = {"Form Viewed": "form.visited"}
_LONGEST_URL = 2048
_LONGEST_UTM = 200
_UTM = {"source": "utm_source", "medium": "utm_medium", "name": "utm_campaign",
        "term": "utm_term", "content": "utm_content"}  # fmt: skip
_SHARE = "ab_share"


@dataclass(frozen=True, slots=True)
class Visit:
    """The request that calls came by: whose source, what is kept of it, and what may be kept."""

    owner: OwnedSource
    hit: dict[str, Any]
    flags: tuple[str, ...]
    mode: GpcMode | None
    now: Instant

    @property
    def producer(self) -> str:
        """Under which name its facts are recorded."""
        return f"source:{self.owner.source.source_id}"


class CallDrafts:
    """Makes drafts of calls. Pure but for the randomness of what has no name."""

    def __init__(self, random: RandomBytes) -> None:
        self._random = random
        self._known = load_all()
        self._makers: dict[str, Callable[[Visit, Call], list[Draft]]] = {
            "track": self._tracked, "page": self._viewed, "screen": self._viewed,
            "identify": self._identified, "group": self._grouped, "alias": self._suggested,
        }  # fmt: skip

    def of(self, visit: Visit, item: Any) -> list[Draft]:
        """The facts that a call comes to; none if the caller's signal forbids them."""
        call = read_call(item)
        if visit.mode is not None:
            call = replace(call, properties=without_cross_context(call.properties))
        if visit.mode is GpcMode.ANONYMOUS:
            if call.kind in ("identify", "group", "alias"):
                return []
            call = replace(call, user=None, visitor=None)
        return self._makers[call.kind](visit, call)

    def unrecognized(self, visit: Visit, item: Any) -> Draft:
        """What is no call that could be read, kept whole and sealed."""
        told = item.get("messageId") if isinstance(item, dict) else None
        fits = isinstance(told, str) and 0 < len(told) <= LONGEST_MESSAGE_ID
        name = told if fits and told and told.isprintable() else self._random(16).hex()
        kind = self._known.newest("provider.event_unrecognized")
        raw = {"provider": PROVIDER, "raw": orjson.dumps(item).decode(), "reason": "invalid"}
        return Draft(
            kind=kind,
            topic=Topic.FACTS,
            workspace=visit.owner.workspace,
            producer=visit.producer,
            event_id=event_id(visit.owner.workspace, visit.producer, name),
            payload=kind.model.model_validate(raw),
            received_at=visit.now,
            external_id=name,
            flags=visit.flags,
        )

    # One kind of call each

    def _tracked(self, visit: Visit, call: Call) -> list[Draft]:
        wanted = visit.owner.source.events.get(call.name) or _BUILT_IN.get(call.name)
        if wanted is not None:
            kind = self._known.newest(wanted)
            try:
                return [self._draft(visit, call, kind, self._filled(visit, call, kind))]
            except InvalidInput:
                EVENTS_REJECTED.labels("unmapped").inc()
        return [self._plain(visit, call, call.name, call.properties)]

    def _viewed(self, visit: Visit, call: Call) -> list[Draft]:
        kind = self._known.newest("page.viewed")
        data = self._filled(visit, call, kind, {})
        if "url" not in data:
            return [self._plain(visit, call, call.name or call.kind, call.properties)]
        return [self._draft(visit, call, kind, data)]

    def _identified(self, visit: Visit, call: Call) -> list[Draft]:
        person = _record(visit, "contact", call.user)
        data = {"id": person, "changes": contact_changes(call.traits)}
        told = self._draft(visit, call, self._known.newest("contact.changed"), data)
        visitor = _record(visit, "visitor", call.visitor)
        if visitor is None:
            return [told]
        subject = {"kind": "contact", "id": person}
        known = {"visitor_id": visitor, "subject": subject, "evidence": "login", "confidence": 1}
        beside = self._draft(visit, call, self._known.newest("visitor.identified"), known)
        name = named_id(told.event_id, "identified")
        return [told, replace(beside, event_id=name, causation_id=told.event_id, external_id=None)]

    def _grouped(self, visit: Visit, call: Call) -> list[Draft]:
        account = _record(visit, "account", call.group)
        data = {"id": account, "changes": account_changes(call.traits)}
        return [self._draft(visit, call, self._known.newest("account.changed"), data)]

    def _suggested(self, visit: Visit, call: Call) -> list[Draft]:
        """That two records may be one person; under a name of its own until a type takes it."""
        two = [_record(visit, "contact", call.previous), _record(visit, "contact", call.user)]
        if "identity.match_suggested" not in self._known:
            return [self._plain(visit, call, "alias", {"records": [str(one) for one in two]})]
        subjects = [{"kind": "contact", "id": one} for one in two]
        kind = self._known.newest("identity.match_suggested")
        return [self._draft(visit, call, kind, {"subjects": subjects, "evidence": {}})]

    # Shared by them

    def _plain(self, visit: Visit, call: Call, name: str, properties: dict[str, Any]) -> Draft:
        data = {"name": name, "properties": properties}
        kind = self._known.newest(TRACKED)
        visitor = _record(visit, "visitor", call.visitor)
        return self._draft(visit, call, kind, {**data, "visitor_id": visitor})

    def _filled(
        self, visit: Visit, call: Call, kind: EventType, properties: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The data of a type: what the call says, and what its request tells beside."""
        fields = kind.model.model_fields
        data = dict(call.properties if properties is None else properties)
        if kind.name == "order.placed":
            data = order_data(data)
        visitor = _record(visit, "visitor", call.visitor) or _record(visit, "contact", call.user)
        told = {
            **dict(_page(call)),
            "visitor_id": visitor or random_id(self._random),
            "hit": visit.hit,
        }
        if visitor is None and not fields.get("visitor_id", _OPTIONAL).is_required():
            del told["visitor_id"]
        return {**data, **{name: value for name, value in told.items() if name in fields}}

    def _draft(self, visit: Visit, call: Call, kind: EventType, data: dict[str, Any]) -> Draft:
        clocks = {"original": call.original, "sent": call.sent}
        told = {**data, "clocks": {n: v for n, v in clocks.items() if v}} if any(
            clocks.values()
        ) else data  # fmt: skip
        try:
            payload = kind.model.model_validate(told)
        except ValidationError as error:
            raise InvalidInput(f"The call cannot be {kind.name}.") from error
        workspace, time = visit.owner.workspace, call.time(visit.now)
        name = call.message_id or self._random(16).hex()
        person = _record(visit, "contact", call.user)
        return Draft(
            kind=kind,
            topic=Topic.FACTS,
            workspace=workspace,
            producer=visit.producer,
            event_id=event_id(workspace, visit.producer, name),
            payload=payload,
            received_at=visit.now,
            time=time if call.original else visit.now,
            source_time=_source_time(call, time),
            subject=Stream("contact", str(person)) if person else None,
            visitor_id=_record(visit, "visitor", call.visitor),
            external_id=name,
            flags=visit.flags,
        )


_OPTIONAL = load_all().newest(TRACKED).model.model_fields["visitor_id"]


def _source_time(call: Call, corrected: Instant | None) -> str | None:
    """The sender's time as it was sent, where the corrected one says something else."""
    if call.original is None:
        return None
    same = corrected is not None and format_instant(corrected) == call.original
    return None if same else call.original


def _record(visit: Visit, kind: str, text: str | None) -> UUID | None:
    """The record that a sender's id means: a UUID is itself, any other text always the same one."""
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        return named_id(visit.owner.workspace, kind, text)


def _page(call: Call) -> Iterator[tuple[str, Any]]:
    """Where it happened, without the queries of addresses: those may name a person."""
    page = call.context.get("page")
    page = page if isinstance(page, dict) else {}
    url = page.get("url") or call.properties.get("url")
    place = _place(url)
    if place or (call.kind == "screen" and call.name):
        yield "url", place or call.name
    referrer = _place(page.get("referrer") or call.properties.get("referrer"))
    if referrer:
        yield "referrer", referrer
    asked = _query(url)
    yield "utm", _utm(call, asked)
    click = call.context.get(CLICK_ID) or asked.get(CLICK_ID)
    if isinstance(click, str) and click.isalnum() and len(click) <= _LONGEST_UTM:
        yield "click_token", click
    try:
        yield "share_id", UUID(asked.get(_SHARE, ""))
    except ValueError:
        return


def _place(url: Any) -> str:
    if not isinstance(url, str):
        return ""
    origin = origin_of(url)
    return (origin + urlsplit(url).path)[:_LONGEST_URL] if origin else ""


def _query(url: Any) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=100))
    except (ValueError, TypeError, AttributeError):
        return {}


def _utm(call: Call, asked: dict[str, str]) -> dict[str, str]:
    campaign = call.context.get("campaign")
    said = campaign if isinstance(campaign, dict) else {}
    told = {name: asked[name] for name in (*_UTM.values(), "utm_id") if asked.get(name)}
    told |= {_UTM[n]: v for n, v in said.items() if n in _UTM and isinstance(v, str) and v}
    return {name: value[:_LONGEST_UTM] for name, value in told.items()}
