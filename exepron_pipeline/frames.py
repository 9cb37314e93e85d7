"""The analyst's door: the snapshot's tables as relations, Arrow tables and data frames.

Here: `Tables`, and how to get one. Not here: opening the file (``publish/reader.py``). The only importer
of pandas, and only when a frame is asked for.
"""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.land.sql import name
from exepron_pipeline.publish.reader import Reader, open_snapshot
from exepron_pipeline.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyRelation


class Tables:
    """The published tables, read-only. Make one with `open_tables`; close it, or use it in a ``with`` block.

    Each call reads the newest snapshot; what was handed out before keeps reading its own. Not for several
    threads at once: open one each. ::

        with ep.open() as tables:
            tasks = tables.pandas("core.tasks")
            late = tables.pandas("SELECT * FROM marts.project_status WHERE early_warning_status = 'Red'")
    """

    def __init__(self, path: Path, as_of: datetime | str | None = None) -> None:
        self._path = path
        self._as_of = as_of
        self._reader = self._open()

    def _open(self) -> Reader:
        return open_snapshot(self._path, as_of=self._as_of, sealed=False)

    def _newest(self) -> Reader:
        """Open the file anew when it was replaced; the old connection lives on in relations that use it."""
        if self._reader.is_stale():
            self._reader = self._open()
        return self._reader

    def table(self, table: str) -> "DuckDBPyRelation":
        """Give a table as a DuckDB relation, which reads nothing before it is asked to.

        Args:
            table: Schema and name, such as ``core.tasks``.

        Raises:
            ConfigurationError: There is no such table.
            WarehouseError: The snapshot cannot be read any more.

        """
        reader = self._newest()
        known = reader.tables()
        if table not in known:
            hint = f"There are: {', '.join(known)}."
            raise ConfigurationError(f"There is no table {table!r} in this snapshot.", hint=hint)
        return reader.connection.sql(f"FROM {name(*table.split('.'))}")

    def arrow(self, table: str) -> pa.Table:
        """Give a table, or the rows of a query, as an Arrow table.

        Args:
            table: Schema and name, such as ``core.tasks``; or a SELECT.

        Raises:
            ConfigurationError: There is no such table, or the query cannot be run.
            WarehouseError: The snapshot cannot be read any more.

        """
        if any(character.isspace() for character in table.strip()):
            return self._newest().query(table)
        return self.table(table.strip()).to_arrow_table()

    def pandas(self, table: str) -> "pd.DataFrame":
        """Give a table, or the rows of a query, as a data frame with Arrow's types.

        Whole numbers stay whole beside nulls, decimals stay decimals, instants are in UTC.

        Args:
            table: Schema and name, such as ``core.tasks``; or a SELECT.

        Raises:
            ConfigurationError: There is no such table, or the query cannot be run.
            WarehouseError: The snapshot cannot be read any more.

        """
        import pandas as pd  # noqa: PLC0415 # half a second that only frames are worth

        frame: pd.DataFrame = self.arrow(table).to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def tables(self) -> tuple[str, ...]:
        """Names of all tables, such as ``core.tasks``, in order."""
        return self._newest().tables()

    def close(self) -> None:
        """Let go of the file. Relations that were handed out cannot be read any more."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_tables(path: Path | str | None = None, as_of: datetime | str | None = None) -> Tables:
    """Open the published tables.

    Args:
        path: The snapshot; None: the one that the settings name.
        as_of: A load, or an instant with its zone. Of a load whose snapshot is kept, that is opened; else ``core``
            holds what this warehouse knew then, with the columns of ``history``, and there are no ``marts``.
            None: the present.

    Raises:
        WarehouseError: Nothing was published there yet, or the file cannot be read.
        ConfigurationError: ``as_of`` is no load or carries no zone, or a setting is wrong.

    """
    return Tables(Path(path) if path is not None else load_settings().snapshot_path, as_of)
