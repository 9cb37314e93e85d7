"""Rows that name a record which is not there: what a user with few permissions sees. Not here: who is asked or told.

It is no error: a task of a project that the user may not see is a good row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import Column, EntitySet
from exepron_pipeline.land.sql import name

_MISSING = """
    SELECT count(*), count(*) FILTER (NOT EXISTS (
        SELECT 1 FROM core.{parent} p WHERE p._account_id = t._account_id AND p.{key} = t.{column}
    )) FROM core.{table} t WHERE t._deleted_at IS NULL AND t.{column} IS NOT NULL
"""
_COLUMNS = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'core'"
_UNKNOWN = """
    SELECT DISTINCT t._account_id, t.{column} AS key FROM core.{table} t
    WHERE t._deleted_at IS NULL AND t._load_id = $load AND t.{column} IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM core.{parent} p WHERE p._account_id = t._account_id AND p.{key} = t.{column}
    ) ORDER BY ALL
"""
_PRESENT = """
    SELECT min({key}) AS key FROM core.{parent} WHERE _deleted_at IS NULL AND _account_id = $account
"""


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
    for entity_set, column, words in _references(con, entity_sets):
        [(rows, missing)] = con.execute(_MISSING.format(**words)).fetchall()
        if missing:
            parent = (column.references or "").partition(".")[0]
            yield MissingParents(entity_set.name, column.name, parent, rows, missing)


def keys_to_ask(
    con: DuckDBPyConnection, entity_sets: Iterable[EntitySet], parent: EntitySet, load_id: str
) -> dict[str, list[Any]]:
    """Keys of ``parent`` that rows name and that are not there, by account; the last of each list is one that is there.

    Args:
        con: The warehouse.
        entity_sets: Whose rows to look at.
        parent: What they name, by the one column of its key.
        load_id: Only rows that this load wrote: what was asked for in vain is not asked for again by every run.

    """
    found: dict[str, set[Any]] = {}
    for _, column, words in _references(con, entity_sets):
        if (column.references,) == tuple(f"{parent.name}.{key}" for key in parent.key):
            for account, key in _rows(con, _UNKNOWN.format(**words), {"load": load_id}):
                found.setdefault(account, set()).add(key)
    words = {"parent": name(parent.name), "key": name(parent.key[0])}
    there = {account: _rows(con, _PRESENT.format(**words), {"account": account})[0][0] for account in found}
    return {
        account: [*sorted(keys), there[account]]
        for account, keys in found.items()
        if there[account] is not None
    }


def _references(
    con: DuckDBPyConnection, entity_sets: Iterable[EntitySet]
) -> Iterator[tuple[EntitySet, Column, dict[str, str]]]:
    """Columns that name a record of a table which is there, with the names for SQL."""
    types = {(table, column): type_ for table, column, type_ in con.sql(_COLUMNS).fetchall()}
    for entity_set in entity_sets:
        for column in entity_set.columns:
            parent, _, key = (column.references or "").partition(".")
            own = types.get((entity_set.name, column.name))
            if own and own == types.get((parent, key)):
                words = {"table": entity_set.name, "column": column.name, "parent": parent, "key": key}
                yield entity_set, column, {word: name(value) for word, value in words.items()}


def _rows(con: DuckDBPyConnection, sql: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
    """Rows as Python values, by way of Arrow, as keys that are asked for have to be."""
    return [tuple(row.values()) for row in con.sql(sql, params=values).to_arrow_table().to_pylist()]
