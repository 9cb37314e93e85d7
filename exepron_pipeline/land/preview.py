"""A few rows of a landed set for an operator's eye. Personal and financial columns are never among them."""

from typing import Any

from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.land.sql import name

MOST_COLUMNS = 8


def preview(con: DuckDBPyConnection, entity_set: EntitySet, rows: int) -> list[dict[str, Any]]:
    """Return the first ``rows`` live rows by key, at most `MOST_COLUMNS` harmless columns each."""
    safe = [column.name for column in entity_set.columns if not (column.personal or column.financial)]
    shown = list(dict.fromkeys([*(part for part in entity_set.key if part in safe), *safe]))[:MOST_COLUMNS]
    if not shown:
        return []
    columns = ", ".join(f"CAST({name(each)} AS VARCHAR) AS {name(each)}" for each in shown)
    found = con.execute(
        f"SELECT {columns} FROM {name('core', entity_set.name)} WHERE _deleted_at IS NULL "
        f"ORDER BY {', '.join(name(part) for part in entity_set.key)} LIMIT ?",
        [rows],
    ).fetchall()
    return [dict(zip(shown, row, strict=True)) for row in found]


def live_ids(con: DuckDBPyConnection, entity_set: str, column: str, account_id: str) -> list[int]:
    """Return a column's values over an account's live rows, in order; empty when nothing was landed yet."""
    known = con.execute(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'core' AND table_name = ? AND column_name = ?",
        [entity_set, column],
    ).fetchall()
    if not known:
        return []
    found = con.execute(
        f"SELECT DISTINCT {name(column)} AS id FROM {name('core', entity_set)} "
        "WHERE _account_id = ? AND _deleted_at IS NULL ORDER BY id",
        [account_id],
    ).fetchall()
    return [row[0] for row in found]
