"""Another program, run against a sandbox as if nothing stood between it and the terminal.

Here belong its environment, the signals that are handed on, and its exit code. Not here: the sandbox
(``process.py``).
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from exepron_pipeline.sandbox.errors import SandboxError

_CREDENTIALS = ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD", "TOKEN", "REDIRECT_URI")
_OTHER_CREDENTIALS = {f"EXEPRON_{name}{ending}" for name in _CREDENTIALS for ending in ("", "_FILE")}
_LOOPBACK = "127.0.0.1,localhost"


def environment_for(settings: Mapping[str, str], around: Mapping[str, str]) -> dict[str, str]:
    """The variables ``around`` us with the sandbox's settings in place of anybody's real ones.

    No other credential reaches the program, and no proxy stands before the loopback.
    """
    kept = {name: value for name, value in around.items() if name not in _OTHER_CREDENTIALS}
    no_proxy = ",".join(filter(None, [around.get("NO_PROXY") or around.get("no_proxy"), _LOOPBACK]))
    usual = {
        "EXEPRON_GRANT": "password",
        "EXEPRON_ACCOUNTS": "auto",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
    return kept | usual | dict(settings)


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end; returns its exit code, 128 + n when signal n ended it.

    Raises:
        SandboxError: it cannot be started.
    """
    # handlers before the child: signals that a background shell ignores would stay ignored in it
    with _signals_handed_on() as children:
        try:
            child = subprocess.Popen(list(command), env=dict(environment))  # noqa: S603 -- the caller's own command
        except OSError as error:
            raise SandboxError(
                f"'{command[0]}' cannot be run: {error.strerror}.", "Check the command behind '--'."
            ) from error
        children.append(child)
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_handed_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give a list: signals to us go on to the processes in it."""
    children: list[subprocess.Popen[bytes]] = []

    def hand_on(number: int, _frame: FrameType | None) -> None:
        # the terminal sends Ctrl-C to both of us; a second one would break off the child's clean end
        if number != signal.SIGINT or not _in_foreground_of_terminal():
            for child in children:
                child.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground_of_terminal() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False
