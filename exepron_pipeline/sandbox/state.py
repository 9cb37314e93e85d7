"""What a sandbox's data folder remembers: ``portfolio.json`` with seed, size, day and port.

Here belong reading, settling and moving it on, by whoever does so: a server that runs, a command line, a
test. Not here: the rows (``portfolio.py`` makes them anew from seed, size and day).

The port is drawn once and kept: the warehouse beside the file is stamped with the API's address, so a
sandbox that moved would be another source.
"""

import hashlib
import json
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from filelock import FileLock, Timeout

from exepron_pipeline.sandbox.errors import SandboxError

Size = Literal["small", "medium", "large"]

HOST = "127.0.0.1"
"""The sandbox listens here, and nowhere else."""

PRIVATE_FILE = 0o600
FILE = "portfolio.json"
_PORTS = range(20_000, 30_000)
"""Below the ephemeral ranges of Linux, macOS and Windows: no other program is handed one by chance."""


@dataclass(frozen=True)
class SandboxState:
    """All that is needed to have the same sandbox again."""

    seed: int
    size: Size
    day: int
    port: int


def read(data_dir: Path) -> SandboxState | None:
    """The state kept in a data folder, or ``None`` where there is no sandbox yet.

    Raises:
        SandboxError: the file is there and is not what a sandbox wrote.
    """
    path = data_dir / FILE
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"{path} cannot be read as a sandbox's state: {error}",
            "Correct it, or remove the folder: the sandbox makes its data anew from the seed.",
        ) from error


def settle(
    data_dir: Path, *, port: int | None = None, seed: int | None = None, size: Size | None = None
) -> SandboxState:
    """The state of this folder, made on first use; an explicit ``port`` is stored.

    Raises:
        SandboxError: the folder holds another seed or size, or data that no sandbox wrote.
    """
    with locked(data_dir / f".{FILE}.lock"):
        kept = read(data_dir)
        if kept is None:
            _refuse_foreign_data(data_dir)
            kept = SandboxState(1 if seed is None else seed, size or "small", 0, port or _free_port())
        _refuse_other_portfolio(data_dir, kept, seed, size)
        settled = kept if port is None else replace(kept, port=port)
        _write(data_dir, settled)
    return settled


def advance(data_dir: Path, days: int) -> SandboxState:
    """Move the sandbox's calendar on; a server that runs on the folder follows with its next request.

    Raises:
        SandboxError: ``days`` is below 1, or no sandbox has used this folder yet.
    """
    if days < 1:
        raise SandboxError(f"The sandbox cannot go {days} days on.", "Ask for 1 day or more.")
    with locked(data_dir / f".{FILE}.lock"):
        kept = read(data_dir)
        if kept is None:
            raise SandboxError(
                f"There is no sandbox in {data_dir} yet.",
                "Start one first ('exepron sandbox', 'make run'), or name its folder with --data-dir.",
            )
        moved = replace(kept, day=kept.day + days)
        _write(data_dir, moved)
    return moved


def port_in_use(port: int) -> SandboxError:
    """The error for a port that another program holds."""
    return SandboxError(
        f"Port {port} of {HOST} is used by another program.",
        "End that program, or choose another port with --port: a warehouse that was loaded from the old "
        "address then has to be made anew, in another --data-dir or after removing this one.",
    )


@contextmanager
def locked(path: Path, seconds: float = 10) -> Iterator[None]:
    """Hold a lock file of a data folder, which is made where it is not there.

    Raises:
        SandboxError: another process held it for so many seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(path, timeout=seconds, mode=PRIVATE_FILE)
    try:
        lock.acquire()
    except Timeout as error:
        raise SandboxError(
            f"Another process has held {path} for {seconds:g} s.", "Try again when it has ended."
        ) from error
    try:
        yield
    finally:
        lock.release()


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner can read; an opener for `open`."""
    return os.open(path, flags, PRIVATE_FILE)


def folder_mark(data_dir: Path) -> str:
    """What a sandbox says about its folder, so that its address can be told from a stranger's."""
    return hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]


def is_free(port: int) -> bool:
    """True when this port of the loopback can be listened on now."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((HOST, port))
        except OSError:
            return False
    return True


def _parse(document: dict[str, object]) -> SandboxState:
    seed, size, day, port = (document[name] for name in ("seed", "size", "day", "port"))
    if not (isinstance(seed, int) and isinstance(day, int) and isinstance(port, int)):
        raise TypeError("seed, day and port must be whole numbers")
    if day < 0 or not 0 < port < 65_536:
        raise ValueError("day or port is out of range")
    if size not in get_args(Size):
        raise ValueError(f"size must be one of {', '.join(get_args(Size))}")
    return SandboxState(seed, cast("Size", size), day, port)


def _write(data_dir: Path, state: SandboxState) -> None:
    path = data_dir / FILE
    draft = path.with_suffix(".tmp")
    with open(draft, "w", encoding="utf-8", opener=open_private) as file:
        file.write(json.dumps(asdict(state), indent=2) + "\n")
    draft.replace(path)


def _refuse_other_portfolio(data_dir: Path, kept: SandboxState, seed: int | None, size: Size | None) -> None:
    if (seed is not None and seed != kept.seed) or (size is not None and size != kept.size):
        raise SandboxError(
            f"{data_dir} holds the sandbox with seed {kept.seed} and size {kept.size}.",
            "Choose another folder with --data-dir, or remove this one, to have another portfolio.",
        )


def _refuse_foreign_data(data_dir: Path) -> None:
    if (data_dir / "warehouse.duckdb").exists():
        raise SandboxError(
            f"{data_dir} holds a warehouse and no {FILE}: it may be a real account's data.",
            "Choose another folder with --data-dir: sandbox data and real data never share one.",
        )


def _free_port() -> int:
    for port in random.SystemRandom().sample(_PORTS, 100):
        if is_free(port):
            return port
    raise SandboxError(
        f"None of 100 ports tried between {_PORTS.start} and {_PORTS.stop - 1} is free.",
        "Name one that is free with --port.",
    )
