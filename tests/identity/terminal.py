"""The program ``exepron`` at a terminal that somebody reads while it runs. Not here: what is typed and expected."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0  # seconds


class Terminal:
    """One run; leave the block and it is ended.

    Args:
        words: The command line.
        environment: All settings of ours; others are inherited, but for ``EXEPRON_...``.
        folder: Where it runs, and where the address for its browser is handed over.

    """

    def __init__(self, *words: str, environment: Mapping[str, str], folder: Path) -> None:
        self._visited = folder / "visited"
        self._visited.unlink(missing_ok=True)
        around = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
        browser = {
            "BROWSER": str(Path(__file__).with_name("hand_over.sh")),
            "VISITED": str(self._visited),
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "exepron_pipeline", *words],
            env=around | browser | dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out, self.err = "", ""
        self._readers = [threading.Thread(target=self._read, args=(name,)) for name in ("out", "err")]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        for line in getattr(self._process, f"std{name}"):
            setattr(self, name, getattr(self, name) + line)

    def shown(self, pattern: str) -> str:
        """The first group of a pattern, once the program has shown it."""
        return self._wait(lambda: (found := re.search(pattern, self.out)) and found[1], pattern)

    def visited(self) -> str:
        """The address that the program opened in the browser."""
        return self._wait(lambda: self._visited.exists() and self._visited.read_text(), "a browser")

    def enter(self, line: str) -> None:
        """Type a line, and end the input."""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.close()

    def end(self) -> int:
        """Wait for the end: the exit code."""
        code = self._process.wait(PATIENCE)
        for reader in self._readers:
            reader.join()
        return code

    def _wait(self, look, what):
        end = time.monotonic() + PATIENCE
        while not (found := look()) and time.monotonic() < end and self._process.poll() is None:
            time.sleep(0.02)
        found = found or look()
        assert found, f"{what} did not come: {self.out} {self.err}"
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.kill()
        self.end()
        self._process.stdout.close()
        self._process.stderr.close()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
