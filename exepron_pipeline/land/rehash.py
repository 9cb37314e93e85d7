"""Hashes of all rows anew, after the columns or lists that they are made of have changed. Not here: the hash itself.

A record that is the same under another contract has to have the same hash as when it comes again; else each row would
be rewritten, and have a version in ``history`` that nothing in Exepron stands for. Hashes that are not known stay so.
"""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.ddl import Table
from exepron_pipeline.land.fingerprint import record_hash
from exepron_pipeline.land.sql import names, same
from exepron_pipeline.land.staging import with_lists
from exepron_pipeline.land.tables import Tables


def rehash(con: DuckDBPyConnection, tables: Tables) -> None:
    """Write the hash of each row of an entity set, as a load that brings the same would compute it."""
    of_core = {child.name: child.core for child in tables.children}
    of_history = {child.name: child.history for child in tables.children}
    con.execute(_rehash(tables, tables.core, tables.key, of_core))
    con.execute(_rehash(tables, tables.history, (*tables.key, "_valid_from", "_known_from"), of_history))


def _rehash(tables: Tables, table: Table, place: Sequence[str], lists: dict[str, Table]) -> str:
    record = record_hash(tables.data, "r")
    return (
        f"UPDATE {table.sql} t SET _row_hash = n._row_hash FROM (WITH records AS ("
        f"SELECT {names(place, 'r')}, {record} AS _row_hash FROM {table.sql} r) "
        f"{with_lists(tables, place, lambda child: lists[child.name].sql)}) n "
        f"WHERE {same(place, 't', 'n')} AND t._row_hash IS NOT NULL"
    )
