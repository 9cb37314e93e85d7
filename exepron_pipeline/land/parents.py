"""Rows that name a record which is not there: what a user with few permissions sees. Not here: who is told of it.

It is no error: a task of a project that the user may not see is a good row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.land.sql import name

_MISSING = """
    SELECT count(*), count(*) FILTER (NOT EXISTS (
        SELECT 1 FROM core.{parent} p WHERE p._account_id = t._account_id AND p.{key} = t.{column}
    )) FROM core.{table} t WHERE t._deleted_at IS NULL AND t.{column} IS NOT NULL
"""
_COLUMNS = "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'core'"


@dataclass(frozen=True)
class MissingParents:
    """``missing`` of ``rows`` rows of an entity set name in ``column`` a record that ``parent`` does not hold."""

    entity_set: str
    column: str
    parent: str
    rows: int
    missing: int

    def __str__(self) -> str:
        return (
            f"{self.missing:,} of {self.rows:,} rows name in {self.column} a record that core.{self.parent} does not hold: "
            "this user may not see it, or it was deleted before the first load."
        )


def missing_parents(con: DuckDBPyConnection, entity_sets: Iterable[EntitySet]) -> Iterator[MissingParents]:
    """Find rows of entity sets whose parents are not there; a parent that was never read at all is none.

    Args:
        con: The warehouse.
        entity_sets: Whose rows to look at.

    """
    present = set(con.sql(_COLUMNS).fetchall())
    for entity_set in entity_sets:
        for column in entity_set.columns:
            parent, _, key = (column.references or "").partition(".")
            if not {(entity_set.name, column.name), (parent, key)} <= present:
                continue
            words = {"table": entity_set.name, "column": column.name, "parent": parent, "key": key}
            sql = _MISSING.format(**{word: name(value) for word, value in words.items()})
            [(rows, missing)] = con.execute(sql).fetchall()
            if missing:
                yield MissingParents(entity_set.name, column.name, parent, rows, missing)
