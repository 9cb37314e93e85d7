"""One entity set's SQLite table: its columns, indexes and statements, and the storage form of each value.

Here belongs the rule that a row which did not change keeps its modification stamp. Not here: the database
(``store.py``) and which rows there are (``simulation/rows.py``).

Storage: ``int`` INTEGER, ``bool`` 0/1, ``float`` REAL, ``decimal`` TEXT with two digits, ``date`` TEXT
``YYYY-MM-DD``, ``stamp`` TEXT ``YYYY-MM-DDTHH:MM:SS.mmm`` in UTC (fixed width: text order is time order),
``list`` TEXT (JSON). ``_account``, ``_project`` and ``_task`` say below which path a row is served.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from exepron_pipeline.sandbox.schema import EntitySet, Kind

Row = Mapping[str, Any]
"""Values by wire name (and the three scope columns), as Python sees them."""

SCOPE = ("_account", "_project", "_task")
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


class Table:
    """One entity set's table: its statements, and the changes that wait for the next flush."""

    def __init__(self, entity_set: EntitySet) -> None:
        self.entity_set = entity_set
        self.columns = (*entity_set.field_names, *SCOPE)
        self.pick = itemgetter(*self.columns)
        self.pick_key = itemgetter(*entity_set.key)
        kinds = [field.kind for field in entity_set.fields]
        self.encoders = [(place, _ENCODE[kind]) for place, kind in enumerate(kinds) if kind in _ENCODE]
        self.changes: dict[tuple[Any, ...], Row | None] = {}
        self.amendments: dict[tuple[Any, ...], Row] = {}
        self.upsert, self.amend = self._upsert(), self._amend()
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
        indexes = [
            f'CREATE INDEX "{name}_by_{"_".join(index).strip("_")}" ON "{name}" ({", ".join(index)})'
            for index in self._indexes()
        ]
        return [table, *indexes]

    def _indexes(self) -> list[tuple[str, ...]]:
        """Return the columns of each index: a page of an account, in the order of keys or stamps, is one scan.

        A single key is SQLite's row number, which every index ends with.
        """
        names, key = self.entity_set.field_names, self.entity_set.key
        indexes: list[tuple[str, ...]] = [("_account",) if len(key) == 1 else ("_account", *key)]
        if "lastModifiedOn" in names:
            indexes.append(("_account", "lastModifiedOn"))
        if "taskManagerId" in names:
            indexes.append(("taskManagerId",))
        if "{p}" in self.entity_set.paths[0]:
            indexes.append(("_project",))
        return indexes

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

    def _amend(self) -> str:
        """Update everything but key and stamp of a row that is there."""
        kept = {*self.entity_set.key, *_STAMP}
        assignments = ", ".join(
            f'"{name}" = ?{place}' for place, name in enumerate(self.columns, 1) if name not in kept
        )
        keys = " AND ".join(
            f'"{name}" = ?{place}'
            for place, name in enumerate(self.columns, 1)
            if name in self.entity_set.key
        )
        return f'UPDATE "{self.entity_set.name}" SET {assignments} WHERE {keys}'

    def decode(self, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Turn stored rows, without their scope, into rows by wire name."""
        decoders = [(field.name, _DECODE.get(field.kind, _as_it_is)) for field in self.entity_set.fields]
        return [
            {
                name: None if value is None else decode(value)
                for (name, decode), value in zip(decoders, row, strict=True)
            }
            for row in rows
        ]

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
        if self.amendments:
            connection.executemany(self.amend, [self.encode(row) for row in self.amendments.values()])
            self.amendments.clear()
