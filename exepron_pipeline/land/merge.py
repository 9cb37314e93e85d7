"""Applying changes to ``core``: only rows that changed are written. Not here: ``history``.

Changed rows are deleted and inserted: on tables without a primary key that is the cheapest way by far.
Rows of deleted records stay, with ``_deleted_at``; their nested lists go, since a list has no such column.
"""

from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.changes import CHANGES
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.slices import SOME, write_rows
from exepron_pipeline.land.sql import name, names, same
from exepron_pipeline.land.staging import INCOMING, ITEMS
from exepron_pipeline.land.tables import ChildTables, Tables


def write_core(con: DuckDBPyConnection, load: Load, tables: Tables, moment: datetime) -> None:
    """Bring the entity set's tables in ``core`` up to date with ``_land_changes``."""
    written = {"load": load.load_id, "moment": moment}
    con.execute(delete_changed(tables))
    write_rows(con, load, insert_changed(tables), written)
    con.execute(mark_deleted(tables), {**written, "started": load.started_at})
    for child in tables.children:
        con.execute(delete_items(child, tables.key))
        write_rows(con, load, insert_items(child, tables.key), written)


def delete_changed(tables: Tables) -> str:
    """SQL that removes rows which are to be written again."""
    return (
        f"DELETE FROM {tables.core.sql} c USING {CHANGES} x "
        f"WHERE x._op <> 'delete' AND {same(tables.key, 'c', 'x')}"
    )


def insert_changed(tables: Tables) -> str:
    """SQL that writes new and changed rows of some pages; takes ``$load``, ``$moment``, ``$first`` and ``$last``."""
    ours = {"_load_id", "_loaded_at", "_deleted_at", "_row_hash"}
    columns = [column for column in tables.core.names if column not in ours]
    return (
        f"INSERT INTO {tables.core.sql} BY NAME "
        f"SELECT {names(columns, 's')}, x._row_hash, $load AS _load_id, $moment AS _loaded_at "
        f"FROM {INCOMING} s JOIN {CHANGES} x ON s._arrived = x._arrived AND {SOME}"
    )


def mark_deleted(tables: Tables) -> str:
    """SQL that marks rows whose record is gone; takes ``$load``, ``$moment`` and ``$started``."""
    return (
        f"UPDATE {tables.core.sql} c SET _deleted_at = $started, _load_id = $load, _loaded_at = $moment "
        f"FROM {CHANGES} x WHERE x._op = 'delete' AND {same(tables.key, 'c', 'x')}"
    )


def delete_items(child: ChildTables, key: tuple[str, ...]) -> str:
    """SQL that removes the lists of changed and deleted records."""
    return f"DELETE FROM {child.core.sql} c USING {CHANGES} x WHERE {same(key, 'c', 'x')}"


def insert_items(child: ChildTables, key: tuple[str, ...]) -> str:
    """SQL that writes the lists of new and changed records of some pages; takes the same."""
    columns = [column for column in child.core.names if column not in {"_load_id", "_loaded_at"}]
    return (
        f"INSERT INTO {child.core.sql} BY NAME "
        f"SELECT {names(columns, 'i')}, $load AS _load_id, $moment AS _loaded_at "
        f"FROM {name(ITEMS + child.name)} i JOIN {CHANGES} x ON {same([*key, '_page'], 'i', 'x')} AND {SOME}"
    )
