"""Publishing: the writer's file becomes the analysts' snapshot and Parquet. Here: the steps, in order.

Not here: building the marts (the caller has done so), and how each step is done (the modules beside this
one). Everything is prepared in ``.publishing`` and then put in place by renaming: whatever is killed when,
analysts have the former snapshot or the new one. What a killed publishing left there is dropped by the next.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.errors import WarehouseBusyError, WarehouseError
from exepron_pipeline.land.limits import limits
from exepron_pipeline.land.sql import name, text, transaction
from exepron_pipeline.land.warehouse import Warehouse, wal_of
from exepron_pipeline.publish.exclusions import leave_out
from exepron_pipeline.publish.files import copy_file, flush, make_public, put_in_place, spill_folder
from exepron_pipeline.publish.kept import drop_drafts, keep_snapshot
from exepron_pipeline.publish.parquet import OLD_VERSIONS, keep_version, swap_in, write_version
from exepron_pipeline.publish.tables import list_tables
from exepron_pipeline.settings import Settings

WORK_FOLDER = ".publishing"
_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Published:
    """What analysts have now: the two places, the rows of each table (``core.tasks``), since when (UTC), of which load."""

    snapshot: Path
    parquet: Path
    tables: dict[str, int]
    published_at: datetime
    load_id: str


def publish(
    warehouse: Warehouse, settings: Settings, *, keep: int = 0, old_versions: int = OLD_VERSIONS
) -> Published:
    """Replace the snapshot and the Parquet files by the present state of the warehouse.

    The warehouse is held only while its bytes are copied.

    Args:
        warehouse: The writer's file.
        settings: Where to publish, and what to leave out.
        keep: Keep this snapshot when newer ones are published, and so many in all; 0: this one is not kept, and
            those that are stay.
        old_versions: So many former versions of Parquet stay for readers that are half way through.

    Raises:
        WarehouseBusyError: Another process holds the warehouse, or publishes.
        WarehouseError: Something could not be read or written; analysts keep what they had.

    """
    published_at = datetime.now(UTC)
    snapshot, parquet = settings.snapshot_path, settings.parquet_dir
    with (
        _problems_told(settings.data_dir),
        publishing(settings.state_dir),
        _work_folder(settings.data_dir) as work,
    ):
        drop_drafts(snapshot)
        load_id = _copy(warehouse, work / snapshot.name, published_at)
        if settings.publish_exclude:
            leave_out(work / snapshot.name, load_catalogue(settings.catalogue), settings.publish_exclude)
        make_public(work / snapshot.name)
        with _flushing(work / snapshot.name), _opened(work / snapshot.name) as con:
            tables = _count(con)
            write_version(con, work / parquet.name, parquet if old_versions else None)
        make_public(work / parquet.name)
        flush(work)
        version = f"{published_at:%Y%m%dT%H%M%S.%fZ}_{load_id}"
        keep_version(work / parquet.name, parquet, version)
        put_in_place(work / snapshot.name, snapshot)
        swap_in(parquet, version, keep=old_versions)
        if keep:
            keep_snapshot(snapshot, load_id, keep)
    return Published(snapshot, parquet, tables, published_at, load_id)


@contextmanager
def publishing(state_dir: Path) -> Iterator[None]:
    """Hold the lock of publishing, so that an older snapshot never replaces a newer one."""
    state_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    state_dir.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(state_dir / "publish.lock", timeout=_WAIT_SECONDS, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        hint = "Wait until it has finished, or stop it, then publish again."
        raise WarehouseBusyError("Another process is publishing.", hint=hint) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _problems_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = str(error).partition("\n")[0]
        hint = (
            "Analysts keep what they had. Check free space and permissions there, then run `exepron publish`."
        )
        raise WarehouseError(f"Publishing to {folder} failed: {reason}.", hint=hint) from error


@contextmanager
def _work_folder(data_dir: Path) -> Iterator[Path]:
    """An empty folder on the file system of the published files, gone afterwards."""
    work = data_dir / WORK_FOLDER
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work)


def _copy(warehouse: Warehouse, draft: Path, published_at: datetime) -> str:
    """Copy the writer's file while nobody writes: all of it is in one file then, none in a log beside it.

    It is stamped before: a copy that DuckDB would change had to be on the disk before anything else could be done.
    """
    with warehouse.open("publish") as con:
        load_id = _stamp(con, published_at)
        con.execute("CHECKPOINT")
        log = wal_of(warehouse.path)
        if log.exists() and log.stat().st_size:
            raise WarehouseError(
                f"{log} is not empty after a checkpoint.", hint="Run `exepron publish` again."
            )
        copy_file(warehouse.path, draft)
    return load_id


@contextmanager
def _flushing(draft: Path) -> Iterator[None]:
    """Bring the copy to the disk while Parquet is written."""
    with ThreadPoolExecutor(1, thread_name_prefix="flush") as pool:
        flushed = pool.submit(flush, draft)
        yield
        flushed.result()


@contextmanager
def _opened(draft: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={**limits(), "temp_directory": str(spill_folder())}) as con:
        # Rows have no order, so that both cores may write Parquet.
        con.execute("SET preserve_insertion_order = false")
        con.execute(f"ATTACH {text(str(draft))} AS snapshot (READ_ONLY); USE snapshot; SET TimeZone = 'UTC'")
        yield con


def _stamp(con: duckdb.DuckDBPyConnection, published_at: datetime) -> str:
    """Say since when this is published and of which load, the last one that landed; give that."""
    loads = con.execute(
        "SELECT load_id FROM ops.loads ORDER BY finished_at DESC, load_id DESC LIMIT 1"
    ).fetchall()
    load_id: str = loads[0][0] if loads else "none"
    row = [published_at, load_id, metadata.version("exepron-pipeline")]
    with transaction(con):
        con.execute("DELETE FROM ops.snapshot")
        con.execute("INSERT INTO ops.snapshot (published_at, load_id, package_version) VALUES (?, ?, ?)", row)
    return load_id


def _count(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {}
    for schema, table in list_tables(con):
        [(rows,)] = con.execute(f"SELECT count(*) FROM {name(schema, table)}").fetchall()
        counts[f"{schema}.{table}"] = rows
    return counts
