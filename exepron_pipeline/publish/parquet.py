"""The tables as Parquet files. Here: versions of the whole set, and the swap from one to the next.

Not here: the snapshot (``snapshot.py``).

::

    parquet/core/tasks                     link to ../.current/core/tasks
    parquet/.current                       link to .versions/<version>: replacing it swaps all tables at once
    parquet/.versions/<version>/core/tasks/part-0.parquet

A file whose rows did not change is a hard link to that of the version before; which files a table has is told in
``parts.py``. Each file carries what Parquet has
no place for (comments, DuckDB's own types), and the one of ``ops.snapshot`` lists all tables of its version, so that
the whole can be restored from them (``restore.py``).
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from exepron_pipeline.land.sql import name, text
from exepron_pipeline.publish.files import put_in_place, put_link
from exepron_pipeline.publish.parts import describe_all, parts_of
from exepron_pipeline.publish.tables import list_tables

VERSIONS = ".versions"
CURRENT = ".current"
OLD_VERSIONS = 2
"""How many versions stay beside the current one, for readers that are half way through."""
LIST = ("ops", "snapshot")
"""The table whose file lists the others."""
ROWS = 61_440
"""Rows of a row group of Parquet: both cores have work, and the files grow by a sixth."""
MARK, SHAPE, TABLES = "exepron.fingerprint", "exepron.table", "exepron.tables"
"""Keys in a file's metadata: what tells its rows from others, its description, and the marks of all tables."""


def write_version(con: duckdb.DuckDBPyConnection, folder: Path, parquet: Path | None) -> None:
    """Write every table that con's database holds to ``folder``, or link its files that did not change.

    Args:
        con: A connection to the finished snapshot.
        folder: A folder to make, on the file system of ``parquet``; see `keep_version`.
        parquet: Where the former version is looked for; None: no file is to be the same as before, whatever its mark.

    """
    marks: dict[str, dict[str, str]] = {}
    shapes = describe_all(con)
    for schema, table in sorted(list_tables(con), key=LIST.__eq__):
        shape = shapes[schema, table]
        (folder / schema / table).mkdir(parents=True)
        parts = parts_of(con, schema, table, shape)
        marks[f"{schema}.{table}"] = {part.file: part.mark for part in parts}
        for part in parts:
            metadata = {MARK: part.mark, SHAPE: json.dumps(shape)}
            if (schema, table) == LIST:
                metadata[TABLES] = json.dumps(marks)
            former = parquet / CURRENT / schema / table / part.file if parquet else None
            target = folder / schema / table / part.file
            if not (former and _read_mark(con, former) == part.mark and _link(former, target)):
                rows = f"(FROM {name(schema, table)} WHERE {part.condition})"
                _write(con, rows, target, metadata)


def _write(con: duckdb.DuckDBPyConnection, rows: str, target: Path, metadata: dict[str, str]) -> None:
    noted = ", ".join(f"{name(key)}: {text(value)}" for key, value in metadata.items())
    con.execute(
        f"COPY {rows} TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS}, KV_METADATA {{{noted}}})"
    )


def _read_mark(con: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """The fingerprint kept in a Parquet file; None when there is no such file, or it is damaged."""
    if not path.is_file():
        return None
    try:
        return read_metadata(con, path).get(MARK)
    except duckdb.Error:  # it is written anew then
        return None


def read_metadata(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """What `write_version` noted in a file."""
    found = con.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    return {key.decode(): value.decode() for key, value in found}


def _link(former: Path, target: Path) -> bool:
    try:
        os.link(former, target)
    except OSError:  # some network file systems have no hard links: the table is written again then
        return False
    return True


def keep_version(folder: Path, parquet: Path, version: str) -> None:
    """Move what `write_version` made to its place among the versions; nobody reads it yet.

    Args:
        folder: The new version.
        parquet: The published folder.
        version: Its name; the names of later ones sort after it.

    """
    versions = parquet / VERSIONS
    versions.mkdir(parents=True, exist_ok=True)
    put_in_place(folder, versions / version)


def swap_in(parquet: Path, version: str, *, keep: int = OLD_VERSIONS) -> None:
    """Make ``version`` the current one; drop versions that are too old: all but ``keep`` others."""
    folder = parquet / VERSIONS / version
    tables = {path.parent.relative_to(folder) for path in folder.glob("*/*/*.parquet")}
    _unlink_others(parquet, tables)
    put_link(parquet / CURRENT, Path(VERSIONS, version))
    _link_tables(parquet, tables)
    others = sorted(other for other in folder.parent.iterdir() if other != folder)
    for old in others[: len(others) - keep]:
        shutil.rmtree(old)


def _unlink_others(parquet: Path, tables: set[Path]) -> None:
    for path in parquet.glob("[!.]*/*"):
        if path.is_symlink() and path.relative_to(parquet) not in tables:
            path.unlink()


def _link_tables(parquet: Path, tables: Iterable[Path]) -> None:
    for table in sorted(tables):
        link = parquet / table
        link.parent.mkdir(exist_ok=True)
        if not link.is_symlink():
            put_link(link, Path("..", CURRENT, table))
