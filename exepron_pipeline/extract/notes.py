"""The notes of a read: a file that says what is asked, and what is known of each page in the spool.

Here: the file, its lines, and the lock that tells a read which goes on from one that was killed. Not here:
the pages (``spool.py``), and what to ask next (`exepron_pipeline.odata.paging`).

A line that a crash cut off is passed over: its page is read again.
"""

import errno
import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from exepron_pipeline.extract.kept import Kept

FILE = "notes.jsonl"


@dataclass(frozen=True)
class Noted:
    """What the notes of a read say: a digest of what was asked, since when, and the pages."""

    question: str
    since: datetime
    pages: list[Kept]


class Notes:
    """The notes in a folder; no other process has them before they are closed."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def made(cls, folder: Path) -> Self:
        """Make the notes of a folder that is our own.

        Raises:
            OSError: They cannot be written.

        """
        handle = os.open(folder / FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return cls(handle)

    @classmethod
    def found(cls, folder: Path) -> Self | None:
        """Open the notes of a read that is over; None when there are none, or the read goes on."""
        try:
            handle = os.open(folder / FILE, os.O_RDWR | os.O_APPEND)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return cls(handle)

    def begin(self, question: str, since: datetime) -> None:
        """Begin anew with what is asked."""
        self.forget()
        self._write({"question": question, "since": since.isoformat()})

    def add(self, page: Kept) -> None:
        """Note a page whose files are written."""
        self._write(page.as_json())

    def forget(self) -> None:
        """Take back everything: nobody is to go on from here."""
        os.ftruncate(self._handle, 0)

    def read(self) -> Noted | None:
        """What was noted; None where it is nothing, or of another format."""
        with os.fdopen(os.dup(self._handle), encoding="utf-8") as file:
            file.seek(0)
            lines = [line for line in file if line.endswith("\n")]
        try:
            first, *pages = map(json.loads, lines)
            since = datetime.fromisoformat(first["since"])
            return Noted(first["question"], since, [Kept.from_json(page) for page in pages])
        except (ValueError, TypeError, KeyError):
            return None

    def close(self) -> None:
        """Let others have them."""
        os.close(self._handle)

    def _write(self, values: dict[str, Any]) -> None:
        line = f"{json.dumps(values)}\n".encode()
        if os.write(self._handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
