"""A person at a terminal: a program behind a pseudo-terminal, what it shows, and what is typed. Not here: expectations."""

import os
import pty
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0  # seconds
_TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs tests in the background has it ignored, and that is inherited
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Typist:
    """One run of a program of ours at a terminal of its own; leave the block and it is ended.

    Args:
        words: The command line.
        environment: All settings of ours; others are inherited, but for ``EXEPRON_...``.
        folder: Where it runs.

    """

    def __init__(self, *words: str, environment: Mapping[str, str], folder: Path) -> None:
        around = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
        self._terminal, inner = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, sys.executable, "-m", "exepron_pipeline", *words],
            env=around | {"TERM": "dumb", "COLUMNS": "200"} | dict(environment),
            cwd=folder,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.shown = ""
        """Everything that came to the terminal."""
        self._seen = 0

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, a pattern, then type a line."""
        self.wait_for(question)
        os.write(self._terminal, f"{text}\n".encode())

    def interrupt(self, question: str) -> int:
        """Wait for a question, then type Ctrl-C until the program ends; gives the exit code.

        Once is not always enough: between writing a question and reading its answer, Python misses it.
        """
        self.wait_for(question)
        end = time.monotonic() + PATIENCE
        os.write(self._terminal, b"\x03")
        while self._read():
            assert time.monotonic() < end, self.shown
            if not self._has_more():
                os.write(self._terminal, b"\x03")
        return self._process.wait(PATIENCE)

    def wait_for(self, pattern: str) -> str:
        """Wait until something new is shown that fits a pattern; gives it."""
        end = time.monotonic() + PATIENCE
        while not (found := re.compile(pattern).search(self.shown, self._seen)):
            assert time.monotonic() < end, f"{pattern} was not shown: {self.shown}"
            assert self._read(), f"{pattern} was not shown before the end: {self.shown}"
        self._seen = found.end()
        return found[0]

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE)

    def _has_more(self) -> bool:
        """Wait for a second whether something is shown."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._terminal, selectors.EVENT_READ)
            return bool(selector.select(1.0))

    def _read(self) -> bool:
        if not self._has_more():
            return True
        try:
            found = os.read(self._terminal, 65_536)
        except OSError:  # what Linux says when the other side is closed
            return False
        self.shown += found.decode()
        return bool(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
