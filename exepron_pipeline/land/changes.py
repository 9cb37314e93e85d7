"""What a load changes: ``_land_changes``, one row per key that is inserted, updated or deleted.

Here: that list, with ``_from``: since when the new version holds in Exepron. Not here: applying it
(``merge.py``, ``history.py``) and finding what is gone (``tombstones.py``).
"""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load
from exepron_pipeline.land.sql import INSTANT, NO_DATE, name, names, same
from exepron_pipeline.land.staging import KEYS, SEEN
from exepron_pipeline.land.tables import Tables
from exepron_pipeline.land.tombstones import GONE

CHANGES = "_land_changes"
OPEN = "h._known_to IS NULL AND h._valid_to IS NULL"
"""Condition on the alias ``h`` of a history table: the version that holds until further notice."""


@dataclass(frozen=True)
class Counts:
    """Distinct keys by what the load does to them."""

    inserted: int
    updated: int
    unchanged: int
    deleted: int

    @property
    def any(self) -> bool:
        """True when a row is to be written at all."""
        return bool(self.inserted or self.updated or self.deleted)


def list_changes(con: DuckDBPyConnection, load: Load, tables: Tables) -> Counts:
    """Count what is staged and what is gone; where there is anything to write, make ``_land_changes`` of it."""
    both = f"SELECT _op, count(*) FROM {KEYS} GROUP BY _op UNION ALL SELECT 'delete', count(*) FROM {GONE}"
    staged = dict(con.execute(both).fetchall())
    unchanged = staged.get("unchanged", 0) + (_seen(con, tables) if load.seen else 0)
    counts = Counts(staged.get("insert", 0), staged.get("update", 0), unchanged, staged["delete"])
    if counts.any:
        con.execute(changes_sql(tables, load.cursor), {"started": load.started_at})
    return counts


def _seen(con: DuckDBPyConnection, tables: Tables) -> int:
    """Live rows whose keys came without them, of which there was nothing to do."""
    came = f"SELECT 1 FROM {SEEN} s WHERE {same(tables.key, 's', 'c')}"
    staged = f"SELECT 1 FROM {KEYS} k WHERE {same(tables.key, 'k', 'c')}"
    rows = f"{tables.core.sql} c WHERE c._deleted_at IS NULL"
    [(count,)] = con.execute(
        f"SELECT count(*) FROM {rows} AND EXISTS ({came}) AND NOT EXISTS ({staged})"
    ).fetchall()
    return int(count)


def changes_sql(tables: Tables, cursor: str | None) -> str:
    """SQL that makes ``_land_changes``; takes ``$started``."""
    key = tables.key
    former = f"LEFT JOIN {tables.history.sql} h ON {OPEN} AND"
    return (
        f"CREATE TEMP TABLE {CHANGES} AS "
        f"SELECT {names(key, 's')}, s._page, s._arrived, s._row_hash, s._op, {_begin(cursor)} AS _from "
        f"FROM {KEYS} s {former} {same(key, 'h', 's')} WHERE s._op <> 'unchanged' "
        f"UNION ALL SELECT {names(key, 'g')}, NULL, NULL, NULL, 'delete', greatest(h._valid_from, $started) "
        f"FROM {GONE} g {former} {same(key, 'h', 'g')}"
    )


def _begin(cursor: str | None) -> str:
    """Since when the new version holds: its cursor where that moved forward, else the start of the read.

    Never before the former version began, whatever the service's clock says; and not from the calendar's last day on,
    which means *no date*.
    """
    if cursor is None:
        return "greatest(h._valid_from, $started)"
    return (
        f"CASE WHEN s._cursor >= {NO_DATE} THEN greatest($started, h._valid_from) "
        f"WHEN h._known_from IS NULL THEN coalesce(s._cursor, $started) "
        f"WHEN s._cursor > CAST(h.{name(cursor)} AS {INSTANT}) THEN greatest(s._cursor, h._valid_from) "
        f"ELSE greatest($started, h._valid_from) END"
    )


def drop_changes(con: DuckDBPyConnection) -> None:
    """Drop the temporary tables of this module and of ``tombstones.py``."""
    con.execute(f"DROP TABLE IF EXISTS {CHANGES}; DROP TABLE {GONE}")
