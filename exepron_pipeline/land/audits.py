"""Audits: rules that must hold before commit. A broken one is an error, and nothing is stored.

Here: the rules and their words. Not here: rolling back (``landing.py``).
"""

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land.changes import Counts
from exepron_pipeline.land.load import Load, Rejected
from exepron_pipeline.land.sql import names
from exepron_pipeline.land.tables import Tables

FEW = 5
"""So many rows may always vanish: shares of small tables say little."""

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
    if deleted <= FEW or deleted <= load.max_deleted_share * live_before:
        return
    what = f"{load.entity_set.name}: {deleted} of {live_before} records of account {load.account_id} would be deleted"
    raise AuditError(f"{what}.", hint=_DELETED_HINT.format(load.max_deleted_share))


_DELETED_HINT = (
    "Check in Exepron whether they are really gone, or whether the signed-in user lost a permission. If they "
    "are gone, raise EXEPRON_MAX_DELETED_SHARE (now {:g}; 1 allows everything) for one run; nothing was stored."
)


def check_core(con: DuckDBPyConnection, tables: Tables, live_before: int, counts: Counts) -> None:
    """Refuse a result whose keys are null or not unique, or whose rows do not add up."""
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
    live = live_rows(con, tables)
    if live != live_before + counts.inserted - counts.deleted:
        what = f"core.{tables.core.name} has {live} live rows after landing; before it were {live_before}"
        hint = "The file may be damaged: restore the warehouse from a snapshot."
        raise AuditError(f"{what}, {counts.inserted} came and {counts.deleted} went.", hint=hint)


def live_rows(con: DuckDBPyConnection, tables: Tables, account_id: str | None = None) -> int:
    """Count the rows in ``core`` that are not deleted, of one account or of all."""
    condition = "_deleted_at IS NULL AND ($account IS NULL OR _account_id = $account)"
    sql = f"SELECT count(*) FROM {tables.core.sql} WHERE {condition}"
    [(count,)] = con.execute(sql, {"account": account_id}).fetchall()
    return int(count)
