"""Sessions in the system's keyring. Not here: sessions in files (``store.py``), which need no keyring at all."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.store import StoreKind, TokenKey, mark_of, read_session
from exepron_pipeline.errors import ConfigurationError, ExepronError
from exepron_pipeline.http.redact import redact

SERVICE = "exepron-pipeline"

_HINT = "Unlock or install a keyring where the pipeline runs, or set EXEPRON_TOKEN_STORE=file."


class KeyringStore:
    """Keeps sessions in the keyring; every method raises `ConfigurationError` when there is none to use.

    Two data folders have two entries: the turn (``turn.py``) is taken within one folder only, and a refresh token
    that two use would be revoked.

    Args:
        folder: Of the tokens; a mark there, without any secret, shows that the keyring holds them.

    """

    kind: StoreKind = "keyring"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _name(self, key: TokenKey) -> str:
        return f"{key.digest} {hashlib.sha256(str(self._folder.resolve()).encode()).hexdigest()[:16]}"

    def place(self) -> str:
        """Return the keyring's own name for itself."""
        with _ring() as ring:
            return ring.name

    def load(self, key: TokenKey) -> Session | None:
        """Return what was saved last, or None."""
        with _ring() as ring:
            text = ring.get_password(SERVICE, self._name(key))
        return read_session(text, "The keyring's entry") if text else None

    def save(self, key: TokenKey, session: Session) -> None:
        """Keep it as durably as the keyring does; one that forgets at once is refused."""
        text = session.to_json()
        with _ring() as ring:
            ring.set_password(SERVICE, self._name(key), text)
            if ring.get_password(SERVICE, self._name(key)) != text:
                raise ConfigurationError(
                    f"The keyring {ring.name} does not keep what it is given.", hint=_HINT
                )
        self._mark(key)

    def _mark(self, key: TokenKey) -> None:
        mark = mark_of(self._folder, self.kind, key)
        try:
            if not mark.exists():
                private_folder(self._folder)
                write_private(mark, "")
        except OSError as error:
            raise unusable(mark, error) from None

    def drop(self, key: TokenKey) -> None:
        """Forget it."""
        with _ring() as ring:
            if ring.get_password(SERVICE, self._name(key)):
                ring.delete_password(SERVICE, self._name(key))
        mark_of(self._folder, self.kind, key).unlink(missing_ok=True)

    def set_aside(self, key: TokenKey) -> str:
        """Forget it: a keyring has no place for what is damaged."""
        self.drop(key)
        return ""


@contextmanager
def _ring() -> Iterator[KeyringBackend]:
    try:
        yield keyring.get_keyring()
    except ExepronError:
        raise
    except Exception as error:  # noqa: BLE001 # back ends raise what they like, such as errors of D-Bus
        reason = redact(str(error)) or type(error).__name__
        raise ConfigurationError(f"The system's keyring cannot be used ({reason}).", hint=_HINT) from None
