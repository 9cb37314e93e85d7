"""Turns: one sign-in at a time, over all threads and processes on this machine.

Here: waiting for one's turn, and learning what came out while waiting. Not here: signing in (``keeper.py``).
Without the lock, processes would use the same one-time refresh token, and servers then revoke them all.
Without the note of a refusal, each that waited would send the wrong password once more, until the user is
locked out.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.errors import NetworkError
from exepron_pipeline.http.retry import DEADLINE

LONGEST_WAIT = DEADLINE + 60.0  # one sign-in may take all its retries


class Turn:
    """The turn to sign in for one key.

    Args:
        folder: Where the lock is, on a disk of this machine; created when it is missing.
        name: One for each key.
        clock: Seconds since 1970, the same for all processes.

    """

    def __init__(self, folder: Path, name: str, clock: Callable[[], float]) -> None:
        self._lock = folder / f"{name}.lock"
        self._note = folder / f"{name}.refused.json"
        self._clock = clock

    @contextmanager
    def taken(self) -> Iterator[float]:
        """Wait for the turn and hold it; gives the time since when we waited.

        Raises:
            NetworkError: Another has been holding it for too long.
            WarehouseError: The folder cannot be written to.

        """
        since = self._clock()
        lock = FileLock(self._lock, timeout=LONGEST_WAIT, mode=0o600)
        try:
            private_folder(self._lock.parent)
            lock.acquire()
        except Timeout:
            message = f"Another process has been signing in for {LONGEST_WAIT:.0f} s ({self._lock})."
            raise NetworkError(message, hint="If it hangs, end it.") from None
        except OSError as error:
            raise unusable(self._lock, error) from None
        try:
            yield since
        finally:
            lock.release()

    def raise_if_refused(self, since: float) -> None:
        """Raise the `GrantRefusedError` that another met after ``since``, while we waited."""
        if self._note.exists():
            note = json.loads(self._note.read_text(encoding="utf-8"))
            if note.pop("at") > since:
                raise GrantRefusedError(**note)

    def note_refusal(self, error: GrantRefusedError) -> None:
        """Tell those who wait that there is no sense in trying; called while holding the turn."""
        note = {"at": self._clock(), "message": error.message, "code": error.code, "hint": error.hint}
        try:
            write_private(self._note, json.dumps(note))
        except OSError as failure:
            raise unusable(self._note, failure) from error
