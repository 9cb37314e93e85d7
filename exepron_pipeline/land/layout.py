"""Which tables there are, as far as landing has to know: asked once for all, as DuckDB lists everything for each question.

It is remembered as long as the warehouse is held: nobody else changes a table then. Not here: changing them (``ddl.py``).
"""

from collections import defaultdict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from duckdb import DuckDBPyConnection

Place = tuple[str, str]
"""Schema and table."""


@dataclass
class Existing:
    """A table: its comment, and types and comments by column, in order."""

    comment: str | None = None
    types: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Tables by schema and name, and what ``ops.schema_changes`` says last: the change of columns and fields, None being the table.

    ``came`` holds what is told of columns that come and go, and of tables of lists; ``fields`` what is told of fields that
    were kept in ``_extra``.
    """

    tables: dict[Place, Existing]
    came: dict[Place, dict[str | None, str]]
    fields: dict[Place, dict[str, str]]


_known: WeakKeyDictionary[DuckDBPyConnection, Layout] = WeakKeyDictionary()


def layout_of(con: DuckDBPyConnection) -> Layout:
    """The layout of the warehouse that a connection holds."""
    found = _known.get(con)
    if found is None:
        tables = _tables(con)
        told = _told(con) if ("ops", "schema_changes") in tables else (defaultdict(dict), defaultdict(dict))
        found = _known[con] = Layout(tables, *told)
    return found


def forget_layout(con: DuckDBPyConnection) -> None:
    """Let it be asked for again: to be called after each change of a table that was there, or of what is told of it."""
    _known.pop(con, None)


def _tables(con: DuckDBPyConnection) -> dict[Place, Existing]:
    here = "WHERE database_name = current_database() AND schema_name IN ('core', 'history', 'ops')"
    tables = con.execute(f"SELECT schema_name, table_name, comment FROM duckdb_tables() {here}").fetchall()
    found = {(schema, table): Existing(comment) for schema, table, comment in tables}
    columns = con.execute(
        f"SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() {here} "
        "ORDER BY column_index"
    ).fetchall()
    for schema, table, column, type_, comment in columns:
        if (schema, table) in found:  # views have columns too
            found[schema, table].types[column] = type_
            found[schema, table].comments[column] = comment
    return found


def _told(con: DuckDBPyConnection) -> tuple[dict[Place, dict[str | None, str]], dict[Place, dict[str, str]]]:
    came: dict[Place, dict[str | None, str]] = defaultdict(dict)
    fields: dict[Place, dict[str, str]] = defaultdict(dict)
    rows = con.execute(
        "SELECT schema_name, table_name, column_name, change IN ('unknown', 'accepted') AS is_field, "
        "arg_max(change, changed_at) FROM ops.schema_changes "
        "WHERE column_name IS NULL OR change IN ('vanished', 'returned', 'unknown', 'accepted') GROUP BY ALL"
    ).fetchall()
    for schema, table, column, is_field, change in rows:
        (fields if is_field else came)[schema, table][column] = change
    return came, fields
