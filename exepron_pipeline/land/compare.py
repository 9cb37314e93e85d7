"""Comparing what came with ``core``, before anything is landed. Not here: what is done about it (``comparison.py``).

It streams: keys are compared where they lie, in the files of the spool and in the warehouse's file, and only those
that differ are brought into memory, if they are few.
"""

from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from exepron_pipeline.land import audits
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.scope import scope_of
from exepron_pipeline.land.sql import name, names, same
from exepron_pipeline.land.staging import showing
from exepron_pipeline.land.tables import Tables
from exepron_pipeline.land.tombstones import GONE, find_gone

CAME = "_compare_came"
STALE = "_compare_stale"

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Differences:
    """How what came differs from ``core``.

    ``gone`` live rows did not come. Of keys that came without their rows, ``stale`` are new here, or have another
    cursor, or none, which tells nothing. ``keys`` are the keys of both, None where they are more than was asked for;
    ``present`` is one that came, whose row is as it was.
    """

    gone: int = 0
    stale: int = 0
    keys: tuple[Key, ...] | None = ()
    present: Key | None = None

    def __bool__(self) -> bool:
        """True when there is something to ask for again."""
        return bool(self.gone or self.stale)


def compare(con: DuckDBPyConnection, load: Load, *, most: int) -> Differences:
    """Compare a load with ``core``; nothing is changed.

    Args:
        con: The warehouse, with no transaction open.
        load: What was read: its rows, or where there are ``seen`` keys, those.
        most: So many keys are listed at most.

    Raises:
        AuditError: More would be deleted than one comparison may delete.

    """
    tables = load.describe_tables()
    if not _is_comparable(con, tables, load):
        return Differences()
    _, live = audits.live_rows(con, tables, load.account_id)
    audits.check_collapse(load, live)
    came, cursor = load.seen or load.tables, load.cursor if load.seen else None
    wanted = [*tables.key, *([cursor] if cursor else [])]
    types = {item.name: item.type for item in tables.core.fields if item.name in wanted}
    with showing(con, CAME, came, types, load.entity_set.name):
        find_gone(con, load, tables, scope_of(con, load), came=(CAME,))
        con.execute(stale_sql(tables, cursor))
        try:
            found = _differences(con, load.entity_set.key, tables, most)
            audits.check_deleted_share(load, live, found.gone)
        finally:
            con.execute(f"DROP TABLE {GONE}; DROP TABLE {STALE}")
    return found


def stale_sql(tables: Tables, cursor: str | None) -> str:
    """SQL that makes ``_compare_stale``: keys that came and whose row is not here, or may be another one."""
    moved = (
        f"s.{name(cursor)} IS NULL OR s.{name(cursor)} IS DISTINCT FROM c.{name(cursor)}"
        if cursor
        else "false"
    )
    looks = "true" if cursor else "false"
    return (
        f"CREATE TEMP TABLE {STALE} AS SELECT DISTINCT {names(tables.key, 's')} FROM {CAME} s "
        f"LEFT JOIN {tables.core.sql} c ON c._deleted_at IS NULL AND {same(tables.key, 'c', 's')} "
        f"WHERE {looks} AND (c._account_id IS NULL OR {moved})"
    )


def _differences(con: DuckDBPyConnection, own_key: tuple[str, ...], tables: Tables, most: int) -> Differences:
    [(gone, stale)] = con.execute(
        f"SELECT (SELECT count(*) FROM {GONE}), (SELECT count(*) FROM {STALE})"
    ).fetchall()
    if not gone + stale:
        return Differences()
    listed = f"SELECT {names(own_key)} FROM {GONE} UNION ALL SELECT {names(own_key)} FROM {STALE}"
    present = (
        f"SELECT {names(own_key, 's')} FROM {CAME} s WHERE EXISTS "
        f"(SELECT 1 FROM {tables.core.sql} c WHERE c._deleted_at IS NULL AND {same(tables.key, 'c', 's')}) "
        f"AND NOT EXISTS (SELECT 1 FROM {STALE} x WHERE {same(tables.key, 'x', 's')}) LIMIT 1"
    )
    keys = _keys(con, listed) if gone + stale <= most else None
    return Differences(gone, stale, keys, next(iter(_keys(con, present)), None))


def _keys(con: DuckDBPyConnection, sql: str) -> tuple[Key, ...]:
    """Keys as Python values; by way of Arrow, as DuckDB's own conversion of instants needs a package of its own."""
    return tuple(tuple(row.values()) for row in con.sql(sql).to_arrow_table().to_pylist())


def _is_comparable(con: DuckDBPyConnection, tables: Tables, load: Load) -> bool:
    """True when ``core`` has the columns by which is compared; else landing will make or change them."""
    found = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'core' AND table_name = ?",
        [tables.core.name],
    ).fetchall()
    needed = {*tables.key, *([load.cursor] if load.cursor else [])}
    return needed <= {column for (column,) in found}
