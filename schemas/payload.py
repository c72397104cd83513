"""What every event type's payload has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

from pydantic import model_validator

from schemas.fields import Addr, Code, Model, StoredAddress


class Payload(Model):
    """The data of one event. Subclasses are the catalogue; one model serves door and stored form.

    ``JOURNAL`` names journal columns that are filled from a differently named field, as
    {column: field}; a column with a field's own name needs no entry.
    """

    JOURNAL: ClassVar[dict[str, str]] = {}

    if not TYPE_CHECKING:  # else every misspelled attribute would type-check

        def __getattr__(self, name: str) -> Any:
            # Unknown fields are stored, yet never read by name: nobody has checked what is in
            # them, and a later version may give the name another meaning.
            if name in (self.__pydantic_extra__ or ()):
                raise AttributeError(f"{type(self).__name__} declares no field {name!r}.")
            return super().__getattr__(name)

    def person_address(self) -> str | StoredAddress | None:
        """The address of the person this event is about: its key, if nothing better names one."""
        return getattr(self, "address", None)

    def person_id(self) -> UUID | None:
        """The record this event is about by its own nature (a contact's own event), if any."""
        return None


class MessagePayload(Payload):
    """About a message: by our id, or by the provider's until a ``*.sent`` event names it (R6)."""

    message_id: UUID | None = None
    provider: Code | None = None
    provider_message_id: Code | None = None

    @model_validator(mode="after")
    def _names_a_message(self) -> Self:
        if self.MESSAGE_REQUIRED and self.message_id is None and not self.provider_message_id:
            raise ValueError("Name the message: message_id, or provider and provider_message_id.")
        if self.provider_message_id and not self.provider:
            raise ValueError("provider_message_id needs provider beside it.")
        return self

    MESSAGE_REQUIRED: ClassVar[bool] = True


class AddressedMessagePayload(MessagePayload):
    """A notice that may also carry the recipient's address, which then keys it."""

    address: Addr | None = None
