"""Who holds the warehouse: one process at a time, by a lock of the operating system.

Here: the lock file, the note beside it that says who holds it, and waiting. Not here: what is done while
holding it (``warehouse.py``). A lock dies with its process, so a killed one is no obstacle.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from exepron_pipeline.errors import WarehouseBusyError


@dataclass(frozen=True)
class Holder:
    """The process that holds the warehouse. ``since`` is ISO 8601 in UTC; ``verb`` says what it does."""

    pid: int
    host: str
    verb: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.verb}, since {self.since})"


class WarehouseLock:
    """The lock ``state/warehouse.lock``.

    Args:
        folder: The state folder; it must exist when the lock is taken.
        wait_seconds: How long to wait for another holder.

    """

    def __init__(self, folder: Path, wait_seconds: float) -> None:
        self._path = folder / "warehouse.lock"
        self._note = folder / "warehouse.holder"
        self._wait = wait_seconds

    @contextmanager
    def held(self, verb: str) -> Iterator[None]:
        """Hold the lock, and say so for ``verb``.

        Raises:
            WarehouseBusyError: Another process holds it; the message names it.

        """
        lock = FileLock(self._path, timeout=self._wait, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise self._busy() from None
        try:
            self._note.unlink(
                missing_ok=True
            )  # of one that was killed: where ours finds no room, nobody is named
            self._write(Holder(os.getpid(), socket.gethostname(), verb, _now()))
            yield
        finally:
            self._note.unlink(missing_ok=True)
            lock.release()

    def holder(self) -> Holder | None:
        """Tell who holds the warehouse right now; None when nobody does."""
        if not self._path.exists():
            return None
        lock = FileLock(self._path, timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            return self._read()
        lock.release()
        return None

    def _busy(self) -> WarehouseBusyError:
        holder = self._read() or "another process"
        hint = "Wait until it has finished, or stop it, then try again."
        return WarehouseBusyError(f"The warehouse is held by {holder}; waited {self._wait:g} s.", hint=hint)

    def _write(self, holder: Holder) -> None:
        new = self._note.with_suffix(".new")
        with suppress(OSError):  # the note is a courtesy: on a full disk the lock still holds
            new.write_text(json.dumps(asdict(holder)), encoding="utf-8")
            new.replace(self._note)

    def _read(self) -> Holder | None:
        try:
            return Holder(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # the holder is about to write it, or has just gone
            return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
