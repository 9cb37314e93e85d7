"""Rejected records in ``ops.quarantine``: entered, listed, and closed once they are settled. Not here: replaying them.

A row is open until a load brings its record: landed, rejected anew (which is another row), or no longer listed by a
read that was complete. So there is one open row for each record, at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load, Rejected
from exepron_pipeline.land.sql import INSTANT, instant, name, same
from exepron_pipeline.land.staging import KEYS
from exepron_pipeline.land.tables import Tables
from exepron_pipeline.land.tombstones import key_text

_OPEN = """
    SELECT q.entity_set, q.account_id, q.key, q.reason, q.page, q.position, q.load_id,
        epoch_us(q.quarantined_at), epoch_us(l.started_at)
    FROM ops.quarantine q LEFT JOIN ops.loads l ON l.load_id = q.load_id
        AND l.entity_set = q.entity_set AND l.account_id = q.account_id AND l.finished_at = q.quarantined_at
    WHERE q.closed_at IS NULL ORDER BY q.entity_set, q.account_id, q.quarantined_at, q.page, q.position, q.key
"""


@dataclass(frozen=True)
class Quarantined:
    """A rejected record that is not settled.

    ``page`` refers to the raw page, None where none was kept; ``position`` is its place there, from 0.
    ``read_at`` is when the read began that brought it; aware.
    """

    entity_set: str
    account_id: str
    key: str | None
    reason: str
    page: str | None
    position: int | None
    load_id: str
    quarantined_at: datetime
    read_at: datetime


def open_records(con: DuckDBPyConnection) -> list[Quarantined]:
    """List the rejected records that are not settled, by entity set, account and time."""
    found = con.execute(_OPEN).fetchall()
    return [
        Quarantined(name_, account, key, reason, page, position, load, landed, instant(started) or landed)
        for name_, account, key, reason, page, position, load, at, started in found
        if (landed := instant(at))
    ]


def distinct(rejects: Sequence[Rejected]) -> list[Rejected]:
    """Of records with a key, which a read may bring twice, only the last; of others all, as nobody can tell."""
    last = {reject.key: reject for reject in rejects if reject.key is not None}
    return [*(reject for reject in rejects if reject.key is None), *last.values()]


def enter(
    con: DuckDBPyConnection, load: Load, tables: Tables, rejects: Sequence[Rejected], moment: datetime
) -> None:
    """Close what this load settles, and enter what it rejects."""
    _close(con, load, tables, [reject.key for reject in rejects if reject.key is not None], moment)
    if not rejects:
        return
    columns = {
        "key": ("VARCHAR", [reject.key for reject in rejects]),
        "reason": ("VARCHAR", [reject.reason for reject in rejects]),
        "page": ("VARCHAR", [reject.page for reject in rejects]),
        "position": ("BIGINT", [reject.position for reject in rejects]),
    }
    who = {"load_id": load.load_id, "entity_set": load.entity_set.name, "account_id": load.account_id}
    unnested = [f"unnest(CAST(${column} AS {type_}[])) AS {column}" for column, (type_, _) in columns.items()]
    fixed = [f"${column} AS {column}" for column in (*who, "quarantined_at")]
    con.execute(
        f"INSERT INTO ops.quarantine BY NAME SELECT {', '.join([*fixed, *unnested])}",
        {**who, "quarantined_at": moment, **{column: values for column, (_, values) in columns.items()}},
    )


def drop_superseded(con: DuckDBPyConnection, load: Load, tables: Tables) -> int:
    """Leave keys out of a replay whose row was written, or marked as deleted, after the record had been read."""
    if load.behind is None:
        return 0
    moved = f" OR CAST(c.{name(load.cursor)} AS {INSTANT}) > k._cursor" if load.cursor else ""
    [(found,)] = con.execute(
        f"DELETE FROM {KEYS} k USING {tables.core.sql} c "
        f"WHERE {same(tables.key, 'c', 'k')} AND (c._loaded_at > $behind{moved})",
        {"behind": load.behind},
    ).fetchall()
    return int(found)


def _close(con: DuckDBPyConnection, load: Load, tables: Tables, again: list[str], moment: datetime) -> None:
    here = "entity_set = $entity_set AND account_id = $account_id AND closed_at IS NULL"
    who = {"entity_set": load.entity_set.name, "account_id": load.account_id}
    [(rows,)] = con.execute(f"SELECT count(*) FROM ops.quarantine WHERE {here}", who).fetchall()
    if not rows:
        return
    came = ", ".join(key_text(f"k.{name(column)}", _type(tables, column)) for column in load.entity_set.key)
    con.execute(
        f"UPDATE ops.quarantine SET closed_at = $moment, closed_by = $load WHERE {here} AND ($whole "
        "OR list_contains(CAST($again AS VARCHAR[]), key) "
        "OR list_contains(CAST($settled AS VARCHAR[]), concat(page, '#', position)) "
        f"OR key IN (SELECT concat_ws(',', {came}) FROM {KEYS} k))",
        {
            **who,
            "moment": moment,
            "load": load.load_id,
            "again": again,
            "whole": load.complete and load.mode in {"full", "reconcile"},
            "settled": [f"{page}#{position}" for page, position in load.settles],
        },
    )


def _type(tables: Tables, column: str) -> str:
    return next(item.type for item in tables.core.fields if item.name == column)
