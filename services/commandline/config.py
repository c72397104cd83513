"""``answerback config check``: what the environment amounts to."""

from __future__ import annotations

from argparse import Namespace

from pydantic import SecretBytes, SecretStr

from services.commandline.terminal import Terminal
from services.settings import PREFIX, load_settings

HIDDEN = "(hidden)"


def check(_arguments: Namespace, terminal: Terminal) -> int:
    """Print every setting with its effective value. Raises ``SettingsInvalid``."""
    for name, value in load_settings():
        terminal.tell(f"{PREFIX}{name.upper()}={_shown(value)}")
    return 0


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr | SecretBytes):
        return HIDDEN
    if isinstance(value, tuple | list | frozenset):
        return ",".join(map(str, value))
    return str(value)
