"""What a mart reads, made whole: a view per input that has every column the mart asks for.

Here: absent tables and columns become typed nulls, and are told. Not here: the marts' own SQL.
A service may offer no tasks, and a user may replace the catalogue: a mart is then built from what is
there.
"""

from collections.abc import Mapping

import duckdb

OWN_TYPE = "ID"
"""Declared type of keys: whatever type the source gives them; `ABSENT_ID` when there is no such column."""
ABSENT_ID = "BIGINT"


def view_name(table: str) -> str:
    """Name of the view that stands for ``table``: ``core.projects`` is read as ``core_projects``."""
    return table.replace(".", "_")


def view_sql(table: str, wanted: Mapping[str, str], present: frozenset[str]) -> str:
    """SELECT that gives ``wanted`` (column to type) from ``table``, which has the columns ``present``.

    A value that does not fit the wanted type becomes null.
    """
    columns = ", ".join(f"{_expression(name, kind, present)} AS {name}" for name, kind in wanted.items())
    return f"SELECT {columns} FROM {table}" if present else f"SELECT {columns} WHERE false"


def _expression(name: str, kind: str, present: frozenset[str]) -> str:
    if name not in present:
        return f"CAST(NULL AS {ABSENT_ID if kind == OWN_TYPE else kind})"
    return name if kind == OWN_TYPE else f"TRY_CAST({name} AS {kind})"


def open_inputs(
    con: duckdb.DuckDBPyConnection,
    reads: Mapping[str, Mapping[str, str]],
    present: Mapping[str, frozenset[str]],
) -> tuple[str, ...]:
    """Create a temporary view per input; give what the warehouse lacks of them: tables, and columns.

    Args:
        con: The warehouse.
        reads: The inputs: each table's columns and their types.
        present: What there is; see `list_columns`.

    """
    missing: list[str] = []
    for table, wanted in reads.items():
        columns = present.get(table, frozenset())
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view_name(table)} AS {view_sql(table, wanted, columns)}")
        missing += [f"{table}.{name}" for name in wanted if name not in columns] if columns else [table]
    return tuple(missing)


def close_inputs(con: duckdb.DuckDBPyConnection, reads: Mapping[str, Mapping[str, str]]) -> None:
    """Drop the views again."""
    for table in reads:
        con.execute(f"DROP VIEW temp.{view_name(table)}")


def list_columns(con: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
    """Names of the columns of every table that a mart may read, by ``schema.name``."""
    rows = con.execute(
        "SELECT schema_name || '.' || table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name IN ('core', 'history', 'ops') GROUP BY ALL"
    ).fetchall()
    return {table: frozenset(columns) for table, columns in rows}
