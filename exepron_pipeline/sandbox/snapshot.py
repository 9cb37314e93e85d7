"""Portfolios kept on disk, so that a large one is built once and then opened.

Here belong the files of a cache folder. Not here: what a portfolio is (``portfolio.py``).

One file is one portfolio on one day: the rows as SQLite has them, and beside them the running simulation.
The name holds a fingerprint of the program and of Python; files of another program are removed. The
simulation is pickled: a cache folder must be as private as the program itself.
"""

import hashlib
import io
import os
import pickle
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from exepron_pipeline.sandbox.simulation.companies import PROFILES, Profile, Size
from exepron_pipeline.sandbox.store import Store

_PACKAGE = Path(__file__).parent
_MAKERS = ("archive.py", "portfolio.py", "schema.py", "snapshot.py", "store.py", "table.py", "simulation")


@cache
def fingerprint() -> str:
    """Return what changes whenever the program or the Python that makes portfolios does."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _MAKERS:
        path = _PACKAGE / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Snapshots:
    """The kept days of one portfolio in a folder, which is made where it is not there."""

    def __init__(self, folder: Path, seed: int, size: Size) -> None:
        self._folder = folder
        self._stem = f"portfolio-{size}-{seed}-"
        self._name = re.compile(re.escape(f"{self._stem}{fingerprint()}-") + r"(\d+)\.sqlite")

    def _days(self) -> dict[int, Path]:
        files = sorted(self._folder.glob(f"{self._stem}*.sqlite"))
        found = [(self._name.fullmatch(file.name), file) for file in files]
        return {int(match[1]): file for match, file in found if match}

    def load(self, day: int, store: Store) -> Any:
        """Take the newest kept day up to ``day`` into the store; its simulation, or ``None`` without one."""
        days = [kept for kept in self._days() if kept <= day]
        if not days:
            return None
        note = store.copy_from(self._days()[max(days)])
        return _Unpickler(io.BytesIO(note), store).load()

    def save(self, day: int, store: Store, simulation: Any) -> None:
        """Keep a day; of the days kept before, only day 0 stays."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        note = io.BytesIO()
        _Pickler(note).dump(simulation)
        path = self._folder / f"{self._stem}{fingerprint()}-{day}.sqlite"
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.unlink(missing_ok=True)
        store.copy_to(draft, note.getvalue())
        draft.replace(path)
        kept = {path, self._days().get(0)}
        for other in self._folder.glob(f"{self._stem}*.sqlite"):
            if other not in kept:
                other.unlink(missing_ok=True)


class _Pickler(pickle.Pickler):
    """Writes the simulation without the store and the constant facts of the companies."""

    def persistent_id(self, obj: Any) -> str | int | None:
        if isinstance(obj, Store):
            return "store"
        return obj.account_id if isinstance(obj, Profile) else None


class _Unpickler(pickle.Unpickler):
    """Reads what ``_Pickler`` wrote, and puts this program's store and companies in."""

    def __init__(self, file: io.BytesIO, store: Store) -> None:
        super().__init__(file)
        self._known: dict[str | int, Any] = {"store": store} | {one.account_id: one for one in PROFILES}

    def persistent_load(self, pid: Any) -> Any:
        return self._known[pid]
