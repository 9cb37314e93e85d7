"""What analysts must not see. Here: a copy of the snapshot without it. Not here: who decides (settings).

What was left out is told in the copy's ``ops.schema_changes``, by name: who restores from it must know.

Leaving out works from what is *known*: a column that the catalogue does not describe, or no longer does,
was judged by nobody and is left out too, and so are the fields that the contract did not take.
"""

from collections.abc import Collection
from pathlib import Path

import duckdb

from exepron_pipeline.catalogue import Catalogue, Column
from exepron_pipeline.land.complete import LEFT_OUT
from exepron_pipeline.land.sql import name
from exepron_pipeline.marts import MARTS
from exepron_pipeline.publish.rewrite import rewrite
from exepron_pipeline.publish.tables import list_columns, list_tables

_OURS = {
    *("_account_id", "_load_id", "_loaded_at", "_deleted_at", "_position"),
    *("_op", "_valid_from", "_valid_to", "_known_from", "_known_to"),
}
"""Our own columns that tell nothing of a record's content. A hash would let it be guessed."""
_TOLD = (
    "INSERT INTO ops.schema_changes (changed_at, schema_name, table_name, column_name, change, type_before) "
    f"VALUES (now(), ?, ?, ?, '{LEFT_OUT}', ?)"
)


def leave_out(path: Path, catalogue: Catalogue, kinds: Collection[str]) -> None:
    """Rewrite the database file at ``path`` without the columns of ``kinds``.

    Args:
        path: A database that nobody else has open.
        catalogue: Tells which columns are personal or financial.
        kinds: Any of ``personal``, ``financial``.

    """
    kept = {**_core_columns(catalogue, kinds), **_mart_columns(kinds)}

    def narrow(con: duckdb.DuckDBPyConnection) -> None:
        for schema, table in list_tables(con, ("core", "history", "marts")):
            _narrow(con, schema, table, kept.get(f"marts.{table}" if schema == "marts" else table))
        _hide_keys(con, catalogue, kinds)

    rewrite(path, narrow)


def _narrow(con: duckdb.DuckDBPyConnection, schema: str, table: str, kept: set[str] | None) -> None:
    columns = list_columns(con, schema, table)
    lost = {column: type_ for column, type_ in columns.items() if column not in (kept or ())}
    for column in lost if kept else ():
        con.execute(f"ALTER TABLE {name(schema, table)} DROP COLUMN {name(column)}")
    if not kept:
        con.execute(f"DROP TABLE {name(schema, table)}")
    if schema != "marts" and lost:
        con.executemany(_TOLD, [[schema, table, column, type_] for column, type_ in lost.items()])


def _hide_keys(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, kinds: Collection[str]) -> None:
    """Keys of rejected records are shown only where the columns of the key are."""
    hidden = [
        each.name
        for each in catalogue.entity_sets.values()
        if not set(each.key) <= _allowed(each.columns, kinds)
    ]
    con.execute("UPDATE ops.quarantine SET key = NULL WHERE list_contains(?, entity_set)", [hidden])


def _core_columns(catalogue: Catalogue, kinds: Collection[str]) -> dict[str, set[str]]:
    """Columns to keep, by the table's name in ``core`` and ``history``."""
    kept: dict[str, set[str]] = {}
    for entity_set in catalogue.entity_sets.values():
        kept[entity_set.name] = _allowed(entity_set.columns, kinds) | _OURS
        for child in entity_set.children:
            keys = _allowed(tuple(entity_set.column(key) for key in entity_set.key), kinds)
            kept[f"{entity_set.name}__{child.name}"] = keys | _allowed(child.columns, kinds) | _OURS
    return kept


def _mart_columns(kinds: Collection[str]) -> dict[str, set[str]]:
    return {
        f"marts.{mart.name}": {c for c in mart.columns if mart.marks.get(c) not in kinds} for mart in MARTS
    }


def _allowed(columns: tuple[Column, ...], kinds: Collection[str]) -> set[str]:
    personal, financial = "personal" in kinds, "financial" in kinds
    return {c.name for c in columns if not (personal and c.personal) and not (financial and c.financial)}
