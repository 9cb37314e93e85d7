"""The SQLite database behind the simulated service, written in proportion to what changes.

Here belong collecting changes and writing them together. Not here: the tables (``table.py``), which rows there
are (``simulation/rows.py``) and how they are queried (``query.py``).
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import RLock
from typing import Any

from exepron_pipeline.sandbox.schema import ENTITY_SETS
from exepron_pipeline.sandbox.table import Row, Table


class Store:
    """The tables of a portfolio; changes are collected and written together by ``flush``.

    Readers on other threads hold ``lock`` while they use ``connection``.
    """

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.lock = RLock()
        self._tables = {entity_set.name: Table(entity_set) for entity_set in ENTITY_SETS}
        for table in self._tables.values():
            for statement in table.ddl():
                self.connection.execute(statement)

    def save(self, name: str, row: Row) -> None:
        """Insert or replace the row of an entity set that has the same key."""
        table = self._tables[name]
        key = table.key_of(row)
        table.changes[key] = row
        table.amendments.pop(key, None)

    def amend(self, name: str, row: Row) -> None:
        """Replace the values of the row that has the same key, and leave its stamp where it is."""
        table = self._tables[name]
        table.amendments[table.key_of(row)] = row

    def delete(self, name: str, *key: Any) -> None:
        """Remove the row of an entity set that has this key."""
        self._tables[name].changes[key] = None

    def flush(self) -> None:
        """Write all collected changes in one transaction."""
        with self.lock:
            self.connection.execute("BEGIN")
            for table in self._tables.values():
                table.flush(self.connection)
            self.connection.execute("COMMIT")

    def read(self, name: str, where: str, *values: Any) -> list[dict[str, Any]]:
        """Read rows by wire names with Python values, in storage order.

        Args:
            name: the entity set.
            where: an SQL condition on the table's columns, with ``?`` for each of ``values``.
            values: what the condition compares with.
        """
        table = self._tables[name]
        columns = ", ".join(f'"{field}"' for field in table.entity_set.field_names)
        with self.lock:
            rows = self.connection.execute(
                f'SELECT {columns} FROM "{name}" WHERE {where} ORDER BY rowid', values
            ).fetchall()
        return table.decode(rows)

    def copy_to(self, path: Path, note: bytes) -> None:
        """Write all rows to a file, with a note that ``copy_from`` gives back."""
        with self.lock, closing(sqlite3.connect(path)) as file:
            self.connection.backup(file)
            file.execute("CREATE TABLE _note (note BLOB)")
            file.execute("INSERT INTO _note VALUES (?)", (note,))
            file.commit()

    def copy_from(self, path: Path) -> bytes:
        """Take all rows from a file that ``copy_to`` wrote, and return its note.

        Raises:
            sqlite3.Error: the file is not what ``copy_to`` wrote.
        """
        with self.lock:
            with closing(sqlite3.connect(path)) as file:
                (note,) = file.execute("SELECT note FROM _note").fetchone()
                file.backup(self.connection)
            self.connection.execute("DROP TABLE _note")
        return bytes(note)
