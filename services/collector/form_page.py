"""The form once more, for a person whose browser runs no script: filled in, with what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from schemas.errors import Fault
from schemas.registries import FormEntry, FormField
from services.collector.faults import escaped
from services.collector.form_bodies import Submission
from services.http import Response, response

_INPUT = {"email": "email", "telephone": "tel", "text": "text", "country": "text"}
_HIDE = "position:absolute;left:-9999px"
_STYLE = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"


def form_again(form: FormEntry, content: Submission, faults: tuple[Fault, ...]) -> Response:
    """The page: declared fields with the person's values, all else hidden and as it was."""
    told = {fault.pointer: fault.detail for fault in faults}
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Please check</title>'
        '<meta name="robots" content="noindex"></head><body><h1>Please check</h1>'
        f'<form method="post">{"".join(_inputs(form, content, told))}<button>Send</button></form>'
        "</body></html>"
    )
    return response(
        422,
        body.encode(),
        "text/html; charset=utf-8",
        cache_control="no-store",
        # With no-referrer a browser sends "Origin: null", which no form could list.
        referrer_policy="same-origin",
        content_security_policy=_STYLE,
    )


def _inputs(form: FormEntry, content: Submission, told: Mapping[str, str]) -> Iterator[str]:
    declared = {field.name for field in form.fields}
    for field in form.fields:
        fault = told.get("/" + escaped(field.name), "")
        yield _shown(field, content.fields.get(field.name, ""), fault)
    kept = {**content.fields, **content.own, **content.utm}
    for name, value in kept.items():
        if name not in declared and name != form.honeypot:
            yield f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
    if form.honeypot not in declared:
        yield (
            f'<input name="{escape(form.honeypot)}" style="{_HIDE}" tabindex="-1" '
            'autocomplete="off" aria-hidden="true">'
        )


def _shown(field: FormField, value: str, fault: str) -> str:
    required = " required" if field.required else ""
    note = f" <strong>{escape(fault)}</strong>" if fault else ""
    return (
        f'<p><label>{escape(field.name)} <input type="{_INPUT[field.kind]}" '
        f'name="{escape(field.name)}" value="{escape(value)}" '
        f'maxlength="{field.max_length}"{required}></label>{note}</p>'
    )
