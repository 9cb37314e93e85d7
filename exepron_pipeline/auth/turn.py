"""Turns: one sign-in at a time, over all threads and processes on this machine.

Here: waiting for one's turn. Not here: signing in, and what a refusal means for those who waited (``keeper.py``).
Without the lock, processes would use the same one-time refresh token, and servers then revoke them all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from exepron_pipeline.auth.private import private_folder, unusable
from exepron_pipeline.errors import NetworkError, WarehouseError
from exepron_pipeline.http.retry import DEADLINE

LONGEST_WAIT = DEADLINE + 60.0  # one sign-in may take all its retries

_LOCAL_DISK = "Set EXEPRON_DATA_DIR to a folder on a disk of this machine."


class Turn:
    """The turn to sign in for one key.

    Args:
        folder: Where the lock is, on a disk of this machine; created when it is missing.
        name: One for each key.
        clock: Seconds since 1970, the same for all processes.

    """

    def __init__(self, folder: Path, name: str, clock: Callable[[], float]) -> None:
        self._path = folder / f"{name}.lock"
        self._clock = clock

    @contextmanager
    def taken(self) -> Iterator[float]:
        """Wait for the turn and hold it; gives the time since when we waited.

        Raises:
            NetworkError: Another has been holding it for too long.
            WarehouseError: The folder cannot be written to, or has no locks.

        """
        since = self._clock()
        lock = FileLock(self._path, timeout=LONGEST_WAIT, mode=0o600)
        try:
            private_folder(self._path.parent)
            lock.acquire()
        except Timeout:
            message = f"Another process has been signing in for {LONGEST_WAIT:.0f} s ({self._path})."
            raise NetworkError(message, hint="If it hangs, end it.") from None
        except NotImplementedError:
            raise WarehouseError(f"There are no locks at {self._path}.", hint=_LOCAL_DISK) from None
        except OSError as error:
            raise unusable(self._path, error) from None
        try:
            yield since
        finally:
            lock.release()

    def check(self) -> None:
        """Raise `WarehouseError` when the lock does not keep others out, as on some network file systems."""
        with self.taken():
            second = FileLock(self._path, timeout=0)
            try:
                second.acquire()
            except Timeout:
                return
            second.release()
        message = f"Locks have no effect at {self._path}: two runs could use the same refresh token."
        raise WarehouseError(message, hint=_LOCAL_DISK)
