"""The ledger: rows in ``ops`` about each load, and the watermark. Not here: the tables (``ops.py``)."""

from datetime import datetime, timedelta

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Landing, Load
from exepron_pipeline.land.sql import NO_DATE, instant, names
from exepron_pipeline.land.staging import KEYS


def next_moment(con: DuckDBPyConnection, load: Load, now: datetime) -> datetime:
    """Give the time of this landing: ``now``, but later than any former landing of this set and account.

    History needs knowledge to move forward, even when the system's clock was put back.
    """
    [(last,)] = con.execute(
        "SELECT epoch_us(max(finished_at)) FROM ops.loads WHERE entity_set = ? AND account_id = ? AND status = 'ok'",
        [load.entity_set.name, load.account_id],
    ).fetchall()
    former = instant(last)
    return now if former is None else max(now, former + timedelta(microseconds=1))


def last_whole(con: DuckDBPyConnection, entity_set: str, account_id: str) -> datetime | None:
    """When a read of everything, or a comparison, of an entity set and account landed last; None before the first."""
    [(us,)] = con.execute(
        "SELECT epoch_us(max(finished_at)) FROM ops.loads "
        "WHERE status = 'ok' AND mode IN ('full', 'reconcile') AND entity_set = ? AND account_id = ?",
        [entity_set, account_id],
    ).fetchall()
    return instant(us)


def read_watermarks(con: DuckDBPyConnection) -> dict[tuple[str, str], datetime]:
    """Read the watermark of each entity set and account: ``{("tasks", "17"): …}``, aware UTC."""
    rows = con.sql("SELECT entity_set, account_id, epoch_us(watermark) FROM ops.watermarks").fetchall()
    return {(entity_set, account): moment for entity_set, account, us in rows if (moment := instant(us))}


def watermark_after(con: DuckDBPyConnection, load: Load) -> datetime | None:
    """Give the watermark that this load leaves: the greatest cursor that landed, never less than the former.

    A read from a later instant on than the former watermark leaves it where it was: what lies between was not read.
    Single records that were asked for by their keys tell nothing of what lies before them. The calendar's last day
    means *no date*: as a watermark it would end all reading.
    """
    former = read_watermarks(con).get((load.entity_set.name, load.account_id))
    began_later = load.lower is not None and (former is None or former < load.lower)
    if load.cursor is None or load.behind or load.single or (load.mode == "incremental" and began_later):
        return former
    [(newest,)] = con.execute(
        f"SELECT epoch_us(max(_cursor)) FROM {KEYS} WHERE _cursor < {NO_DATE}"
    ).fetchall()
    return max(filter(None, [former, instant(newest)]), default=None)


def record(con: DuckDBPyConnection, load: Load, landing: Landing, moment: datetime) -> None:
    """Write what the load did into ``ops``, and move its watermark."""
    who = {"load_id": load.load_id, "entity_set": load.entity_set.name, "account_id": load.account_id}
    _insert(con, "loads", {**who, **_outcome(load, landing, moment)})
    counts = {
        "source_count": load.source_count,
        "fetched": load.fetched,
        "distinct_keys": landing.distinct_keys,
    }
    after = {"live_rows": landing.live_rows, "evidence": load.evidence, "counted_at": moment}
    _insert(con, "counts", {**who, **counts, **after})
    _insert(con, "requests", {**who, "requests": load.requests, "pages": load.pages, "finished_at": moment})
    if landing.watermark_after:
        _move_watermark(con, load, landing.watermark_after, moment)


def _outcome(load: Load, landing: Landing, moment: datetime) -> dict[str, object]:
    return {
        "mode": "replay" if load.behind else "by_key" if load.single else load.mode,
        "status": "ok",
        "started_at": load.started_at,
        "finished_at": moment,
        "seconds": load.seconds,
        "requests": load.requests,
        "pages": load.pages,
        "fetched": load.fetched,
        "inserted": landing.inserted,
        "updated": landing.updated,
        "unchanged": landing.unchanged,
        "deleted": landing.deleted,
        "quarantined": landing.quarantined,
        "evidence": load.evidence,
        "complete": load.complete,
        "source_count": load.source_count,
        "watermark_before": load.watermark_before,
        "watermark_after": landing.watermark_after,
    }


def _move_watermark(con: DuckDBPyConnection, load: Load, watermark: datetime, moment: datetime) -> None:
    where = {"entity_set": load.entity_set.name, "account_id": load.account_id}
    con.execute(
        "DELETE FROM ops.watermarks WHERE entity_set = $entity_set AND account_id = $account_id", where
    )
    text = watermark.isoformat(timespec="microseconds").replace("+00:00", "Z")
    moved = {"watermark": watermark, "watermark_text": text, "load_id": load.load_id, "moved_at": moment}
    _insert(con, "watermarks", {**where, **moved})


def _insert(con: DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    values = ", ".join(f"${column}" for column in row)
    con.execute(f"INSERT INTO ops.{table} ({names(row)}) VALUES ({values})", row)
