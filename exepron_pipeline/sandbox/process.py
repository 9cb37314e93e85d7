"""The sandbox as a child process: start it, know it, stop it.

Here belongs everything outside of that process. Not here: what it serves; this module imports none of it,
so that a command line stays quick. Only a sandbox of the same data folder is ever taken for ours.
"""

import http.client
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exepron_pipeline.sandbox import credentials, state
from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.offer import Offer

_POLL = 0.05
_STOP_WITHIN = 5.0
_READY_WITHIN: dict[state.Size, float] = {"small": 60.0, "medium": 300.0, "large": 1800.0}
_LOG = "sandbox.log"


@dataclass
class RunningSandbox:
    """A sandbox that answers; leave the ``with`` block, or call ``stop``, and it ends.

    One that somebody else started (``started_here`` is false) is left running.
    """

    data_dir: Path
    state: state.SandboxState
    username: str
    child: subprocess.Popen[bytes] | None
    arguments: list[str] = field(default_factory=lambda: Offer().arguments())
    """The offer that it serves, as on a command line."""

    @property
    def started_here(self) -> bool:
        """True when it ends with this object."""
        return self.child is not None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{state.HOST}:{self.state.port}"

    @property
    def api_url(self) -> str:
        """Base of the API."""
        return f"{self.url}/api/v1"

    @property
    def identity_url(self) -> str:
        """The issuer."""
        return f"{self.url}/identity"

    @property
    def password(self) -> str:
        """Of the service user."""
        return credentials.password(self.state.seed, self.username)

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which the pipeline reads this sandbox, as its service user, into its folder."""
        secret = credentials.client_secret(self.state.seed, credentials.CLIENT_ID)
        return self._addresses | {
            "EXEPRON_CLIENT_ID": credentials.CLIENT_ID,
            "EXEPRON_CLIENT_SECRET": secret,
            "EXEPRON_USERNAME": self.username,
            "EXEPRON_PASSWORD": self.password,
        }

    @property
    def login_environment(self) -> dict[str, str]:
        """The settings with which a person has to sign in first (``exepron login``): no secret, no password."""
        return self._addresses | {
            "EXEPRON_GRANT": "auto",
            "EXEPRON_CLIENT_ID": credentials.PUBLIC_CLIENT_ID,
            "EXEPRON_REDIRECT_URI": credentials.REDIRECT_URI,
        }

    @property
    def _addresses(self) -> dict[str, str]:
        return {
            "EXEPRON_API_URL": self.api_url,
            "EXEPRON_IDENTITY_URL": self.identity_url,
            "EXEPRON_DATA_DIR": str(self.data_dir.resolve()),
        }

    def stop(self) -> None:
        """End the process that was started here; may be called again."""
        if self.child is None:
            return
        if self.child.stdin:
            self.child.stdin.close()
        self.child.terminate()
        try:
            self.child.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    data_dir: Path,
    *,
    port: int | None = None,
    seed: int | None = None,
    size: state.Size | None = None,
    offer: Offer | None = None,
    ready_within: float | None = None,
) -> RunningSandbox:
    """The sandbox of a data folder: the one that runs already, or a new child process that is ready.

    The child ends with this process, however that ends, and is not reached by Ctrl-C at the terminal.

    Args:
        data_dir: Its folder; made when it is not there.
        port: Of the loopback; kept for the folder. Without: the one kept, or drawn once.
        seed: Of a new portfolio.
        size: Of a new portfolio.
        offer: Generation, profile, stamps, limits and faults. Without: those of the one that runs, or as usual.
        ready_within: Seconds to wait until it answers; without: by the size.

    Raises:
        SandboxError: the port is a stranger's, the folder holds other data, the one that runs offers something
            else, or it did not get ready.
    """
    kept = state.settle(data_dir, port=port, seed=seed, size=size)
    patience = ready_within or _READY_WITHIN[kept.size]
    with state.locked(data_dir / ".start.lock", patience):
        if running := find(data_dir, kept):
            _refuse_other_offer(running, offer)
            return running
        if not state.is_free(kept.port):
            raise state.port_in_use(kept.port)
        return _start_child(data_dir, kept, offer or Offer(), patience)


def find(data_dir: Path, kept: state.SandboxState) -> RunningSandbox | None:
    """The sandbox of this folder when it runs on its port, started by whomever."""
    health = _health(kept.port)
    if health is None or health.get("data_folder") != state.folder_mark(data_dir):
        return None
    return RunningSandbox(data_dir, kept, str(health["username"]), None, list(health.get("offer", [])))


def _refuse_other_offer(running: RunningSandbox, offer: Offer | None) -> None:
    if offer is not None and offer.arguments() != running.arguments:
        raise SandboxError(
            f"The sandbox of {running.data_dir} runs already with {' '.join(running.arguments)}.",
            "End that one, or leave these options away to use it as it is.",
        )


def _start_child(data_dir: Path, kept: state.SandboxState, offer: Offer, patience: float) -> RunningSandbox:
    command = [sys.executable, "-m", "exepron_pipeline.sandbox", "--data-dir", str(data_dir), "--with-parent"]
    command += offer.arguments()
    with open(data_dir / _LOG, "wb", opener=state.open_private) as log:
        child = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
        )
    starting = RunningSandbox(data_dir, kept, "", child, offer.arguments())
    try:
        starting.username = _wait_until_ready(starting, child, patience)
    except BaseException:
        starting.stop()
        raise
    return starting


def _wait_until_ready(starting: RunningSandbox, child: subprocess.Popen[bytes], seconds: float) -> str:
    end = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < end:
        if ready := find(starting.data_dir, starting.state):
            return ready.username
        time.sleep(_POLL)
    log = starting.data_dir / _LOG
    last = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
    what = f"was not ready within {seconds:g} s" if child.poll() is None else "ended while it started"
    raise SandboxError(f"The sandbox of {starting.data_dir} {what}. {last}".strip(), f"Its log is {log}.")


def _health(port: int) -> dict[str, Any] | None:
    """What ``/health`` says; ``None`` when nobody answers, or not as a sandbox does."""
    connection = http.client.HTTPConnection(state.HOST, port, timeout=10)
    try:
        connection.request("GET", "/health")
        document = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return document if isinstance(document, dict) else None
