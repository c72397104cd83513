"""Texts as PostgreSQL can hold them: all but the character NUL, which has an escape here.

People's texts may hold any character, and a text that is a name must come back as it went in.
"""

from __future__ import annotations

from typing import Any

from psycopg.types.string import StrDumperUnknown, TextLoader

_ESCAPE = "\uf8ff"  # of the private use area: it means nothing, and hardly ever occurs
_NUL = "\0"


class _Dumper(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        if _NUL in obj or _ESCAPE in obj:
            obj = obj.replace(_ESCAPE, _ESCAPE + "1").replace(_NUL, _ESCAPE + "0")
        return super().dump(obj)


class _Loader(TextLoader):
    def load(self, data: Any) -> Any:
        text = super().load(data)
        if isinstance(text, str) and _ESCAPE in text:
            text = text.replace(_ESCAPE + "0", _NUL).replace(_ESCAPE + "1", _ESCAPE)
        return text


def adapt_texts(connection: Any) -> None:
    """Have a driver's connection write and read texts so."""
    connection.adapters.register_dumper(str, _Dumper)
    for kind in ("text", "varchar"):
        connection.adapters.register_loader(kind, _Loader)
