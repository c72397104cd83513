"""The page stands on the API's parts."""

from tests.services.api.conftest import admin, parts, reads, stranger

__all__ = ["admin", "parts", "reads", "stranger"]
