"""Putting another file in the place of the writer's file. Here: in one step, while it is held.

Not here: what the other file holds (``restore.py``, ``forget/``).
"""

from pathlib import Path

from exepron_pipeline.land.warehouse import Warehouse, wal_of
from exepron_pipeline.publish.files import flush, link_or_copy, put_in_place

ASIDE = "warehouse-before-"
"""How the names of files begin that had to make room."""


def replace(warehouse: Warehouse) -> None:
    """Put the draft of a warehouse, which is held, into its place: killed when it may, one whole file is there."""
    warehouse.draft.chmod(0o600)
    flush(warehouse.draft)
    wal_of(warehouse.path).unlink(missing_ok=True)
    put_in_place(warehouse.draft, warehouse.path)


def set_aside(path: Path, stamp: str) -> Path:
    """Give a file, and what DuckDB did not write into it yet, a second name, for good; return that.

    Args:
        path: A warehouse.
        stamp: Tells one such name from others.

    """
    aside = path.with_name(f"{ASIDE}{stamp}{path.suffix}")
    link_or_copy(path, aside)
    if wal_of(path).exists():
        link_or_copy(wal_of(path), wal_of(aside))
    flush(aside)
    return aside
