"""The session store: sign-ins that outlive the process, here as files.

Here: keeping and finding them. Not here: the system's keyring (``keyring_store.py``), what follows from a session
(``keeper.py``). A rotated refresh token is on the disk before its access token is used: losing it would mean a new
sign-in.
"""

import hashlib
import json
import os
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal, Protocol

from exepron_pipeline.auth.private import check_private, private_folder, unusable, write_private
from exepron_pipeline.auth.session import Session, session_from_json
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings import Connection

StoreKind = Literal["file", "keyring"]

_MARKS: dict[StoreKind, str] = {"file": ".json", "keyring": ".keyring"}
"""Endings of the files that show, without a question to the keyring, which kind of store holds a session."""


@dataclass(frozen=True)
class TokenKey:
    """Whose tokens: one session is kept for each of these. ``username`` is None when the client acts for itself."""

    issuer: str
    client_id: str
    username: str | None
    scope: str

    @property
    def digest(self) -> str:
        """A name fit for a file."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()[:32]


def key_of(connection: Connection) -> TokenKey:
    """Return the key of a connection's tokens; the order of its scopes does not matter."""
    scope = " ".join(sorted(connection.scope.split()))
    user = None if connection.grant == "client_credentials" else connection.username or ""
    return TokenKey(connection.identity_url, connection.client_id or "", user, scope)


class DamagedSessionError(ConfigurationError):
    """What is stored cannot be read any more; nothing of it is shown."""


def read_session(text: str, place: str) -> Session:
    """Read the stored form, found at ``place``.

    Raises:
        DamagedSessionError: It is no session.
        ConfigurationError: A newer version wrote it.

    """
    try:
        return session_from_json(text, place)
    except ValueError:
        message = f"{place} is damaged: it holds no session of ours."
        raise DamagedSessionError(message, hint="Run `exepron login`, or let the next run sign in.") from None


class SessionStore(Protocol):
    """Keeps one `Session` for each key. Whoever changes one holds the key's turn (``turn.py``)."""

    kind: StoreKind

    def place(self) -> str:
        """Where sessions are, for people; raises as `load` does."""

    def load(self, key: TokenKey) -> Session | None:
        """Return what was saved last, or None.

        Raises:
            DamagedSessionError: It cannot be read any more.
            ConfigurationError: The store cannot be used, or others can read it.
            WarehouseError: The folder cannot be read.

        """

    def save(self, key: TokenKey, session: Session) -> None:
        """Keep it durably: when this returns, a crash does not lose it. Raises as `load` does."""

    def drop(self, key: TokenKey) -> None:
        """Forget it. Raises as `load` does."""

    def set_aside(self, key: TokenKey) -> str:
        """Put a damaged one where it does no harm; gives the place, empty when there is nothing left."""


class FileStore:
    """Keeps sessions in files of their own, which only their owner can read.

    Args:
        folder: Created with mode 0700 when it is missing.

    """

    kind: StoreKind = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: TokenKey) -> Path:
        return mark_of(self._folder, self.kind, key)

    def place(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def load(self, key: TokenKey) -> Session | None:
        """Return what was saved last, or None; raises as `SessionStore` tells."""
        path = self._path(key)
        try:
            check_private(self._folder)
            with path.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    hint = f"Run: chmod 600 {path}. If others may have read it, sign out and in again."
                    raise ConfigurationError(f"Others can read the tokens in {path}.", hint=hint)
                return read_session(file.read(), str(path))
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return read_session("", str(path))
        except OSError as error:
            raise unusable(path, error) from None

    def save(self, key: TokenKey, session: Session) -> None:
        """Keep it durably; raises as `SessionStore` tells."""
        path = self._path(key)
        try:
            private_folder(self._folder)
            check_private(self._folder)
            for left in self._folder.glob(f".{path.stem}-*"):  # of a process that was killed while writing
                left.unlink(missing_ok=True)
            write_private(path, session.to_json())
        except OSError as error:
            raise unusable(path, error) from None

    def drop(self, key: TokenKey) -> None:
        """Forget it; raises as `SessionStore` tells."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unusable(path, error) from None

    def set_aside(self, key: TokenKey) -> str:
        """Rename it; gives the new name."""
        path = self._path(key)
        kept = path.with_suffix(".damaged")
        try:
            path.replace(kept)
        except OSError as error:
            raise unusable(path, error) from None
        return str(kept)


def mark_of(folder: Path, kind: StoreKind, key: TokenKey) -> Path:
    """Return the file that exists where this kind of store holds a session."""
    return folder / f"{key.digest}{_MARKS[kind]}"


def kept_elsewhere(folder: Path, kind: StoreKind, key: TokenKey) -> str:
    """Say that the other kind of store holds a session that is not used; empty when it does not.

    Args:
        folder: Of the tokens.
        kind: Of the store that is used.
        key: Whose session.

    Raises:
        WarehouseError: The folder cannot be looked into.

    """
    other: StoreKind = "keyring" if kind == "file" else "file"
    mark = mark_of(folder, other, key)
    try:
        if not mark.exists():
            return ""
    except OSError as error:
        raise unusable(mark, error) from None
    return (
        f"EXEPRON_TOKEN_STORE is {kind}, but tokens of this sign-in are kept as {other}; those are not used. "
        f"Set it back to {other}, or remove them: EXEPRON_TOKEN_STORE={other} exepron logout"
    )
