"""The token store: sign-ins that outlive the process, here as files.

Here: keeping and finding them. Not here: the system's keyring (``keyring_store.py``), whether tokens are still
good (``token.py``). A rotated refresh token
is on the disk before its access token is used: losing it would mean a new sign-in.
"""

import hashlib
import json
import os
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.auth.token import Tokens, tokens_from_json
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings import Connection


@dataclass(frozen=True)
class TokenKey:
    """Whose tokens: one sign-in is kept for each of these."""

    issuer: str
    client_id: str
    username: str
    scope: str

    @property
    def digest(self) -> str:
        """A name fit for a file."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()[:32]


def key_of(connection: Connection) -> TokenKey:
    """Return the key of a connection's tokens; the order of its scopes does not matter."""
    scope = " ".join(sorted(connection.scope.split()))
    return TokenKey(connection.identity_url, connection.client_id or "", connection.username or "", scope)


def read_tokens(text: str, place: str) -> Tokens:
    """Read the stored form, found at ``place``.

    Raises:
        ConfigurationError: It is none of ours.

    """
    try:
        return tokens_from_json(text)
    except ValueError:
        raise ConfigurationError(
            f"{place} holds no tokens of ours.", hint="Remove it, then sign in again."
        ) from None


class TokenStore(Protocol):
    """Keeps one `Tokens` for each key. Callers hold the key's lock (``turn.py``)."""

    def load(self, key: TokenKey) -> Tokens | None:
        """Return what was saved last, or None."""

    def save(self, key: TokenKey, tokens: Tokens) -> None:
        """Keep it durably: when this returns, a crash does not lose it."""

    def drop(self, key: TokenKey) -> None:
        """Forget it."""


class FileStore:
    """Keeps tokens in files of their own, which only their owner can read.

    Args:
        folder: Created with mode 0700 when it is missing.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: TokenKey) -> Path:
        return self._folder / f"{key.digest}.json"

    def load(self, key: TokenKey) -> Tokens | None:
        """Return what was saved last, or None.

        Raises:
            ConfigurationError: Others can read the file, or it is none of ours.

        """
        path = self._path(key)
        try:
            with path.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    hint = f"Run: chmod 600 {path}. If others may have read it, sign out and in again."
                    raise ConfigurationError(f"Others can read the tokens in {path}.", hint=hint)
                return read_tokens(file.read(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable(path, error) from None

    def save(self, key: TokenKey, tokens: Tokens) -> None:
        """Keep it durably.

        Raises:
            WarehouseError: The folder cannot be written to.

        """
        path = self._path(key)
        try:
            private_folder(self._folder)
            write_private(path, tokens.to_json())
        except OSError as error:
            raise unusable(path, error) from None

    def drop(self, key: TokenKey) -> None:
        """Forget it."""
        self._path(key).unlink(missing_ok=True)
