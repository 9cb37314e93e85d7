"""The one transaction that lands a load. Read this first.

Rows, nested lists, history, tombstones, counts, rejects and the watermark are committed together or not
at all: whatever is killed when, the tables are as before or as after. Landing the same again changes
nothing, so a load that may have landed is simply landed again.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land import audits, ledger
from exepron_pipeline.land.accept import accept
from exepron_pipeline.land.changes import drop_changes, list_changes
from exepron_pipeline.land.complete import complete
from exepron_pipeline.land.drift import check_frozen, note_unknown
from exepron_pipeline.land.history import write_history
from exepron_pipeline.land.load import Landing, Load
from exepron_pipeline.land.merge import write_core
from exepron_pipeline.land.quarantine import distinct, drop_superseded, enter
from exepron_pipeline.land.readers import keep_reader, read_reader
from exepron_pipeline.land.rehash import rehash
from exepron_pipeline.land.scope import adopt_scope, scope_of
from exepron_pipeline.land.sql import transaction
from exepron_pipeline.land.staging import incoming, keyless, stage, unstage
from exepron_pipeline.land.tables import create_tables
from exepron_pipeline.land.tombstones import find_gone


def _utc_now() -> datetime:
    return datetime.now(UTC)


def land(con: DuckDBPyConnection, load: Load, *, clock: Callable[[], datetime] = _utc_now) -> Landing:
    """Land a load in one transaction.

    Args:
        con: The warehouse, from `Warehouse.open`, with no transaction open.
        load: What was read.
        clock: Gives the time of landing; aware.

    Raises:
        AuditError: A check before commit failed.
        ContractError: A page or a column contradicts the contract.

    Any error leaves everything as it was.

    """
    check_frozen(load)
    tables = load.describe_tables()
    with incoming(con, load, tables), transaction(con):
        moment = ledger.next_moment(con, load, clock())
        changed = create_tables(con, tables, load_id=load.load_id, moment=moment)
        accepted = accept(con, load, tables, moment)
        if changed or accepted:
            rehash(con, tables)
        live_before, live_of_account = audits.live_rows(con, tables, load.account_id)
        audits.check_collapse(load, live_of_account)
        stage(con, load, tables)
        superseded = drop_superseded(con, load, tables)
        complete(con, tables)
        rejects = [*load.rejects, *keyless(con, load, tables)]
        audits.check_rejected_share(load, rejects)
        rejects = distinct(rejects)
        scope = scope_of(con, load)
        notes = (*find_gone(con, load, tables, scope), *note_unknown(con, load, moment), *accepted)
        counts = list_changes(con, load, tables)
        audits.check_deleted_share(load, live_of_account, counts.deleted)
        former = read_reader(con, load.entity_set.name, load.account_id)
        audits.check_reader(load, former, counts.deleted)
        live_after = live_of_account
        if counts.any:
            write_history(con, load, tables, moment)
            write_core(con, load, tables, moment)
            live_after = audits.check_core(con, load, tables, live_before, counts)
        audits.check_filled(con, load, tables)
        if load.scope != scope.filter and load.mode != "incremental":
            adopt_scope(con, load, tables, moment)
        if load.reader and (former is None or load.mode == "reconcile") and load.reader != former:
            keep_reader(con, load.reader, load.entity_set.name, load.account_id, load_id=load.load_id)
        landing = Landing(
            inserted=counts.inserted,
            updated=counts.updated,
            unchanged=counts.unchanged,
            deleted=counts.deleted,
            quarantined=len(rejects),
            watermark_after=ledger.watermark_after(con, load),
            live_rows=live_after,
            notes=notes,
            superseded=superseded,
        )
        enter(con, load, tables, rejects, moment)
        ledger.record(con, load, landing, moment)
        drop_changes(con)
        unstage(con, load, tables)
    return landing
