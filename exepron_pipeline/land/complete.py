"""Rows whose hash is not known: they are compared value by value, and completed where they are unchanged.

Such rows come from a restore out of a copy that was published without some columns, and from forgetting a
person. Here: filling in what came, without a version in ``history``, since nothing changed. Not here: rows
that did change (``changes.py``).
"""

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.changes import OPEN
from exepron_pipeline.land.ddl import Table
from exepron_pipeline.land.fingerprint import list_hash, record_hash
from exepron_pipeline.land.sql import name, names, same
from exepron_pipeline.land.staging import INCOMING, ITEMS, KEYS
from exepron_pipeline.land.tables import ChildTables, Tables

COMPLETED = "_land_completed"
LEFT_OUT = "left_out"
"""In ``ops.schema_changes``: the copy that this file was restored from did not hold that column."""


def complete(con: DuckDBPyConnection, tables: Tables) -> None:
    """Complete rows of ``core``, and their open versions, that came as they were; they count as unchanged."""
    unknown = f"SELECT 1 FROM {tables.core.sql} WHERE _row_hash IS NULL LIMIT 1"
    if not con.execute(unknown).fetchall():
        return
    lost = {
        table: _left_out(con, table) for table in (tables.core, *(child.core for child in tables.children))
    }
    con.execute(_find(tables, lost))
    for table, condition in ((tables.core, "true"), (tables.history, OPEN)):
        con.execute(_fill(table, tables, lost[tables.core], condition))
    for child in tables.children:
        for table, condition in ((child.core, "true"), (child.history, OPEN)):
            if lost[child.core]:
                con.execute(_fill_items(table, child, tables.key, lost[child.core], condition))
    con.execute(
        f"UPDATE {KEYS} s SET _op = 'unchanged' FROM {COMPLETED} x WHERE {same(tables.key, 's', 'x')}"
    )
    con.execute(f"DROP TABLE {COMPLETED}")


def _left_out(con: DuckDBPyConnection, table: Table) -> list[str]:
    found = con.execute(
        "SELECT DISTINCT column_name FROM ops.schema_changes WHERE schema_name = ? AND table_name = ? AND change = ?",
        [table.schema, table.name, LEFT_OUT],
    ).fetchall()
    return sorted({column for (column,) in found} & set(table.names) - {"_row_hash"})


def _find(tables: Tables, lost: dict[Table, list[str]]) -> str:
    """SQL that makes ``_land_completed``: records that are what ``core`` says, as far as that is known."""
    kept = [column for column in tables.data if column not in lost[tables.core]]
    lists = [_compared(child, tables.key, lost[child.core]) for child in tables.children]
    joins, conditions = ("".join(part) for part in zip(*lists, strict=True)) if lists else ("", "")
    return (
        # Rows are reduced to hashes before they are joined: whole ones of a large table would not fit into memory.
        f"CREATE TEMP TABLE {COMPLETED} AS WITH "
        f"came AS MATERIALIZED (SELECT r._arrived, {record_hash(kept, 'r')} AS hash FROM {INCOMING} r), "
        f"there AS MATERIALIZED (SELECT {names(tables.key, 'c')}, {record_hash(kept, 'c')} AS hash "
        f"FROM {tables.core.sql} c WHERE c._row_hash IS NULL) "
        f"SELECT {names(tables.key, 's')}, s._page, s._arrived, s._row_hash "
        f"FROM {KEYS} s JOIN there c ON {same(tables.key, 's', 'c')} "
        f"JOIN came r ON r._arrived = s._arrived AND r.hash = c.hash{joins} "
        f"WHERE s._op = 'update'{conditions}"
    )


def _compared(child: ChildTables, key: tuple[str, ...], lost: list[str]) -> tuple[str, str]:
    """Join and condition: the list that came is the list that is there."""
    kept = set(child.core.names).difference(lost)
    columns = [column for column in ("_position", *(c.name for c in child.columns)) if column in kept]
    came, there = f"came_{child.name}", f"there_{child.name}"

    def digests(table: str, by: list[str], alias: str) -> str:
        return f"(SELECT {names(by, 'i')}, {list_hash(columns, 'i')} AS digest FROM {table} i GROUP BY ALL) {name(alias)}"

    joins = (
        f" LEFT JOIN {digests(name(ITEMS + child.name), [*key, '_page'], came)} ON {same([*key, '_page'], 's', came)}"
        f" LEFT JOIN {digests(child.core.sql, [*key], there)} ON {same(key, 's', there)}"
    )
    return joins, f" AND {name(came)}.digest IS NOT DISTINCT FROM {name(there)}.digest"


def _fill(table: Table, tables: Tables, lost: list[str], condition: str) -> str:
    values = "".join(f"{name(column)} = r.{name(column)}, " for column in lost)
    rows = f" JOIN {INCOMING} r ON r._arrived = x._arrived" if lost else ""
    return (
        f"UPDATE {table.sql} h SET {values}_row_hash = x._row_hash FROM {COMPLETED} x{rows} "
        f"WHERE {condition} AND {same(tables.key, 'h', 'x')}"
    )


def _fill_items(
    table: Table, child: ChildTables, key: tuple[str, ...], lost: list[str], condition: str
) -> str:
    values = ", ".join(f"{name(column)} = i.{name(column)}" for column in lost)
    items = f"{name(ITEMS + child.name)} i JOIN {COMPLETED} x ON {same([*key, '_page'], 'i', 'x')}"
    return f"UPDATE {table.sql} h SET {values} FROM {items} WHERE {condition} AND {same([*key, '_position'], 'h', 'i')}"
