"""The tables as Parquet files. Here: versions of the whole set, and the swap from one to the next.

Not here: the snapshot (``snapshot.py``).

::

    parquet/core/tasks                     link to ../.current/core/tasks
    parquet/.current                       link to .versions/<version>: replacing it swaps all tables at once
    parquet/.versions/<version>/core/tasks/part-0.parquet

A table that did not change is a hard link to the file of the version before.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from exepron_pipeline.land.sql import name, text
from exepron_pipeline.publish.files import put_in_place, put_link
from exepron_pipeline.publish.tables import list_columns, list_tables

FILE = "part-0.parquet"
VERSIONS = ".versions"
CURRENT = ".current"
OLD_VERSIONS = 2
"""How many versions stay beside the current one, for readers that are half way through."""
OPS = {"counts", "loads", "schema_changes", "scopes", "snapshot", "watermarks"}
_MARK = "exepron.fingerprint"


def write_version(con: duckdb.DuckDBPyConnection, folder: Path, parquet: Path) -> None:
    """Write every table that con's database holds to ``folder``, one file each.

    Args:
        con: A connection to the finished snapshot.
        folder: A folder to make, on the file system of ``parquet``; see `keep_version`.
        parquet: Where the former version is looked for.

    """
    for schema, table in list_tables(con):
        if schema == "ops" and table not in OPS:
            continue
        former = parquet / CURRENT / schema / table / FILE
        target = folder / schema / table / FILE
        target.parent.mkdir(parents=True)
        _write(con, schema, table, target, former)


def _write(con: duckdb.DuckDBPyConnection, schema: str, table: str, target: Path, former: Path) -> None:
    mark = fingerprint(con, schema, table)
    if _read_mark(con, former) == mark and _link(former, target):
        return
    con.execute(
        f"COPY {name(schema, table)} TO {text(str(target))} "
        f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{name(_MARK)}: {text(mark)}}})"
    )


def fingerprint(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """A text that is equal for equal tables: columns, types, and all rows in any order."""
    columns = list_columns(con, schema, table)
    row = f"hash({', '.join(map(name, columns))})"
    shape = f"hash({text(str(columns))})"
    query = f"SELECT concat_ws('-', count(*), {shape}, bit_xor({row}), sum({row}::HUGEINT)) FROM {name(schema, table)}"
    found: str = con.execute(query).fetchall()[0][0]
    return found


def _read_mark(con: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """The fingerprint kept in a Parquet file; None when there is no such file, or it is damaged."""
    if not path.is_file():
        return None
    try:
        found = con.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    except duckdb.Error:  # it is written anew then
        return None
    return {key.decode(): value.decode() for key, value in found}.get(_MARK)


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


def swap_in(parquet: Path, version: str) -> None:
    """Make ``version`` the current one; drop versions that are too old."""
    folder = parquet / VERSIONS / version
    tables = {path.parent.relative_to(folder) for path in folder.glob(f"*/*/{FILE}")}
    _unlink_others(parquet, tables)
    put_link(parquet / CURRENT, Path(VERSIONS, version))
    _link_tables(parquet, tables)
    others = sorted(other for other in folder.parent.iterdir() if other != folder)
    for old in others[:-OLD_VERSIONS]:
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
