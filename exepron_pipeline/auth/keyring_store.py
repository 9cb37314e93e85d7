"""Tokens in the system's keyring. Not here: tokens in files (``store.py``), which need no keyring at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from exepron_pipeline.auth.store import TokenKey, read_tokens
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.errors import ConfigurationError

SERVICE = "exepron-pipeline"


class KeyringStore:
    """Keeps tokens in the keyring; every method raises `ConfigurationError` when there is none to use."""

    def load(self, key: TokenKey) -> Tokens | None:
        """Return what was saved last, or None."""
        with _ring() as ring:
            text = ring.get_password(SERVICE, key.digest)
        return read_tokens(text, "The keyring") if text else None

    def save(self, key: TokenKey, tokens: Tokens) -> None:
        """Keep it as durably as the keyring does."""
        with _ring() as ring:
            ring.set_password(SERVICE, key.digest, tokens.to_json())

    def drop(self, key: TokenKey) -> None:
        """Forget it."""
        with _ring() as ring:
            if ring.get_password(SERVICE, key.digest):
                ring.delete_password(SERVICE, key.digest)


@contextmanager
def _ring() -> Iterator[KeyringBackend]:
    try:
        yield keyring.get_keyring()
    except KeyringError as error:
        hint = "Unlock or install a keyring, or set EXEPRON_TOKEN_STORE=file."
        raise ConfigurationError(f"The system's keyring cannot be used ({error}).", hint=hint) from None
