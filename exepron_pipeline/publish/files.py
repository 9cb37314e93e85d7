"""Files that are whole or not there, even after a power cut. Here: copying, flushing, swapping.

Not here: what is in the files.
"""

import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

PUBLIC_FILE = 0o644
PUBLIC_FOLDER = 0o755
_CHUNK = 1 << 30


def copy_file(source: Path, target: Path) -> None:
    """Copy bytes inside the kernel: file systems that can share blocks (XFS, Btrfs) copy nothing at all.

    ``target`` must not exist.
    """
    with source.open("rb") as reader, target.open("xb") as writer:
        try:
            while os.copy_file_range(reader.fileno(), writer.fileno(), _CHUNK):
                pass
        except OSError:  # old kernels and some network file systems cannot: start again in user space
            reader.seek(0)
            writer.seek(0)
            writer.truncate()
            shutil.copyfileobj(reader, writer)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has no hard links, copy it. ``target`` must not exist."""
    try:
        os.link(source, target)
    except OSError:  # some network file systems
        copy_file(source, target)
        target.chmod(source.stat().st_mode)
        flush(target)


def make_public(path: Path) -> None:
    """Let everybody read what lies at or below ``path``, as far as the folders above allow."""
    for item in [path, *path.rglob("*")]:
        item.chmod(PUBLIC_FOLDER if item.is_dir() else PUBLIC_FILE)


def flush(path: Path) -> None:
    """Wait until what lies at or below ``path`` is on the disk."""
    for item in [path, *path.rglob("*")]:
        handle = os.open(item, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def put_in_place(draft: Path, target: Path) -> None:
    """Replace ``target`` by ``draft`` in one step: others see the old one or the new one, whole."""
    draft.replace(target)
    _flush_folder(target.parent)


def put_link(link: Path, destination: Path) -> None:
    """Make ``link`` a symbolic link to ``destination`` in one step, whatever it was a link to.

    A folder in its place is what copying without links leaves: it goes, as its files are published anew.
    """
    draft = link.with_name(f"{link.name}.new")
    draft.unlink(missing_ok=True)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    draft.symlink_to(destination)
    put_in_place(draft, link)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def spill_folder() -> Path:
    """Where large sorts go: not the current folder, which is DuckDB's choice for a database in memory.

    DuckDB makes it when it needs it, and removes it when the connection is closed.
    """
    return Path(tempfile.gettempdir()) / f"exepron-{uuid4().hex}"
