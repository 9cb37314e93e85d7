"""Programs in Node that tests talk to in lines of JSON, and whether this machine can run them.

Here: finding, starting and ending them. Not here: what they do (``provider/*.mjs``).
"""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any, NoReturn, Self

import pytest
from filelock import FileLock

HERE = Path(__file__).parent
PACKAGES = HERE / "provider" / "node_modules" / ".package-lock.json"
OLDEST_NODE = 18
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds; a busy machine takes long to start a browser


def needed(*names: str) -> str:
    """The path of the first of these programs that is there.

    A machine without it is a skip that names it; in CI (``CI=true``) it is a failure.
    """
    found = [path for path in map(shutil.which, names) if path]
    return found[0] if found else missing(names[0])


def missing(what: str) -> NoReturn:
    """End the test: a skip that names what is missing, a failure in CI."""
    reason = (
        f"this needs {what}; on Debian: apt-get install nodejs npm chromium, then tests/identity/prepare.sh"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def prepare(lock: Path) -> None:
    """Have Node and its packages; several workers may call it at once."""
    with FileLock(lock, timeout=600):
        subprocess.run([HERE / "prepare.sh"], check=True)
    node = needed("node")
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        missing(f"node {OLDEST_NODE} or later (this is {version.strip()})")
    if not PACKAGES.exists():
        missing("the Node packages")


class Child:
    """A running Node program; leave the block and it ends, as it does when this process ends.

    Args:
        script: One of ``provider/*.mjs``.
        argument: Its only argument.
        notice: Is given each line that answers nothing.

    """

    def __init__(self, script: str, argument: str, notice: Callable[[dict[str, Any]], None]) -> None:
        self._notice, self._answers = notice, Queue()
        self._process = subprocess.Popen(
            ["node", HERE / "provider" / script, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._readers = [threading.Thread(target=each) for each in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def answer(self, question: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a question, or its first line when there is none."""
        if question is not None:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        try:
            return self._answers.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"no answer: {''.join(self._said)[-2000:]}") from None

    def _read(self) -> None:
        for line in self._process.stdout:
            if not line.startswith("{"):  # what a library says to whoever runs it
                self._said.append(line)
                continue
            found = json.loads(line)
            if found.get("endpoint", "ready") == "ready":
                self._answers.put(found)
            else:
                self._notice(found)

    def _read_errors(self) -> None:
        self._said.extend(self._process.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for reader in self._readers:
            reader.join()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()
