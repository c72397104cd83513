"""One example of every type of decision and conclusion, in its door form."""

from __future__ import annotations

from tests.support.example_values import (
    ACTIVITY,
    BATCH,
    CAMPAIGN,
    CONTACT,
    CONTENT,
    EUROS,
    LEAD,
    LIST,
    MESSAGE,
    OTHER,
    RESPONSE,
    RULE,
    USER,
    VISITOR,
    Data,
    same,
)

CAMPAIGN_FIELDS: Data = {
    "name": "Spring offer",
    "code": "SPRING26",
    "goal": "product_sale",
    "aim": "both",
    "goal_event": {
        "type": "order.placed",
        "where": [{"prop": "product_id", "op": "eq", "value": "term-deposit"}],
    },
    "goal_window": "P30D",
    "type": 2,
    "proposed_start": "2026-10-01T00:00:00.000Z",
    "expected_response": 12,
    "expected_revenue": EUROS,
    "budget": EUROS,
    "owner_id": USER,
    "kpi_targets": {"open_rate": 0.4},
}
CAMPAIGNS: dict[str, Data] = {
    "campaign.created": {
        "name": "Spring offer", "kind": "standard", "currency": "EUR", "fields": CAMPAIGN_FIELDS,
    },
    "campaign.changed": {"changes": {"offer": "3 % for a year", "budget": EUROS}},
    "campaign.copied": {"from": {"id": CAMPAIGN, "version": 4}},
    **same(
        "campaign.approved campaign.launched campaign.suspended campaign.resumed "
        "campaign.completed campaign.canceled campaign.deactivated campaign.reactivated",
        {"from_status": 1, "to_status": 2, "reason": "as planned"},
    ),
    **same(
        "campaign.item_linked campaign.item_unlinked",
        {"item": {"kind": "literature", "id": OTHER}},
    ),
    "campaign.cost_recorded": {"cost": EUROS},
}  # fmt: skip
PLAN: Data = {"activity_id": ACTIVITY, "campaign_id": CAMPAIGN}
ACTIVITY_FIELDS: Data = {
    "subject": "First letter",
    "type": 5,
    "scheduled_start": "2026-10-14T08:00:00.000Z",
    "budget": EUROS,
    "anti_spam_days": 14,
    "content_version_id": CONTENT,
    "priority": 1,
}
ACTIVITIES: dict[str, Data] = {
    "activity.planned": {
        **PLAN, "kind": "distribution", "channel": "email", "fields": ACTIVITY_FIELDS,
    },
    **same("activity.changed activity.scheduled", {**PLAN, "changes": ACTIVITY_FIELDS}),
    **same("activity.task_completed activity.closed activity.canceled", PLAN),
    "activity.cost_recorded": {**PLAN, "cost": EUROS},
    "activity.distributed": {
        **PLAN,
        "lists": [{"list_id": OTHER, "version": 2, "known_at": "AQAAAA"}],
        "content_version_id": CONTENT,
        "holdout_percent": 2.5,
    },
    "audience.pinned": {
        **PLAN,
        "source": "import",
        "batch_id": BATCH,
        "member_count": 45211,
        "digest": "b2:0123456789abcdef",
        "known_at": "AQAAAA",
    },
    "recipient.excluded": {
        "activity_id": ACTIVITY, "message_id": MESSAGE, "reason": "consent", "detail": "withdrawn",
    },
    "message.prepared": {
        "message_id": MESSAGE,
        **PLAN,
        "content_version_id": CONTENT,
        "address": "zofia@example.com",
        "ledger_position": "AQAAAA",
        "list_id": OTHER,
        "list_clause": "where/all/0",
        "cap_counters": {"week": 1},
        "cluster_id": CONTACT,
        "identity_position": "AQAAAA",
    },
}  # fmt: skip
ABOUT: Data = {"response_id": RESPONSE}
RESPONSES: dict[str, Data] = {
    "response.captured": {
        "response_id": RESPONSE,
        "campaign_id": CAMPAIGN,
        "subject": "Reply to Spring offer",
        "type": "reply",
        "channel": "email",
        "source": "manual",
        "source_event_ids": [MESSAGE, OTHER],
        "activity_id": ACTIVITY,
        "customer": {"kind": "contact", "id": CONTACT},
        "visitor_id": VISITOR,
        "first_name": "Zofia",
        "last_name": "Łęcka",
        "company_name": "Example & Sons",
        "email": "zofia@example.com",
        "telephone": "+44 20 7946 0018",
        "description": "Wants to be called",
        "code": "interested",
        "country": "PL",
        "rule_id": RULE,
        "rule_version": 2,
        "received_at": "2026-10-14T00:00:00.000Z",
        "precision": "day",
    },
    **same(
        "response.reviewed response.closed response.canceled response.reopened",
        {**ABOUT, "reason": "looked at", "duplicate_of": OTHER},
    ),
    "response.assigned": {**ABOUT, "owner_id": USER},
    "response.classified": {**ABOUT, "code": "question", "classified_by": "user"},
    "response.corrected": {
        **ABOUT,
        "changes": {"channel": "phone", "region": "PL-10", "description": "Called back"},
    },
    "response.routed": {**ABOUT, "target": "service", "rule_id": RULE, "owner_id": USER},
    "response.converted": {
        **ABOUT,
        "target": {"kind": "lead", "id": LEAD},
        "kind": "lead",
        "ordinal": 0,
        "matched": False,
        "evidence": {"address": "none"},
    },
    "conversion.reversed": {
        **ABOUT, "target": {"kind": "lead", "id": LEAD}, "reason": "wrong person",
    },
    "followup.recorded": {
        **ABOUT, "lead_id": LEAD, "medium": "call", "at": "2026-10-14T18:00:00.000Z",
    },
    "response.retracted": {**ABOUT, "cause_event_id": OTHER, "reason": "rejudged"},
    "response.restated": {
        **ABOUT,
        "cause_event_id": OTHER,
        "reason": "identity",
        "changes": {"customer": {"old": None, "new": f"contact:{CONTACT}"}},
    },
}  # fmt: skip
_CONTACTS: list[Data] = [{"kind": "contact", "id": CONTACT}, {"kind": "contact", "id": OTHER}]
IDENTITIES: dict[str, Data] = {
    "identity.merged": {
        "subjects": _CONTACTS,
        "survivor": _CONTACTS[0],
        "merged": _CONTACTS[1:],
        "choices": {"city": OTHER},
        "evidence": {"why": "the same telephone"},
    },
    "identity.unmerged": {"subjects": _CONTACTS, "evidence": {"why": "father and son"}},
    **same(
        "identity.linked identity.unlinked",
        {"subjects": [_CONTACTS[0], {"kind": "lead", "id": LEAD}], "evidence": {}},
    ),
}
REST: dict[str, Data] = {
    "batch.undone": {
        "batch_id": OTHER,
        "reason": "The file was last year's.",
        "fact_count": 120,
        "effects": [{"kind": "lead", "id": LEAD}],
        "effect_count": 1,
    },
    **same(
        "definition.drafted definition.published definition.activated definition.retired",
        {
            "definition_id": RULE,
            "kind": "promotion",
            "version": 2,
            "body": {"types": ["email.replied"]},
            "generation": 3,
        },
    ),
    "list.created": {
        "list_id": LIST,
        "name": "Growing",
        "kind": "dynamic",
        "member_type": "account",
        "fields": {
            "purpose": "Service contracts",
            "owner_id": OTHER,
            "cost": {"amount": "12.5", "currency": "EUR"},
        },
    },
    "list.changed": {"list_id": LIST, "changes": {"name": "Still growing", "source": None}},
    **same("list.locked list.unlocked list.deactivated list.reactivated", {"list_id": LIST}),
    "list.frozen": {
        "list_id": LIST,
        "of": OTHER,
        "as_of": "2026-10-01T00:00:00.000Z",
        "known_at": "facts-0:17",
        "member_count": 2,
        "digest": "0" * 64,
    },
    **same(
        "list.member_added list.member_removed",
        {"list_id": LIST, "member": {"kind": "account", "id": OTHER}, "reason": "met at a fair"},
    ),
    **same(
        "list.member_joined list.member_left",
        {
            "list_id": LIST,
            "definition_version": 2,
            "member": {"kind": "account", "id": OTHER},
            "cause_event_id": RULE,
            "cause_clause": "/where/all/0",
            "valid_from": "2026-10-14T18:00:00.000Z",
            "valid_to": "2026-10-15T18:00:00.000Z",
        },
    ),
    "list.membership_corrected": {
        "list_id": LIST,
        "definition_version": 2,
        "member": {"kind": "account", "id": OTHER},
        "cause_event_id": RULE,
        "old": [{"since": 1, "until": None}],
        "new": [],
    },
    "registry.changed": {
        "registry": "link",
        "entry_id": "00000000000000ff",
        "changes": {"number": "00000000000000ff", "url": "https://example.com/", "group": None},
    },
    "interaction.judged": {
        "event_id": OTHER,
        "event_type": "email.clicked",
        "classifier_version": 1,
        "verdict": "machine",
        "reasons": ["behaviour/burst"],
        "flags": ["proxied"],
        "ordinal": 1,
    },
    "fact.conflicted": {"first_event_id": OTHER, "difference": "data"},
}
DECISIONS: dict[str, Data] = {**CAMPAIGNS, **ACTIVITIES, **RESPONSES, **IDENTITIES, **REST}
