"""The one way to open the snapshot for reading. Here: opening, asking, noticing a newer one.

Not here: writing it (``snapshot.py``) and data frames (``frames.py``).

DuckDB keeps one instance per path in a process: whoever connects to a path again while an older
connection lives is given the *old* file, even after it was replaced. Each reader is therefore an
instance of its own, in memory, with the file attached read-only.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import duckdb

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.land.sql import text
from exepron_pipeline.publish.files import spill_folder
from exepron_pipeline.publish.kept import list_kept
from exepron_pipeline.publish.past import instant_of, show_past
from exepron_pipeline.publish.tables import list_tables

if TYPE_CHECKING:
    import pyarrow as pa

CATALOG = "exepron"
_READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.MULTI,  # PIVOT without IN
}
_T = TypeVar("_T")
_FileId = tuple[int, int, int]


class Reader:
    """A snapshot, open for reading. Make one with `open_snapshot`; close it, or use it in a ``with`` block.

    It goes on reading the file that it opened when a newer one is published; `is_stale` tells so. Not
    for several threads at once: open one each.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, opened: _FileId) -> None:
        self.path = path
        self.connection = connection
        self._opened = opened

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> "pa.Table":
        """Run one statement that only reads, and give its rows; pyarrow is loaded for it.

        Args:
            sql: A SELECT (WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE) or EXPLAIN.
            parameters: Values for the statement's ``?``.

        Raises:
            ConfigurationError: It is no SQL, more than one statement, would write, or names what does not exist.

        """
        return self._ask(sql, parameters, lambda found: found.to_arrow_table())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The same for a few rows by column, without instants: quick to start with.

        Raises:
            ConfigurationError: As `query` tells.

        """

        def fetched(found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

        return self._ask(sql, (), fetched)

    def _ask(self, sql: str, parameters: Sequence[Any], fetch: Callable[[duckdb.DuckDBPyRelation], _T]) -> _T:
        try:
            _refuse_writing(self.connection.extract_statements(sql))
            return fetch(self.connection.sql(sql, params=list(parameters) or None))
        except duckdb.IOException as error:
            raise _unreadable(self.path, error) from error
        except duckdb.Error as error:
            hint = "`exepron query 'SHOW ALL TABLES'` lists the tables and their columns."
            raise ConfigurationError(f"The query cannot be run: {error}.", hint=hint) from error

    def tables(self) -> tuple[str, ...]:
        """Names of all tables and views, such as ``core.tasks``, in order."""
        return tuple(f"{schema}.{table}" for schema, table in list_tables(self.connection))

    def is_stale(self) -> bool:
        """True when the file at ``path`` is no longer the one that is open."""
        return _file_id(self.path) != self._opened

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_snapshot(path: Path, *, as_of: datetime | str | None = None, sealed: bool = True) -> Reader:
    """Open the snapshot at ``path`` read-only; no lock of the writer is touched.

    Args:
        path: The published file, usually `Settings.snapshot_path`.
        as_of: A load, or an instant with its zone. Of a load whose snapshot is kept, that is opened; else ``core``
            holds what this warehouse knew when the load had landed, or at the instant, and there are no ``marts``.
            None: the present.
        sealed: No statement may reach any other file, nor the network.

    Raises:
        WarehouseError: Nothing was published there yet, or the file cannot be read.
        ConfigurationError: ``as_of`` is no load, or carries no zone.

    """
    if isinstance(as_of, str) and as_of in (kept := list_kept(path)):
        return open_snapshot(kept[as_of], sealed=sealed)
    opened = _file_id(path)
    if opened is None:
        hint = "Run `make run`, or `exepron sync` and then `exepron publish`."
        raise WarehouseError(f"There is no snapshot at {path}: nothing was published yet.", hint=hint)
    connection = duckdb.connect(config={"temp_directory": str(spill_folder())})
    try:
        connection.execute(
            f"ATTACH {text(str(path))} AS {CATALOG} (READ_ONLY); USE {CATALOG}; SET TimeZone = 'UTC'"
        )
        if as_of is not None and (at := instant_of(connection, as_of)):
            show_past(connection, CATALOG, at)
        if sealed:
            connection.execute("SET enable_external_access = false")
    except duckdb.Error as error:
        connection.close()
        raise _unreadable(path, error) from error
    except BaseException:
        connection.close()
        raise
    return Reader(path, connection, opened)


def _file_id(path: Path) -> _FileId | None:
    """What tells one published file from the next; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = "Check the path and who may read it."
        raise WarehouseError(f"{path} cannot be read: {error.strerror}.", hint=hint) from error
    return (found.st_dev, found.st_ino, found.st_mtime_ns)


def _refuse_writing(statements: list[duckdb.Statement]) -> None:
    if len(statements) != 1:
        raise ConfigurationError(f"The query holds {len(statements)} statements.", hint="Give exactly one.")
    if statements[0].type not in _READING:
        kind = statements[0].type.name
        hint = "Ask with SELECT, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN."
        raise ConfigurationError(f"The snapshot is for reading only: {kind} is refused.", hint=hint)


def _unreadable(path: Path, error: duckdb.Error) -> WarehouseError:
    hint = "If it is damaged, `exepron publish` writes it anew."
    return WarehouseError(f"The snapshot {path} cannot be read: {error}.", hint=hint)
