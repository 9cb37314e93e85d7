"""Snapshots that are kept when newer ones are published, each called by its load. Not here: making them.

What a kept one holds is read as the published one is (``reader.py``).

::

    snapshots/<load_id>.duckdb    the same file as exepron.duckdb was then: it takes no space before that is replaced
"""

from pathlib import Path
from urllib.parse import quote, unquote

from exepron_pipeline.publish.files import link_or_copy, make_public, put_in_place

FOLDER = "snapshots"


def keep_snapshot(snapshot: Path, load_id: str, number: int) -> None:
    """Keep a finished snapshot beside the published one, and drop all but the newest.

    Args:
        snapshot: The published file.
        load_id: The load that it shows.
        number: How many are kept, this one included.

    """
    folder = snapshot.parent / FOLDER
    folder.mkdir(exist_ok=True)
    make_public(folder)
    draft = folder / ".draft"
    link_or_copy(snapshot, draft)
    put_in_place(draft, kept_path(snapshot, load_id))
    for old in list(list_kept(snapshot).values())[:-number]:
        old.unlink()


def drop_drafts(snapshot: Path) -> None:
    """Delete what killed processes left half-made among the kept snapshots."""
    for draft in (snapshot.parent / FOLDER).glob(".*"):
        draft.unlink()


def kept_path(snapshot: Path, load_id: str) -> Path:
    """Where the snapshot of a load is kept, if it is."""
    return snapshot.parent / FOLDER / f"{quote(load_id, safe='')}.duckdb"


def list_kept(snapshot: Path) -> dict[str, Path]:
    """The kept snapshots by load, in the order in which they were published."""
    found = sorted((snapshot.parent / FOLDER).glob("[!.]*.duckdb"), key=lambda path: path.stat().st_mtime_ns)
    return {unquote(path.stem): path for path in found}
