"""Audits: rules that must hold before commit. A broken one is an error, and nothing is stored.

Here: the rules and their words. Not here: rolling back (``landing.py``).
"""

from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land.changes import Counts
from exepron_pipeline.land.load import Load, Rejected
from exepron_pipeline.land.readers import Reader
from exepron_pipeline.land.sql import instant, names
from exepron_pipeline.land.tables import Tables

FEW = 5
"""So many rows may always vanish, unless they are half of them: shares of small tables say little."""

TINY = 4
"""Of fewer rows any may vanish."""

_SHOWN = 3


def check_rejected_share(load: Load, rejects: list[Rejected]) -> None:
    """Refuse a load of which too many records were rejected."""
    if len(rejects) <= load.max_rejected_share * max(load.fetched, 1):
        return
    examples = "; ".join(f"{reject.key or 'no key'}: {reject.reason}" for reject in rejects[:_SHOWN])
    what = f"{load.entity_set.name}: {len(rejects)} of {load.fetched} records were rejected ({examples})"
    hint = (
        "Correct the catalogue where it is wrong about them, or raise EXEPRON_MAX_REJECTED_SHARE "
        f"(now {load.max_rejected_share:g}); nothing was stored."
    )
    raise AuditError(f"{what}.", hint=hint)


def check_collapse(load: Load, live_before: int) -> None:
    """Refuse a full read that brings nothing where many rows live."""
    if load.mode == "incremental" or load.fetched or live_before <= FEW or load.max_deleted_share == 1:
        return
    what = f"{load.entity_set.name}: the service lists no record for account {load.account_id}, and {live_before} live"
    raise AuditError(f"{what} in the warehouse.", hint=_DELETED_HINT.format(load.max_deleted_share))


def check_deleted_share(load: Load, live_before: int, deleted: int) -> None:
    """Refuse a reconcile that finds too many of an account's records to be gone."""
    are_few = deleted <= FEW and (live_before < TINY or 2 * deleted < live_before)
    if are_few or deleted <= load.max_deleted_share * live_before:
        return
    what = f"{load.entity_set.name}: {deleted} of {live_before} records of account {load.account_id} would be deleted"
    raise AuditError(f"{what}.", hint=_DELETED_HINT.format(load.max_deleted_share))


def check_reader(load: Load, former: Reader | None, deleted: int) -> None:
    """Refuse deletions that another user found, or the same one in another role, than compared last."""
    if not deleted or not load.reader or not former or load.max_deleted_share == 1:
        return
    changes = load.reader.changes(former)
    if changes:
        what = f"{load.entity_set.name}: {deleted} records of account {load.account_id} would be deleted"
        why = f"{what}, but since they were last compared {' and '.join(changes)}"
        raise AuditError(f"{why}.", hint=_DELETED_HINT.format(load.max_deleted_share))


def check_filled(con: DuckDBPyConnection, load: Load, tables: Tables) -> None:
    """Refuse a comparison after which a column is null in every row that was filled when they were last compared."""
    if load.mode != "reconcile" or load.max_deleted_share == 1:
        return
    live = f"{tables.core.sql} WHERE _deleted_at IS NULL AND _account_id = $account"
    asked = [column.name for column in tables.columns if load.asked is None or column.name in load.asked]
    rows, counts = _filled(con, live, asked, {"account": load.account_id})
    empty = [column for column, count in counts.items() if not count] if rows else []
    moment = _last_compared(con, load) if empty else None
    if moment is None:
        return
    former = (
        f"{tables.history.sql} h WHERE _op <> 'delete' AND _valid_to IS NULL AND _account_id = $account "
        "AND _known_from <= $moment AND (_known_to IS NULL OR _known_to > $moment)"
    )
    _, then = _filled(con, former, empty, {"account": load.account_id, "moment": moment})
    for column, count in then.items():
        if count > FEW:
            what = (
                f"{load.entity_set.name}: {column} is null in all {rows} records of account {load.account_id}"
            )
            raise AuditError(
                f"{what}; when they were last compared, {count} had a value.",
                hint=_DELETED_HINT.format(load.max_deleted_share),
            )


def _filled(
    con: DuckDBPyConnection, rows: str, columns: list[str], values: dict[str, object]
) -> tuple[int, dict[str, int]]:
    """Count rows, and of each column those that have a value."""
    counts = "".join(f", count({names([column])})" for column in columns)
    [(number, *found)] = con.execute(f"SELECT count(*){counts} FROM {rows}", values).fetchall()
    return number, dict(zip(columns, found, strict=True))


def _last_compared(con: DuckDBPyConnection, load: Load) -> datetime | None:
    """When the last reconcile of the set and account landed, else their first load; None before that."""
    [(us,)] = con.execute(
        "SELECT epoch_us(coalesce(max(finished_at) FILTER (mode = 'reconcile'), min(finished_at))) FROM ops.loads "
        "WHERE status = 'ok' AND entity_set = ? AND account_id = ?",
        [load.entity_set.name, load.account_id],
    ).fetchall()
    return instant(us)


_DELETED_HINT = (
    "Check in Exepron whether they are really gone, or whether the signed-in user lost a permission. If they "
    "are gone, set EXEPRON_MAX_DELETED_SHARE=1 for one reconcile (now {:g}; 1 allows everything); nothing was stored."
)


def check_core(con: DuckDBPyConnection, load: Load, tables: Tables, live_before: int, counts: Counts) -> int:
    """Refuse a result whose keys are null or not unique, or whose rows do not add up; count the account's live rows."""
    key = names(tables.key)
    doubles = con.execute(
        f"SELECT {key} FROM {tables.core.sql} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    nulls = " OR ".join(f"{names([column])} IS NULL" for column in tables.key)
    [(keyless,)] = con.execute(f"SELECT count(*) FROM {tables.core.sql} WHERE {nulls}").fetchall()
    if doubles or keyless:
        what = f"core.{tables.core.name}: the key {', '.join(tables.key)} is {'not unique' if doubles else 'null'}"
        raise AuditError(
            f"{what}.", hint="Restore the warehouse from a snapshot, or correct the key in the catalogue."
        )
    live, of_account = live_rows(con, tables, load.account_id)
    if live != live_before + counts.inserted - counts.deleted:
        what = f"core.{tables.core.name} has {live} live rows after landing; before it were {live_before}"
        hint = "The file may be damaged: restore the warehouse from a snapshot."
        raise AuditError(f"{what}, {counts.inserted} came and {counts.deleted} went.", hint=hint)
    return of_account


def live_rows(con: DuckDBPyConnection, tables: Tables, account_id: str) -> tuple[int, int]:
    """Count the rows in ``core`` that are not deleted: of all accounts, and of one."""
    counts = "count(*), count(*) FILTER (_account_id = $account)"
    sql = f"SELECT {counts} FROM {tables.core.sql} WHERE _deleted_at IS NULL"
    [(all_, own)] = con.execute(sql, {"account": account_id}).fetchall()
    return all_, own
