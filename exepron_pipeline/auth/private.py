"""Private files: only their owner reads them, and a crash leaves the old one or the new one, never half.

Here: how such files are written. Not here: what is in them (``store.py``, ``discovery.py``).
"""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from exepron_pipeline.errors import ConfigurationError, WarehouseError

_OVER = 3600  # seconds: no writing takes so long


def private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, with mode 0700."""
    for path in [*reversed(folder.parents), folder]:
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)


def check_private(folder: Path) -> None:
    """Raise `ConfigurationError` when others can look into a folder; OSError when it cannot be looked at."""
    if folder.exists() and folder.stat().st_mode & 0o077:
        hint = f"Run: chmod 700 {folder}. Where that changes nothing, set EXEPRON_DATA_DIR to a disk of this machine."
        raise ConfigurationError(f"Others can look into {folder}, where tokens are kept.", hint=hint)


def write_private(path: Path, text: str) -> None:
    """Replace a file by another of mode 0600; when this returns, it survives a power cut.

    What a process that was killed in here left is deleted an hour later.

    Raises:
        OSError: It cannot be written; what was there stays.

    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    for left in path.parent.glob(f".{path.stem}-*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if time.time() - left.stat().st_mtime > _OVER:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unusable(path: Path, error: OSError) -> WarehouseError:
    """The error for a private file that cannot be read or written."""
    hint = "Check its owner and the free space, or set EXEPRON_DATA_DIR."
    return WarehouseError(f"{path} cannot be used ({error.strerror or error}).", hint=hint)
