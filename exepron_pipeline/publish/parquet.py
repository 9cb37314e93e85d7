"""The tables as Parquet files. Here: versions of the whole set, and the swap from one to the next.

Not here: the snapshot (``snapshot.py``).

::

    parquet/core/tasks                     link to ../.current/core/tasks
    parquet/.current                       link to .versions/<version>: replacing it swaps all tables at once
    parquet/.versions/<version>/core/tasks/part-0.parquet

A table that did not change is a hard link to the file of the version before. Each file carries what Parquet has
no place for (comments, DuckDB's own types), and the one of ``ops.snapshot`` lists all tables of its version, so that
the whole can be restored from them (``restore.py``).
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from exepron_pipeline.land.sql import name, text
from exepron_pipeline.publish.files import put_in_place, put_link
from exepron_pipeline.publish.tables import list_tables

FILE = "part-0.parquet"
VERSIONS = ".versions"
CURRENT = ".current"
OLD_VERSIONS = 2
"""How many versions stay beside the current one, for readers that are half way through."""
LIST = ("ops", "snapshot")
"""The table whose file lists the others."""
MARK, SHAPE, TABLES = "exepron.fingerprint", "exepron.table", "exepron.tables"
"""Keys in a file's metadata: what tells its rows from others, its description, and the marks of all tables."""


def write_version(con: duckdb.DuckDBPyConnection, folder: Path, parquet: Path) -> None:
    """Write every table that con's database holds to ``folder``, one file each.

    Args:
        con: A connection to the finished snapshot.
        folder: A folder to make, on the file system of ``parquet``; see `keep_version`.
        parquet: Where the former version is looked for.

    """
    marks: dict[str, str] = {}
    for schema, table in sorted(list_tables(con), key=LIST.__eq__):
        shape = describe(con, schema, table)
        mark = fingerprint(con, schema, table, shape)
        target = folder / schema / table / FILE
        target.parent.mkdir(parents=True)
        metadata = {MARK: mark, SHAPE: json.dumps(shape)}
        marks[f"{schema}.{table}"] = mark
        if (schema, table) == LIST:
            metadata[TABLES] = json.dumps(marks)
        former = parquet / CURRENT / schema / table / FILE
        if _read_mark(con, former) != mark or not _link(former, target):
            _write(con, name(schema, table), target, metadata)


def _write(con: duckdb.DuckDBPyConnection, table: str, target: Path, metadata: dict[str, str]) -> None:
    noted = ", ".join(f"{name(key)}: {text(value)}" for key, value in metadata.items())
    con.execute(
        f"COPY {table} TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{noted}}})"
    )


def describe(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """A table's comment, and name, type and comment of each column, in order."""
    here = "database_name = current_database() AND schema_name = ? AND table_name = ?"
    columns = con.execute(
        f"SELECT column_name, data_type, comment FROM duckdb_columns() WHERE {here} ORDER BY column_index",
        [schema, table],
    ).fetchall()
    found = con.execute(f"SELECT comment FROM duckdb_tables() WHERE {here}", [schema, table]).fetchall()
    return {"comment": found[0][0] if found else None, "columns": [list(column) for column in columns]}


def fingerprint(con: duckdb.DuckDBPyConnection, schema: str, table: str, shape: dict[str, Any]) -> str:
    """A text that is equal for equal tables: description, and all rows in any order. It begins with their number."""
    row = f"hash({', '.join(name(column) for column, *_ in shape['columns'])})"
    described = f"hash({text(json.dumps(shape))})"
    query = f"SELECT concat_ws('-', count(*), {described}, bit_xor({row}), sum({row}::HUGEINT)) FROM {name(schema, table)}"
    found: str = con.execute(query).fetchall()[0][0]
    return found


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
    tables = {path.parent.relative_to(folder) for path in folder.glob(f"*/*/{FILE}")}
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
