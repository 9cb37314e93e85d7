"""Which tables there are. Here: one listing for all of ``publish``. Not here: what is in them."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.sql import name

SCHEMAS = ("core", "history", "marts", "ops")


def list_tables(con: DuckDBPyConnection, schemas: Sequence[str] = SCHEMAS) -> list[tuple[str, str]]:
    """Schema and name of each table and view of the current database, in order."""
    return con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database() AND list_contains(?, table_schema) ORDER BY ALL",
        [list(schemas)],
    ).fetchall()


def list_columns(con: DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Columns of one of them, in order, each with its type."""
    described = con.execute(f"DESCRIBE {name(schema, table)}").fetchall()
    return {column: type_ for column, type_, *_ in described}
