"""A published Parquet folder read back as a database: tables, rows, types, comments and macros.

Here: seeing that it is one whole version, and copying it. Not here: writing it (``parquet.py``).
"""

import json
from pathlib import Path
from typing import Any

import duckdb

from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.land.as_of import as_of_macro
from exepron_pipeline.land.attach import attach
from exepron_pipeline.land.ddl import Table
from exepron_pipeline.land.sql import name, text
from exepron_pipeline.land.warehouse import SCHEMAS
from exepron_pipeline.publish.parquet import CURRENT, LIST, MARK, SHAPE, TABLES, read_metadata
from exepron_pipeline.publish.parts import FIRST


def copy_parquet(folder: Path, target: Path) -> None:
    """Write the tables of a version to a new database file.

    Args:
        folder: ``parquet``, one of its versions, or a copy of either.
        target: The file to make.

    Raises:
        WarehouseError: A table is missing, or is of another version than the others.

    """
    root = (folder / CURRENT).resolve() if (folder / CURRENT).exists() else folder
    with duckdb.connect() as con:
        tables = _tables(con, root)
        con.execute(attach(target, "target", new=True))
        con.execute("USE target; SET TimeZone = 'UTC'")
        con.execute("; ".join(f"CREATE SCHEMA {schema}" for schema in SCHEMAS))
        for table, marks in tables.items():
            schema, _, own = table.partition(".")
            _copy(con, root / schema / own, Table(schema, own, (), ""), marks)
        con.execute("USE memory; DETACH target")


def _tables(con: duckdb.DuckDBPyConnection, root: Path) -> dict[str, dict[str, str]]:
    """The marks of all files of a version, by table and name."""
    listing = root.joinpath(*LIST, FIRST)
    if not listing.is_file() or not (found := read_metadata(con, listing).get(TABLES)):
        hint = "Name the folder parquet, or a whole copy of it; older versions of this program wrote less."
        raise WarehouseError(f"{root} does not list the tables of a version ({'/'.join(LIST)}).", hint=hint)
    return dict(json.loads(found))


def _copy(con: duckdb.DuckDBPyConnection, folder: Path, table: Table, marks: dict[str, str]) -> None:
    """Copy a table; the marks, which begin with the number of rows, tell whether its files are those of this version."""
    shape: dict[str, Any] = {}
    for file, mark in marks.items():
        path = folder / file
        metadata = read_metadata(con, path) if path.is_file() else {}
        if metadata.get(MARK) != mark:
            what = "is of another version than the others" if metadata else "is missing"
            hint = "Copy the whole folder while nothing is published, or name another copy."
            raise WarehouseError(f"{path} {what}.", hint=hint)
        if not shape:
            shape = json.loads(metadata[SHAPE])
            columns = ", ".join(f"{name(own)} {type_}" for own, type_, _ in shape["columns"])
            con.execute(f"CREATE TABLE {table.sql} ({columns})")
        _insert(con, path, table, int(mark.partition("-")[0]))
    con.execute("; ".join(_comments(table, shape)))
    if table.schema == "history":
        con.execute(as_of_macro(table))


def _insert(con: duckdb.DuckDBPyConnection, path: Path, table: Table, rows: int) -> None:
    [(came,)] = con.execute(
        f"INSERT INTO {table.sql} BY NAME FROM read_parquet({text(str(path))})"
    ).fetchall()
    if came != rows:
        raise WarehouseError(
            f"{path} holds {came} rows, not as many as it was written with.", hint="Name another copy."
        )


def _comments(table: Table, shape: dict[str, Any]) -> list[str]:
    of_columns = [
        f"COMMENT ON COLUMN {table.sql}.{name(column)} IS {text(comment)}"
        for column, _, comment in shape["columns"]
        if comment
    ]
    return [*of_columns, f"COMMENT ON TABLE {table.sql} IS {text(shape['comment'] or '')}"]
