"""Where a server on this machine is reached."""

from __future__ import annotations

from ipaddress import ip_address


def reachable(host: str, port: int) -> str:
    """The address by which this machine reaches a server that listens there, also on all."""
    try:
        own = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if own.is_unspecified:
        own = ip_address("127.0.0.1")
    text = f"[{own}]" if own.version == 6 else str(own)
    return f"http://{text}:{port}"
