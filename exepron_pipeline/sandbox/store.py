"""The SQLite tables behind the simulated service, written in proportion to what changes.

Here belong the tables, the storage form of each kind of value, and the rule that a row which did not
change keeps its modification stamp. Not here: which rows there are (``simulation/rows.py``) and how they are
queried (``query.py``).

Storage: ``int`` INTEGER, ``bool`` 0/1, ``float`` REAL, ``decimal`` TEXT with two digits, ``date`` TEXT
``YYYY-MM-DD``, ``stamp`` TEXT ``YYYY-MM-DDTHH:MM:SS.mmm`` in UTC (fixed width: text order is time order),
``list`` TEXT (JSON). ``_account``, ``_project`` and ``_task`` say below which path a row is served.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from threading import RLock
from typing import Any

from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS, EntitySet, Kind

Row = Mapping[str, Any]
"""Values by wire name (and the three scope columns), as Python sees them."""

_SCOPE = ("_account", "_project", "_task")
_STAMP = ("lastModifiedOn", "lastModifiedByUserID")

_COLUMN_TYPES: dict[Kind, str] = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL"}

_ENCODE: dict[Kind, Callable[[Any], Any]] = {
    "bool": int,
    "float": float,
    "decimal": "{:.2f}".format,
    "date": date.isoformat,
    "stamp": lambda value: value.isoformat(timespec="milliseconds")[:23],
    "list": lambda value: json.dumps(value, ensure_ascii=False),
}

_DECODE: dict[Kind, Callable[[Any], Any]] = {
    "bool": bool,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "stamp": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "list": json.loads,
}


def _as_it_is(value: Any) -> Any:
    return value


class _Table:
    """One entity set's table: its statements, and the changes that wait for the next flush."""

    def __init__(self, entity_set: EntitySet) -> None:
        self.entity_set = entity_set
        self.columns = (*entity_set.field_names, *_SCOPE)
        self.pick = itemgetter(*self.columns)
        self.pick_key = itemgetter(*entity_set.key)
        kinds = [field.kind for field in entity_set.fields]
        self.encoders = [(place, _ENCODE[kind]) for place, kind in enumerate(kinds) if kind in _ENCODE]
        self.changes: dict[tuple[Any, ...], Row | None] = {}
        self.upsert = self._upsert()
        keys = " AND ".join(f'"{name}" = ?' for name in entity_set.key)
        self.delete = f'DELETE FROM "{entity_set.name}" WHERE {keys}'

    def ddl(self) -> list[str]:
        """Return the statements that create the table and its indexes."""
        name, key = self.entity_set.name, self.entity_set.key
        kinds = {field.name: field.kind for field in self.entity_set.fields}
        columns = [
            f'"{column}" {_COLUMN_TYPES.get(kinds.get(column, "int"), "TEXT")}' for column in self.columns
        ]
        key_list = ", ".join(f'"{column}"' for column in key)
        table = f'CREATE TABLE "{name}" ({", ".join(columns)}, PRIMARY KEY ({key_list}))'
        indexed: list[str] = [column for column in ("lastModifiedOn", "taskManagerId") if column in kinds]
        if "{p}" in self.entity_set.paths[0]:
            indexed.append("_project")
        return [table, *(f'CREATE INDEX "{name}_{column}" ON "{name}" ("{column}")' for column in indexed)]

    def _upsert(self) -> str:
        """Insert, or update when anything but the stamp differs: an unchanged row keeps its stamp."""
        key = self.entity_set.key
        rest = [column for column in self.columns if column not in key]
        compared = [column for column in rest if column not in _STAMP]
        assignments = ", ".join(f'"{column}" = excluded."{column}"' for column in rest)
        old = ", ".join(f'"{self.entity_set.name}"."{column}"' for column in compared)
        new = ", ".join(f'excluded."{column}"' for column in compared)
        names = ", ".join(f'"{column}"' for column in self.columns)
        return (
            f'INSERT INTO "{self.entity_set.name}" ({names}) VALUES ({", ".join("?" * len(self.columns))}) '
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {assignments} WHERE ({old}) IS NOT ({new})"
        )

    def encode(self, row: Row) -> tuple[Any, ...]:
        """Turn a row into what SQLite stores, in the order of the columns."""
        values = list(self.pick(row))
        for place, encode in self.encoders:
            if values[place] is not None:
                values[place] = encode(values[place])
        return tuple(values)

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """Return the key of a row."""
        key = self.pick_key(row)
        return key if isinstance(key, tuple) else (key,)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write the waiting changes: deletions first, so that a key may be used again."""
        gone = [key for key, row in self.changes.items() if row is None]
        kept = [self.encode(row) for row in self.changes.values() if row is not None]
        self.changes.clear()
        if gone:
            connection.executemany(self.delete, gone)
        if kept:
            connection.executemany(self.upsert, kept)


class Store:
    """The tables of a portfolio; changes are collected and written together by ``flush``.

    Readers on other threads hold ``lock`` while they use ``connection``.
    """

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.lock = RLock()
        self._tables = {entity_set.name: _Table(entity_set) for entity_set in ENTITY_SETS}
        for table in self._tables.values():
            for statement in table.ddl():
                self.connection.execute(statement)

    def save(self, name: str, row: Row) -> None:
        """Insert or replace the row of an entity set that has the same key."""
        table = self._tables[name]
        table.changes[table.key_of(row)] = row

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
        fields = BY_NAME[name].fields
        decoders = [(field.name, _DECODE.get(field.kind, _as_it_is)) for field in fields]
        columns = ", ".join(f'"{field.name}"' for field in fields)
        with self.lock:
            rows = self.connection.execute(
                f'SELECT {columns} FROM "{name}" WHERE {where} ORDER BY rowid', values
            ).fetchall()
        return [
            {
                name: None if value is None else decode(value)
                for (name, decode), value in zip(decoders, row, strict=True)
            }
            for row in rows
        ]
