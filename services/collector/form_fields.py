"""What a form asks of its fields, and what a submission's fields are worth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from schemas.errors import Fault, InvalidInput
from schemas.registries import FormEntry, FormField
from services.collector.faults import escaped

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_LONGEST_EMAIL = 254
_TELEPHONE = re.compile(r"\+?[0-9 ()./-]{3,40}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_PATTERNS = {"email": _EMAIL, "country": _COUNTRY}


def check(form: FormEntry, fields: Mapping[str, str]) -> None:
    """Raises ``InvalidInput`` with a pointer for each field that the form does not allow."""
    faults = [
        fault for field in form.fields for fault in _faults(field, fields.get(field.name, ""))
    ]
    if faults:
        raise InvalidInput("Some fields are not filled in as the form asks.", tuple(faults))


def value_of(form: FormEntry, fields: Mapping[str, str], kind: str) -> str | None:
    """The value of the form's field of a kind; by its name where the form declares no fields."""
    names = [field.name for field in form.fields if field.kind == kind]
    names = names or ([kind] if not form.fields else [])
    value = next((fields[name].strip() for name in names if fields.get(name, "").strip()), None)
    fits = value is not None and len(value) <= _LONGEST_EMAIL and _PATTERNS[kind].fullmatch(value)
    return value if fits else None


def _faults(field: FormField, value: str) -> Iterator[Fault]:
    pointer = "/" + escaped(field.name)
    text = value.strip()
    if not text:
        if field.required:
            yield Fault(pointer, "Fill in this field.")
    elif len(value) > field.max_length:
        yield Fault(pointer, f"Use at most {field.max_length} characters.")
    elif field.kind == "email" and (len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text)):
        yield Fault(pointer, "Enter an e-mail address such as name@example.com.")
    elif field.kind == "telephone" and not _TELEPHONE.fullmatch(text):
        yield Fault(pointer, "Enter a telephone number such as +44 20 7946 0000.")
    elif field.kind == "country" and not _COUNTRY.fullmatch(text):
        yield Fault(pointer, "Choose a country by its code of two letters.")
