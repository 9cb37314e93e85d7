"""The shelf: where one session is kept, and whose turn it is to change it.

Here: store and turn of one key together, and what is done with a session that cannot be read. Not here: how a store
works (``store.py``, ``keyring_store.py``), what is in a session (``session.py``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.store import (
    DamagedSessionError,
    FileStore,
    SessionStore,
    StoreKind,
    TokenKey,
    kept_elsewhere,
)
from exepron_pipeline.auth.turn import Turn

FOLDER = "tokens"


class Shelf:
    """Keeps the session of one key; safe to share between threads and processes.

    Every method raises ConfigurationError when the store cannot be used or others can read it, and WarehouseError
    when the folder cannot be used.

    Args:
        key: Whose session.
        state_dir: Sessions and locks are in ``tokens/`` below it.
        kind: ``file``, or ``keyring`` for the system's.
        clock: Seconds since 1970.
        tell: Takes a sentence for the operator.

    """

    def __init__(
        self,
        key: TokenKey,
        state_dir: Path,
        kind: StoreKind,
        clock: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        self._key, self._tell = key, tell
        self._folder = state_dir / FOLDER
        self._store = _open_store(kind, self._folder)
        self._turn = Turn(self._folder, key.digest, clock)

    @contextmanager
    def taken(self) -> Iterator[tuple[Session, float]]:
        """Wait for the turn and hold it; gives the session, and the time since when we waited.

        Raises:
            NetworkError: Another has been holding it for too long.

        """
        with self._turn.taken() as since:
            yield self._load(), since

    def _load(self) -> Session:
        try:
            return self._store.load(self._key) or Session()
        except DamagedSessionError as error:
            kept = self._store.set_aside(self._key)
            self._tell(f"{error.message} It was put aside{f' as {kept}' if kept else ''}.")
            return Session()

    def peek(self) -> Session:
        """Return the session without waiting for anybody; a damaged one is left to who holds the turn."""
        try:
            return self._store.load(self._key) or Session()
        except DamagedSessionError:
            return Session()

    def save(self, session: Session) -> None:
        """Keep it durably; called while holding the turn."""
        self._store.save(self._key, session)

    def drop(self) -> None:
        """Forget it; called while holding the turn."""
        self._store.drop(self._key)

    def place(self) -> str:
        """Return the kind of store and where it is."""
        return f"{self._store.kind}: {self._store.place()}"

    def elsewhere(self) -> str:
        """Say that the other kind of store holds a session that is not used; empty when it does not."""
        return kept_elsewhere(self._folder, self._store.kind, self._key)

    def check(self) -> str:
        """See that a session can be kept here and now, by this process; gives the place in words.

        Raises:
            WarehouseError: Locks have no effect here, as on some network file systems.

        """
        self._turn.check()
        with self.taken() as (session, _):
            self.save(session)
            if session == Session():
                self.drop()
        return f"{self.place()}, written and locked"


def _open_store(kind: StoreKind, folder: Path) -> SessionStore:
    if kind == "file":
        return FileStore(folder)
    from exepron_pipeline.auth.keyring_store import KeyringStore  # noqa: PLC0415 # slow to import, seldom used

    return KeyringStore(folder)
