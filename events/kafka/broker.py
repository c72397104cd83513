"""Where the brokers are, and how to speak with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from schemas.errors import LogUnavailable

_REQUEST_MS = 5_000
_TOLD = 300


@dataclass(frozen=True, slots=True)
class Broker:
    """Addresses as ``host:port,host:port``, and what a broker with guards asks for.

    ``protocol`` is Kafka's: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
    """

    addresses: str
    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    user: str | None = None
    password: str | None = None
    authority: str | None = None

    def opened(self, kind: Callable[..., Any], **configuration: Any) -> Any:
        """A client of kafka-python, of whatever kind. Raises ``KafkaError``.

        One that finds no broker would leave its thread and its sockets behind: they are closed.
        """
        made: list[Any] = []

        def remembered(*arguments: Any, **named: Any) -> Any:
            made.append(KafkaNetClient(*arguments, **named))
            return made[-1]

        try:
            return kind(**self._configuration(), **configuration, kafka_client=remembered)
        except BaseException:
            for client in made:
                client.close()
            raise

    def _configuration(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "bootstrap_servers": self.addresses.split(","),
            "client_id": "answerback",
            "security_protocol": self.protocol,
            "bootstrap_timeout_ms": _REQUEST_MS,
            "request_timeout_ms": _REQUEST_MS,
            "reconnect_backoff_max_ms": 1_000,  # a broker that is back is to be found at once
        }
        if self.mechanism is not None:
            told |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        if self.authority is not None:
            told["ssl_cafile"] = self.authority
        return told

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Inside, an error of Kafka's is ``LogUnavailable``."""
        try:
            yield
        except KafkaError as error:
            told = str(error)[:_TOLD]  # some quote the whole request
            raise LogUnavailable(
                f"Kafka at {self.addresses} does not answer: {type(error).__name__}: {told}"
            ) from error
