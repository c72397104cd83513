"""What a caller's signal not to be tracked does at the doors (interfaces, section 1.6).

The signal is ``Sec-GPC: 1``, and ``DNT: 1`` where the operator wants it to count as the same. The
workspace chooses what follows: the event is kept and marked, kept without anybody's name, or only
counted. What a person does on purpose (unsubscribing, confirming, sending a form) is always taken.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from schemas.clock import RandomBytes, random_id
from schemas.errors import UnavailableError
from services.access import Access, GpcMode
from services.collector.privacy import flags_of
from services.collector.rings import Genuine
from services.http import Headers
from services.metrics import EVENTS_REJECTED

NOBODY = "anonymous"
_NIL = UUID(int=0)
_DROPPED = EVENTS_REJECTED.labels("gpc")

# Names by which others know a browser or a click in every place it comes to.
CROSS_CONTEXT = frozenset((
    "_ga", "aaid", "advertising_id", "advertisingid", "dclid", "epik", "fbc", "fbclid", "fbp",
    "gbraid", "gclid", "gclsrc", "idfa", "idfv", "igshid", "li_fat_id", "mc_eid", "msclkid",
    "rdt_cid", "sccid", "ttclid", "twclid", "wbraid", "yclid",
))  # fmt: skip


def with_dnt(headers: Headers) -> Headers:
    """The headers as if a ``DNT: 1`` had been said in the words of today."""
    if headers.get(b"dnt", b"").strip() == b"1":
        return {**headers, b"sec-gpc": b"1"}
    return headers


def mode_of(access: Access, workspace: str, headers: Headers) -> GpcMode | None:
    """What the workspace does with the caller's signal; ``None`` if there is no signal."""
    if not flags_of(headers):
        return None
    try:
        return access.workspace(workspace).gpc_mode
    except UnavailableError:
        return GpcMode.ANONYMOUS  # what was chosen cannot be read, so nobody is named


def heard(
    access: Access, genuine: Genuine, headers: Headers, random: RandomBytes
) -> Genuine | None:
    """The token as it may be recorded; ``None`` if nothing may be, which is counted here.

    An anonymous one names nobody: its recipient is drawn for this hit, and its message is none.
    """
    mode = mode_of(access, genuine.workspace, headers)
    if mode is GpcMode.DROP:
        dropped()
        return None
    if mode is not GpcMode.ANONYMOUS:
        return genuine
    token = genuine.token._replace(recipient=random_id(random), about=_NIL)
    return genuine._replace(token=token)


def dropped(count: int = 1) -> None:
    """Count what a signal kept from being stored."""
    _DROPPED.inc(count)


def message_of(genuine: Genuine) -> dict[str, Any]:
    """The message that a token names, as a fact says it; an anonymous one gets a lone name."""
    if genuine.token.about != _NIL:
        return {"message_id": genuine.token.about}
    return {"provider": NOBODY, "provider_message_id": str(genuine.token.recipient)}


def without_cross_context(value: Any) -> Any:
    """JSON data without the ids that join one browser's visits to different places."""
    if isinstance(value, dict):
        return {
            name: without_cross_context(held)
            for name, held in value.items()
            if name.lower() not in CROSS_CONTEXT
        }
    if isinstance(value, list):
        return [without_cross_context(one) for one in value]
    return value
