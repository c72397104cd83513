"""Ports across processes: an object whose methods ask the other side, and the side that answers."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import Any, TypeVar, cast

from services.back.link import Handler, Link

P = TypeVar("P", bound=ABC)


def stub(port: type[P], link: Callable[[], Link], seconds: float | None = None) -> P:
    """An implementation of a port that asks the other end of the link.

    Arguments and results of the port's methods must be plain values that can be pickled.
    ``seconds`` bounds the waiting for one answer.
    """

    def asking(name: str) -> Callable[..., Any]:
        def ask(_self: P, *arguments: Any) -> Any:
            return link().call(name, *arguments, seconds=seconds)

        return ask

    methods = {method: asking(_name(port, method)) for method in _methods(port)}
    return cast("P", type(f"Remote{port.__name__}", (port,), methods)())


def answering(port: type[P], implementation: P) -> dict[str, Handler]:
    """What the end that has a port's implementation answers."""
    return {_name(port, method): getattr(implementation, method) for method in _methods(port)}


def _methods(port: type[ABC]) -> frozenset[str]:
    return frozenset(port.__abstractmethods__)


def _name(port: type[ABC], method: str) -> str:
    return f"{port.__name__}.{method}"
