"""Restoring: a snapshot or a Parquet folder becomes the writer's file again. Here: the steps, in order.

Not here: reading Parquet (``parquet_source.py``). The new file is made beside the old one and put in its place
at the end: whatever is killed when, there is the old warehouse or the new one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.land.attach import attach
from exepron_pipeline.land.complete import LEFT_OUT
from exepron_pipeline.land.migrate import migrate
from exepron_pipeline.land.source import SourceStamp, refuse_other_source
from exepron_pipeline.land.sql import text
from exepron_pipeline.land.warehouse import Warehouse, version_of
from exepron_pipeline.publish.forget.again import forget_again
from exepron_pipeline.publish.parquet_source import copy_parquet
from exepron_pipeline.publish.replace import replace, set_aside
from exepron_pipeline.publish.rewrite import copy_database
from exepron_pipeline.settings import Settings


@dataclass(frozen=True)
class Restored:
    """What the warehouse holds now.

    ``load_id`` is the last load in it, ``landed_at`` when that landed (UTC), ``rows`` those of ``core``.
    ``reread`` are the entity sets that are read whole next, as columns of theirs were left out. ``aside`` is
    where the former file is, if there was one.
    """

    load_id: str | None
    landed_at: str | None
    rows: int
    reread: tuple[str, ...]
    aside: Path | None


def restore(warehouse: Warehouse, settings: Settings, source: Path, *, force: bool = False) -> Restored:
    """Rebuild the writer's file from what was published; nobody is asked for anything.

    Args:
        warehouse: The writer's file; a damaged one is put aside.
        settings: Which source it is for, where they say so.
        source: A snapshot, published or kept, or a folder of Parquet.
        force: Put a good warehouse aside too.

    Raises:
        ConfigurationError: There is a good warehouse, ``source`` is not there or of another source.
        WarehouseBusyError: Another process holds the warehouse.
        WarehouseError: ``source`` is damaged, incomplete, or of a newer program; or the disk does not take it.

    """
    if not source.exists():
        hint = "Name a snapshot (exepron.duckdb, snapshots/LOAD.duckdb) or a folder parquet."
        raise ConfigurationError(f"There is nothing at {source}.", hint=hint)
    with warehouse.held("restore"), _problems_told(source, warehouse.path):
        there = warehouse.exists and warehouse.settle()
        if there and not force:
            hint = "Nothing is to restore. To go back to that copy all the same: exepron restore --force FROM; this file is put aside then."
            raise ConfigurationError(f"{warehouse.path} is a good warehouse.", hint=hint)
        (copy_parquet if source.is_dir() else copy_database)(source, warehouse.draft)
        stamps = [*_wanted(settings), *(_stamps_of(warehouse.path) if there else ())]
        found = _settle(warehouse.draft, source, stamps)
        forget_again(warehouse.draft, settings)
        aside = None
        if warehouse.exists:
            aside = set_aside(warehouse.path, f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        replace(warehouse)
    return Restored(*found, aside)


def _wanted(settings: Settings) -> list[SourceStamp]:
    """The sources that the settings name; none where nothing is set up: the next sync compares them then."""
    try:
        places = settings.connections()
    except ConfigurationError:
        return []
    return [
        SourceStamp(each.identity_url, each.api_url, tuple(map(str, each.account_ids))) for each in places
    ]


def _stamps_of(path: Path) -> list[SourceStamp]:
    """What a warehouse is stamped with."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH {text(str(path))} AS former (READ_ONLY); USE former")
        rows = con.execute("SELECT issuer, api_url, account_id FROM ops.source").fetchall()
    return [SourceStamp(issuer, api_url, (account,) if account else ()) for issuer, api_url, account in rows]


def _settle(
    draft: Path, source: Path, stamps: Sequence[SourceStamp]
) -> tuple[str | None, str | None, int, tuple[str, ...]]:
    """Turn a copy of what was published into what the writer goes on with, and tell what it holds."""
    with duckdb.connect() as con:
        con.execute(f"{attach(draft, 'warehouse')}; USE warehouse; SET TimeZone = 'UTC'")
        migrate(con, version_of(con, source))
        refuse_other_source(con, stamps)
        reread = _forget_watermarks(con)
        last = "SELECT load_id, finished_at::VARCHAR FROM ops.loads ORDER BY finished_at DESC, load_id DESC LIMIT 1"
        loads = con.execute(last).fetchall() or [(None, None)]
        sizes = "SELECT sum(estimated_size)::BIGINT FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'core'"
        [(rows,)] = con.execute(sizes).fetchall()
        con.execute("CHECKPOINT; USE memory; DETACH warehouse")
    return (*loads[0], rows or 0, reread)


def _forget_watermarks(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Let entity sets of which columns were left out be read whole next; give their names."""
    lacking = (
        f"SELECT DISTINCT split_part(table_name, '__', 1) FROM ops.schema_changes WHERE change = '{LEFT_OUT}'"
    )
    found = con.execute(f"{lacking} ORDER BY ALL").fetchall()
    con.execute(f"DELETE FROM ops.watermarks WHERE entity_set IN ({lacking})")
    return tuple(name for (name,) in found)


@contextmanager
def _problems_told(source: Path, path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        hint = "Try another copy: snapshots/, parquet/, or a backup. The warehouse is as it was."
        raise WarehouseError(f"{source} cannot be restored: {reason}.", hint=hint) from error
    except OSError as error:
        hint = "Check free space and permissions there; the warehouse is as it was."
        raise WarehouseError(f"{path} cannot be replaced: {error.strerror}.", hint=hint) from error
