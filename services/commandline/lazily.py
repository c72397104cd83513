"""Commands by name: what a command needs is loaded when it runs.

All of them together are the whole program, which takes two seconds to load.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

from services.commandline.terminal import Terminal

Command = Callable[[Namespace, Terminal], int]


def load(name: str) -> Command:
    """The function of a command: ``replaying.plan`` of this folder, for example."""
    module, _, function = name.partition(".")
    command: Command = getattr(import_module(f"services.commandline.{module}"), function)
    return command
