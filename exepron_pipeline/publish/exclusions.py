"""What analysts must not see. Here: a copy of the snapshot without it. Not here: who decides (settings).

Leaving out works from what is *known*: a column that the catalogue does not describe, or no longer does,
was judged by nobody and is left out too, and so are the fields that the contract did not take.
"""

from collections.abc import Collection
from pathlib import Path

import duckdb

from exepron_pipeline.catalogue import Catalogue, Column
from exepron_pipeline.land.sql import name, text
from exepron_pipeline.marts import MARTS
from exepron_pipeline.publish.files import put_in_place
from exepron_pipeline.publish.tables import list_columns, list_tables

_OURS = {
    *("_account_id", "_load_id", "_loaded_at", "_deleted_at", "_position"),
    *("_op", "_valid_from", "_valid_to", "_known_from", "_known_to"),
}
"""Our own columns that tell nothing of a record's content. A hash would let it be guessed."""


def leave_out(path: Path, catalogue: Catalogue, kinds: Collection[str]) -> None:
    """Rewrite the database file at ``path`` without the columns of ``kinds``.

    All tables go to a new file: in the old one the bytes of a dropped column stay behind.

    Args:
        path: A database that nobody else has open.
        catalogue: Tells which columns are personal or financial.
        kinds: Any of ``personal``, ``financial``.

    """
    fresh = path.with_name(f"{path.name}.without")
    kept = {**_core_columns(catalogue, kinds), **_mart_columns(kinds)}
    with duckdb.connect() as con:
        con.execute(f"ATTACH {text(str(path))} AS whole; USE whole")
        for schema, table in list_tables(con, ("core", "history", "marts")):
            _narrow(con, schema, table, kept.get(f"marts.{table}" if schema == "marts" else table))
        con.execute(f"ATTACH {text(str(fresh))} AS fresh (STORAGE_VERSION 'v1.0.0')")
        con.execute("COPY FROM DATABASE whole TO fresh; USE memory; DETACH fresh; DETACH whole")
    put_in_place(fresh, path)


def _narrow(con: duckdb.DuckDBPyConnection, schema: str, table: str, kept: set[str] | None) -> None:
    if kept is None:
        con.execute(f"DROP TABLE {name(schema, table)}")
        return
    for column in list_columns(con, schema, table):
        if column not in kept:
            con.execute(f"ALTER TABLE {name(schema, table)} DROP COLUMN {name(column)}")


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
