"""Which files a table is cut into, and what tells the rows of one from others. Not here: writing them (``parquet.py``).

A table of ``history`` has a file for each month in which its versions became known: of three years of it a publishing
writes the month that goes on, and those of which a version ended. Other tables have one file.

To tell whether rows changed, all of each is hashed; where rows carry their own hash it stands for the record's
fields, and only our own columns are looked at besides. Rows whose hash is not known are hashed whole. Forgetting a
person may change a text under the same hash: what is published then is written anew, whatever its mark.
"""

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from exepron_pipeline.land.fingerprint import HASH
from exepron_pipeline.land.sql import name, text

FIRST = "part-0.parquet"
"""The file that every table has."""
KNOWN = "_known_from"
_UTC = f"make_timestamp(epoch_us({KNOWN}))"  # a day of an instant is asked of a calendar, ten times as dear
_MONTH = f"CAST(year({_UTC}) * 12 + month({_UTC}) AS BIGINT)"


@dataclass(frozen=True)
class Part:
    """A file of a table: its name, the condition of its rows (SQL), and its mark, which begins with their number."""

    file: str
    condition: str
    mark: str


def parts_of(con: duckdb.DuckDBPyConnection, schema: str, table: str, shape: dict[str, Any]) -> list[Part]:
    """The files that a table is to have, the first one always among them.

    Args:
        con: A connection to the snapshot.
        schema: The table's schema.
        table: Its name.
        shape: Its description, see `describe`.

    """
    columns = [column for column, *_ in shape["columns"]]
    if schema != "history" or KNOWN not in columns:
        return [Part(FIRST, "true", fingerprint(con, schema, table, shape))]
    mark = _mark(con, schema, table, shape)
    found = con.execute(
        f"SELECT {_MONTH} AS month, {mark} FROM {name(schema, table)} GROUP BY month ORDER BY month"
    ).fetchall()
    if not found:
        return [Part(FIRST, "true", fingerprint(con, schema, table, shape))]
    first = found[0][0]
    return [Part(f"part-{month - first}.parquet", _within(month), mark) for month, mark in found]


def fingerprint(con: duckdb.DuckDBPyConnection, schema: str, table: str, shape: dict[str, Any]) -> str:
    """A text that is equal for equal tables: description, and all rows in any order. It begins with their number."""
    query = f"SELECT {_mark(con, schema, table, shape)} FROM {name(schema, table)}"
    found: str = con.execute(query).fetchall()[0][0]
    return found


def _mark(con: duckdb.DuckDBPyConnection, schema: str, table: str, shape: dict[str, Any]) -> str:
    columns = [column for column, *_ in shape["columns"]]
    row = whole = f"hash({', '.join(map(name, columns))})"
    if HASH in columns:
        ours = [column for column in columns if column.startswith("_") and column != "_extra"]
        parts = [name(column) for column in ours]
        if con.execute(f"SELECT 1 FROM {name(schema, table)} WHERE {HASH} IS NULL LIMIT 1").fetchall():
            parts.append(f"CASE WHEN {HASH} IS NULL THEN {whole} END")  # which reads all columns of all rows
        row = f"hash({', '.join(parts)})"
    described = f"hash({text(json.dumps(shape))})"
    return f"concat_ws('-', count(*), {described}, bit_xor({row}), sum({row}::HUGEINT))"


def _within(month: int) -> str:
    begin, end = (
        f"TIMESTAMPTZ '{(at - 1) // 12:04}-{(at - 1) % 12 + 1:02}-01 00:00:00+00'"
        for at in (month, month + 1)
    )
    return f"{KNOWN} >= {begin} AND {KNOWN} < {end}"


def describe_all(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    """Each table's comment, and name, type and comment of each of its columns, in order."""
    tables = con.execute(
        "SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    columns = con.execute(
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE database_name = current_database() ORDER BY column_index"
    ).fetchall()
    found: dict[tuple[str, str], dict[str, Any]] = {
        (schema, table): {"comment": comment, "columns": []} for schema, table, comment in tables
    }
    for schema, table, *column in columns:
        found.setdefault((schema, table), {"comment": None, "columns": []})["columns"].append(column)
    return found
