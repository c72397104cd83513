"""One example of every type of fact, in its door form."""

from __future__ import annotations

from tests.support.example_values import (
    ACTIVITY,
    CAMPAIGN,
    CONTACT,
    CONTENT,
    EUROS,
    FORM,
    LEAD,
    MESSAGE,
    OTHER,
    RESPONSE,
    VISITOR,
    Data,
    same,
)

HIT: Data = {
    "ip": "192.0.2.0",
    "country": "PL",
    "asn": 64496,
    "ip_lists": ["apple-relay@2026-10"],
    "method": "GET",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "headers": {"accept-language": "pl", "sec-gpc": "1"},
}
NOTICE: Data = {
    "message_id": MESSAGE,
    "provider": "sendgrid",
    "provider_message_id": "sg-14c5d75ce93",
    "address": "Zofia.Łęcka@example.com",
}
SENT: Data = {**NOTICE, "activity_id": ACTIVITY, "content_version_id": CONTENT}
CLICK: Data = {
    **NOTICE,
    "link_id": "00000000000000ff",
    "link_group": "pricing",
    "link_kind": "content",
    "url": "https://example.com/offer?utm_source=letter",
    "hit": HIT,
}
REPLY: Data = {
    "message_id": MESSAGE,
    "provider": "imap",
    "provider_message_id": "<reply-1@example.com>",
    "in_reply_to": "<letter-1@answerback.example>",
    "thread_id": "thread-1",
    "text": "Tak, poproszę o ofertę.",
    "address": "zofia@example.com",
}
MAIL: dict[str, Data] = {
    "email.sent": SENT,
    "email.delivered": NOTICE,
    "email.deferred": {**NOTICE, "code": "421 4.7.0"},
    "email.rejected": {**NOTICE, "reason": "unsubscribed"},
    "email.bounced": {
        **NOTICE, "class": "hard", "final": True, "code": "550 5.1.1", "reason": "no such user",
    },
    "email.opened": {**NOTICE, "hit": HIT},
    "email.replied": REPLY,
    "email.autoresponded": {**REPLY, "kind": "out_of_office"},
    **same("email.clicked sms.clicked push.clicked", CLICK),
    **same(
        "email.complained email.unsubscribed email.resubscribed",
        {**NOTICE, "via": "one_click", "purpose": "marketing"},
    ),
}  # fmt: skip
SHORT_MESSAGES: dict[str, Data] = {
    **same("sms.sent push.sent", {**SENT, "address": "+447700900123"}),
    **same("sms.delivered sms.read push.opened", NOTICE),
    **same("sms.failed push.failed", {**NOTICE, "code": "21610"}),
    "sms.received": {
        "provider_message_id": "SM-1",
        "from": "+44 7700 900123",
        "to": "+442079460000",
        "text": "SPRING please",
        "keyword": "campaign",
        "message_id": MESSAGE,
    },
}
CALL: Data = {
    "call_id": "CA-1",
    "direction": "in",
    "from": "+44 20 7946 0018",
    "to": "+442079460000",
    "tracking_number": "+442079460000",
    "line": "landline",
    "activity_id": ACTIVITY,
}
CALLS: dict[str, Data] = {
    **same("call.started call.answered call.voicemail_left call.failed", CALL),
    "call.missed": {**CALL, "cause": "no-answer"},
    "call.completed": {**CALL, "duration_s": 261, "attempts": 3, "outcome": "interested"},
}
PAGE: Data = {
    "visitor_id": VISITOR,
    "url": "https://example.com/landing",
    "referrer": "https://social.example/post/1",
    "utm": {"utm_source": "letter", "utm_campaign": "SPRING26"},
    "share_id": OTHER,
    "click_token": "AQE",
    "hit": HIT,
}
FORM_SEEN: Data = {
    "form_id": FORM, "visitor_id": VISITOR, "url": "https://example.com/form", "hit": HIT,
}  # fmt: skip
SUBMISSION: Data = {"form_id": FORM, "submission_id": "sub-1"}
ANSWERS: Data = {"name": "Zofia Łęcka", "topic": ["loans", "savings"], "mail": "z@example.com"}
WEBINAR: Data = {
    "webinar_id": "w-42",
    "mode": "online",
    "registrant_id": "r-7",
    "answers": ANSWERS,
    "address": "zofia@example.com",
}
WEB: dict[str, Data] = {
    **same("page.viewed link.clicked", PAGE),
    "asset.downloaded": {
        "literature_id": OTHER, "document_version": 3, "visitor_id": VISITOR, "hit": HIT,
    },
    "form.visited": FORM_SEEN,
    "form.submitted": {
        **FORM_SEEN,
        **SUBMISSION,
        "fields": ANSWERS,
        "address": "z@example.com",
        "country": "PL",
        "utm": PAGE["utm"],
        "share_id": OTHER,
        "seconds_on_form": "41.5",
    },
    "form.rejected": {
        **SUBMISSION, "reason": "honeypot", "fields": ANSWERS, "visitor_id": VISITOR,
    },
    **same("form.confirmation_sent form.confirmed", SUBMISSION),
    "provider.event_unrecognized": {
        "provider": "landing_page", "raw": '{"type":"wave","email":"z@example.com"}',
        "reason": "invalid",
    },
    **same("webinar.registered webinar.canceled", WEBINAR),
    "webinar.attended": {**WEBINAR, "joined_at": "2026-10-14T17:00:00.250Z"},
    "webinar.left": {**WEBINAR, "minutes": 44},
    "visitor.identified": {
        "visitor_id": VISITOR,
        "subject": {"kind": "contact", "id": CONTACT},
        "evidence": "form",
        "confidence": "0.9",
    },
}  # fmt: skip
PERSON: Data = {
    "id": CONTACT,
    "changes": {
        "first_name": "Zofia",
        "last_name": "Łęcka",
        "email": ["zofia@example.com", "z@example.com"],
        "telephone": None,
        "mobile": "+44 7700 900123",
        "account_id": OTHER,
        "city": "Łódź",
        "country": "PL",
        "attributes": {"age": 41, "segment": None},
    },
    "reference_version": 7,
}
COMPANY: Data = {
    "id": OTHER,
    "changes": {"name": "Example & Sons", "employees": 12, "industry": None, "country": "PL"},
}
ORDER: Data = {
    "order_id": "o-1",
    "product_id": "term-deposit",
    "category": "deposit",
    "total": EUROS,
    "address": "zofia@example.com",
    "promotion_code": "SPRING",
}
CONTRACT: Data = {
    "contract_id": "k-1",
    "kind": "service",
    "signed_at": "2026-10-14T00:00:00.000Z",
    "valid_to": "2027-10-14T00:00:00.000Z",
    "address": "zofia@example.com",
}
LEAD_STEP: Data = {
    "lead_id": LEAD,
    "status": 1,
    "response_id": RESPONSE,
    "campaign_id": CAMPAIGN,
    "customer": {"kind": "contact", "id": CONTACT},
    "changes": {"subject": "Term deposit"},
}
OPPORTUNITY: Data = {
    "opportunity_id": OTHER,
    "customer": {"kind": "contact", "id": CONTACT},
    "lead_id": LEAD,
    "campaign_id": CAMPAIGN,
    "response_id": RESPONSE,
    "estimated_value": EUROS,
}
RECORDS: dict[str, Data] = {
    **same("contact.created contact.changed", PERSON),
    **same("account.created account.changed", COMPANY),
    **same("order.placed order.canceled", ORDER),
    **same("contract.signed contract.ended", CONTRACT),
    "promo_code.redeemed": {
        "code": "SPRING",
        "order_id": "o-1",
        "amount": EUROS,
        "campaign_id": CAMPAIGN,
        "address": "zofia@example.com",
    },
    **same(
        "lead.created lead.changed lead.assigned lead.contacted lead.disqualified lead.reopened",
        LEAD_STEP,
    ),
    "lead.qualified": {**LEAD_STEP, "status": 3, "contact_id": CONTACT, "opportunity_id": OTHER},
    **same(
        "opportunity.created opportunity.changed opportunity.lost opportunity.reopened "
        "quote.created",
        OPPORTUNITY,
    ),
    "opportunity.won": {**OPPORTUNITY, "actual_value": EUROS},
    **same(
        "consent.granted consent.withdrawn",
        {
            "channel": "email",
            "purpose": "marketing",
            "address": "zofia@example.com",
            "source": "form",
            "evidence": {"text": "v3", "form": FORM},
            "basis": "consent",
            "message_id": MESSAGE,
        },
    ),
    "event.tracked": {
        "name": "Calculator used",
        "properties": {"amount": 12.5, "tags": ["a", None], "nested": {"x": True}},
        "visitor_id": VISITOR,
        "a_field_nobody_knows": {"kept": ["as", "it", "is"]},
    },
}
FACTS: dict[str, Data] = {**MAIL, **SHORT_MESSAGES, **CALLS, **WEB, **RECORDS}
