"""What the warehouse holds when a run begins, as far as the run is to know it. Not here: what is landed then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.ledger import read_watermarks
from exepron_pipeline.land.scope import Scope, read_scopes
from exepron_pipeline.land.sql import instant

Place = tuple[str, str]
"""An entity set and an account."""


@dataclass(frozen=True)
class Before:
    """Watermarks, scopes, and when the last load landed (UTC), by entity set and account.

    ``columns`` are those of each table in ``core`` that have not left the contract, ``grown`` says when a table of an entity set last got one, and
    ``whole`` when the last read of everything landed.
    """

    watermarks: dict[Place, datetime]
    scopes: dict[Place, Scope]
    moments: dict[Place, datetime]
    columns: dict[str, frozenset[str]]
    grown: dict[str, datetime]
    whole: dict[Place, datetime]

    def has_grown(self, tables: Mapping[str, Iterable[str]], place: Place) -> bool:
        """True when the contract names columns whose values unchanged records have not been asked for yet.

        Args:
            tables: Columns of the contract by table; the first is the entity set's own.
            place: The entity set and the account.

        """
        if place[0] not in self.columns:
            return False
        if any(not self.columns.get(table, frozenset()).issuperset(names) for table, names in tables.items()):
            return True
        grown, whole = self.grown.get(place[0]), self.whole.get(place)
        return grown is not None and (whole is None or whole < grown)


def read_before(con: DuckDBPyConnection) -> Before:
    """Read it."""
    last = con.sql(
        "SELECT entity_set, account_id, epoch_us(max(finished_at)) FROM ops.loads WHERE status = 'ok' GROUP BY ALL"
    ).fetchall()
    moments = {(name, account): moment for name, account, us in last if (moment := instant(us))}
    return Before(
        read_watermarks(con),
        read_scopes(con),
        moments,
        _columns(con),
        *(_times(con, sql) for sql in (_GROWN, _WHOLE)),
    )


_GROWN = """
    SELECT split_part(table_name, '__', 1), epoch_us(max(changed_at)) FROM ops.schema_changes
    WHERE schema_name = 'core' AND change IN ('added', 'returned', 'revealed') GROUP BY ALL
"""
_WHOLE = """
    SELECT entity_set, account_id, epoch_us(max(finished_at)) FROM ops.loads
    WHERE status = 'ok' AND mode = 'full' GROUP BY ALL
"""


_GONE = """
    SELECT table_name, column_name FROM ops.schema_changes WHERE schema_name = 'core'
    AND change IN ('added', 'vanished', 'returned') GROUP BY ALL HAVING arg_max(change, changed_at) = 'vanished'
"""


def _times(con: DuckDBPyConnection, sql: str) -> dict[Any, datetime]:
    rows = con.sql(sql).fetchall()
    return {(key[0] if len(key) == 1 else tuple(key)): moment for *key, us in rows if (moment := instant(us))}


def _columns(con: DuckDBPyConnection) -> dict[str, frozenset[str]]:
    found = con.sql(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE schema_name = 'core' AND database_name = current_database() GROUP BY ALL"
    ).fetchall()
    gone = con.sql(_GONE).fetchall()
    left: dict[str, set[str]] = {table: set(names) for table, names in found}
    for table, column in gone:
        left.get(table, set()).discard(column)
    lists = {table for table, column in gone if column is None}
    return {table: frozenset(names) for table, names in left.items() if table not in lists}
