"""The writer's own database file: made, opened under the lock, closed. Nobody else opens it.

Here: the file, its folder, its settings, and what is wrong when it cannot be used. Not here: the tables
of entity sets (``tables.py``) and what is written into them (``landing.py``).
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ExepronError, WarehouseBusyError, WarehouseError
from exepron_pipeline.land import ddl, ops
from exepron_pipeline.land.attach import attach
from exepron_pipeline.land.fingerprint import PROBE
from exepron_pipeline.land.limits import limits
from exepron_pipeline.land.lock import Holder, WarehouseLock
from exepron_pipeline.land.migrate import VERSION, migrate

_PAUSE = 0.1  # seconds between two attempts at a file that is held

SCHEMAS = ("core", "history", "marts", "ops")


class Warehouse:
    """The writer's file.

    Args:
        path: The file; made with its folder when it is first opened.
        state_dir: Folder of the lock and of DuckDB's temporary files.
        wait_seconds: How long `open` waits while another process holds the warehouse.
        memory_limit: DuckDB's, such as ``160MB``, beyond which temporary files are used; None: see `limits`.

    """

    def __init__(
        self, path: Path, state_dir: Path, *, wait_seconds: float = 10, memory_limit: str | None = None
    ) -> None:
        self.path = path
        self.state_dir = state_dir
        self._memory_limit = memory_limit
        self._wait_seconds = wait_seconds
        self._lock = WarehouseLock(state_dir, wait_seconds)
        self._duckdb: DuckDBPyConnection | None = None
        self._kept: tuple[ExitStack, DuckDBPyConnection] | None = None

    @property
    def exists(self) -> bool:
        """True when the file is there."""
        return self.path.exists()

    def holder(self) -> Holder | None:
        """Tell which process holds the warehouse right now; None when nobody does."""
        return self._lock.holder()

    @contextmanager
    def open(self, why: str, *, keep: Callable[[], bool] | None = None) -> Iterator[DuckDBPyConnection]:
        """Hold the warehouse and connect to it; make it when it is not there.

        Open it late and briefly: everybody else waits. It cannot be opened a second time inside.

        Args:
            why: The verb that others read while they wait, such as ``sync``.
            keep: Asked at the end: True leaves it open, for whoever opens it next at once, or until `let_go`.

        Raises:
            WarehouseBusyError: Another process holds it.
            WarehouseError: The folder or the file cannot be used.

        """
        stack, con = self._kept or self._taken(why)
        self._kept = None
        with stack:
            yield con
            if keep and keep():
                self._kept = stack.pop_all(), con

    def _taken(self, why: str) -> tuple[ExitStack, DuckDBPyConnection]:
        with ExitStack() as stack:
            stack.enter_context(self.held(why))
            if not self.exists:
                _create(self.path, self.draft)
            con = stack.enter_context(self._attached())
            migrate(con, version_of(con, self.path))
            return stack.pop_all(), con

    def let_go(self) -> None:
        """Close what was left open: to be called before waiting for anything."""
        if self._kept:
            stack, self._kept = self._kept[0], None
            stack.close()

    @contextmanager
    def held(self, why: str) -> Iterator[None]:
        """Hold the warehouse without opening it, to put another file into its place.

        Raises:
            WarehouseBusyError: Another process holds it.
            WarehouseError: The folder cannot be used.

        """
        self._make_folders()
        with self._lock.held(why), _problems_told(self.path):
            self._drop_draft()
            try:
                yield
            finally:
                self._drop_draft()

    def _drop_draft(self) -> None:
        for remains in self.path.parent.glob(f"{self.draft.name}*"):
            remains.unlink()

    @property
    def draft(self) -> Path:
        """Where a new file is made before it takes its place; what a killed process left there is dropped."""
        return self.path.with_name(f".{self.path.name}.new")

    @property
    def spill(self) -> Path:
        """The folder where DuckDB puts what does not fit into memory."""
        return self.state_dir / "duckdb.tmp"

    def settle(self) -> bool:
        """Write everything into the one file, while the warehouse is held; False when the file is damaged.

        Raises:
            WarehouseBusyError: A program that is not ours has it open.
            WarehouseError: It cannot be used, or a newer program made it.

        """
        try:
            with self._attached() as con:
                version_of(con, self.path)
                con.execute("CHECKPOINT")
        except duckdb.Error as error:
            if _CORRUPT.search(str(error)):
                return False
            raise
        return True

    @contextmanager
    def _attached(self) -> Iterator[DuckDBPyConnection]:
        """Attach the file to a DuckDB that this object keeps: to start one takes ten times as long.

        After a failure it is given up: DuckDB may refuse further work, and some failures let a file go only then.
        """
        duckdb_ = self._duckdb = self._duckdb or self._start()
        self._attach(duckdb_)
        try:
            with duckdb_.cursor() as con:
                con.execute("USE warehouse; SET TimeZone = 'UTC'")
                yield con
            duckdb_.execute("DETACH warehouse")
        except BaseException:
            duckdb_.close()
            self._duckdb = None
            raise

    def _attach(self, duckdb_: DuckDBPyConnection) -> None:
        """Attach the file; wait for a program that has opened it without our lock."""
        end = time.monotonic() + self._wait_seconds
        while True:
            try:
                duckdb_.execute(attach(self.path, "warehouse"))
            except duckdb.IOException as error:
                if not _LOCKED.search(str(error)) or time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _start(self) -> DuckDBPyConnection:
        # Tables have no order: where DuckDB need not keep one, all cores write, and fewer rows wait in memory.
        ordered = {"preserve_insertion_order": False}
        return duckdb.connect(
            config={**limits(self._memory_limit), "temp_directory": str(self.spill), **ordered}
        )

    def _make_folders(self) -> None:
        try:
            for folder in (self.path.parent, self.state_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.state_dir / "warehouse.lock").touch(mode=0o600)
        except OSError as error:
            raise _unusable(self.path, str(error.strerror)) from error


def wal_of(path: Path) -> Path:
    """The file beside a database in which DuckDB writes what is not in it yet."""
    return path.with_name(f"{path.name}.wal")


def _create(path: Path, new: Path) -> None:
    """Make the file beside its place and move it there: a half-made one is never seen."""
    with duckdb.connect() as con:
        con.execute(attach(new, "warehouse", new=True))
        con.execute("USE warehouse; SET TimeZone = 'UTC'; BEGIN")
        _create_tables(con, datetime.now(UTC))
        con.execute("COMMIT; USE memory; DETACH warehouse")
    new.chmod(0o600)
    new.replace(path)


def _create_tables(con: DuckDBPyConnection, moment: datetime) -> None:
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA {schema}")
    ddl.ensure(con, ops.TABLES, load_id="", moment=moment)
    con.execute(f"INSERT INTO ops.meta SELECT ?, ?, {PROBE}", [VERSION, moment])


def version_of(con: DuckDBPyConnection, path: Path) -> int:
    """The version of the tables of ours in the current database, which is the file ``path``.

    Raises:
        WarehouseError: It is no file of ours, or a newer program made it.

    """
    try:
        [(version,)] = con.sql("SELECT version FROM ops.meta").fetchall()
    except (duckdb.CatalogException, ValueError):
        hint = "Set EXEPRON_DATA_DIR to another folder, or move this file aside."
        raise WarehouseError(f"{path} is a DuckDB file, but not a warehouse of ours.", hint=hint) from None
    if version > VERSION:
        hint = "Install the newest exepron-pipeline."
        what = f"{path} was made by a newer program (tables of version {version}, this one knows {VERSION})"
        raise WarehouseError(f"{what}.", hint=hint)
    return int(version)


@contextmanager
def _problems_told(path: Path) -> Iterator[None]:
    """Turn what DuckDB and the system say about the file into an error of ours."""
    try:
        yield
    except duckdb.Error as error:
        told = _told(error, path)
        if told is None:
            raise
        raise told from error


_OF_THE_FILE = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.InternalException,
)
_DISK_FULL = re.compile(r"no space left|could not write|file too large|quota", re.IGNORECASE)
_CORRUPT = re.compile(r"not a valid DuckDB|corrupt|checksum|database has been invalidated", re.IGNORECASE)
_LOCKED = re.compile(r"could not set lock.*?PID (\d+)", re.IGNORECASE | re.DOTALL)


def _told(error: duckdb.Error, path: Path) -> ExepronError | None:
    """Tell what is wrong with the file; None when the error is about a statement."""
    words = str(error)
    is_commit = isinstance(error, duckdb.TransactionException) and _DISK_FULL.search(words)
    if not isinstance(error, _OF_THE_FILE) and type(error) is not duckdb.Error and not is_commit:
        return None
    if held := _LOCKED.search(words):
        hint = f"Close {path.name} there: analysts open exepron.duckdb, the snapshot beside it."
        return WarehouseBusyError(f"{path} is opened by process {held[1]}.", hint=hint)
    if _DISK_FULL.search(words):
        hint = "Free some space, then run again."
        return WarehouseError(
            f"{path} could not be written: the disk is full or a limit is reached.", hint=hint
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        hint = "Free some memory, or some space for temporary files, then run again."
        return WarehouseError(f"{path}: there is not enough memory for this load.", hint=hint)
    if _CORRUPT.search(words):
        hint = "Move it aside; then `exepron restore` a snapshot, or sync again from the start."
        return WarehouseError(f"{path} is damaged or is no DuckDB file.", hint=hint)
    return _unusable(path, words.splitlines()[0])


def _unusable(path: Path, reason: str) -> WarehouseError:
    hint = "Check that the folder exists and is yours, or set EXEPRON_DATA_DIR to another one."
    return WarehouseError(f"{path} cannot be used: {reason}.", hint=hint)
