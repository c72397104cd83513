"""The key that wraps all keys at rest: from the settings, else made once and kept in the folder."""

from __future__ import annotations

from schemas.clock import RandomBytes
from schemas.durable import write_whole
from schemas.errors import SettingsInvalid
from services.settings import Settings

KEY_FILE = "master.key"
VAULT_FILE = "vault.db"


def master_key(settings: Settings, random: RandomBytes) -> bytes:
    """The installation's key; made if there is none yet.

    Raises ``SettingsInvalid`` where keys lie under one that is missing.
    """
    path = settings.data / KEY_FILE
    if settings.master_key is None and not path.exists():
        if (settings.data / VAULT_FILE).exists():
            raise SettingsInvalid(
                f"The keys in {settings.data / VAULT_FILE} lie under a master key that is not here."
                " Set ANSWERBACK_MASTER_KEY to it."
            )
        write_whole(path, random(32).hex().encode())
    return key_bytes(settings)


def key_bytes(settings: Settings) -> bytes:
    """The installation's key. Raises ``SettingsInvalid`` where the folder holds no readable one."""
    if settings.master_key is not None:
        return bytes.fromhex(settings.master_key.get_secret_value())
    path = settings.data / KEY_FILE
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        raise SettingsInvalid(
            f"The master key in {path} cannot be read. Set ANSWERBACK_MASTER_KEY to it."
        ) from None
