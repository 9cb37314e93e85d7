"""The policy for personal data, applied to rows that landed under another one. Not here: rows that come (``normalise``).

Columns that the policy leaves out are dropped, from all versions too; under ``hash`` values in clear become their hashes.
Hashes cannot be turned back: under a policy that shows them again, columns are filled as records are read anew, and old
versions keep their hashes. Rows get no new version, and their row hash is not known until they come again
(``complete.py``). What stays in the bytes of the file is for the caller to write anew.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import Catalogue, Column, EntitySet
from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.land.ddl import Change, Table, record_change
from exepron_pipeline.land.sql import column_type, name, transaction
from exepron_pipeline.land.widening import carried_over
from exepron_pipeline.normalise.contract import stored_columns
from exepron_pipeline.normalise.personal import hashed

_HASH = "[0-9a-f]{64}"
_TYPES = """
    SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
    WHERE schema_name IN ('core', 'history') AND database_name = current_database()
"""
_LAST = """
    SELECT schema_name, table_name, column_name FROM ops.schema_changes
    WHERE change IN ('hashed', 'revealed') GROUP BY ALL HAVING arg_max(change, changed_at) = 'hashed'
"""

Place = tuple[str, str, str]
"""Schema, table and column."""


def apply_policy(
    con: DuckDBPyConnection,
    catalogue: Catalogue,
    personal: Personal,
    key: bytes | None,
    note: Callable[[Iterable[str]], None],
) -> dict[str, list[str]]:
    """Bring all rows under a policy, in one transaction.

    Args:
        con: The warehouse, with no transaction open.
        catalogue: Tells which columns are personal.
        personal: The policy.
        key: Of the hashes; needed for ``hash``.
        note: Is told the names of the entity sets that change, before they do for good.

    Returns:
        Names of the columns that held something else, by entity set; empty when all was so already.

    """
    found: dict[str, list[str]] = {}
    with transaction(con):
        work = _Work(con, key if personal == "hash" else None)
        for entity_set in catalogue.entity_sets.values():
            if ("core", entity_set.name) in work.tables:
                names = sorted(set(_apply(work, entity_set, personal)))
                if names:
                    found[entity_set.name] = names
                    for schema in ("core", "history"):
                        con.execute(f"UPDATE {name(schema, entity_set.name)} SET _row_hash = NULL")
        if found:
            note(found)
    return found


class _Work:
    """A warehouse whose columns are changed one by one."""

    def __init__(self, con: DuckDBPyConnection, key: bytes | None) -> None:
        self.con, self.key, self.moment = con, key, datetime.now(UTC)
        self.types: dict[Place, str] = {
            (row[0], row[1], row[2]): row[3] for row in con.sql(_TYPES).fetchall()
        }
        self.tables = {(schema, table) for schema, table, _ in self.types}
        self.hashed: set[Place] = {(row[0], row[1], row[2]) for row in con.sql(_LAST).fetchall()}

    def record(self, place: Place, change: str) -> None:
        schema, table, column = place
        type_ = self.types[place]
        record_change(
            self.con, Table(schema, table, (), ""), Change(column, change, type_, None), "", self.moment
        )

    def drop(self, place: Place) -> bool:
        schema, table, column = place
        self.con.execute(f"ALTER TABLE {name(schema, table)} DROP COLUMN {name(column)}")
        self.record(place, "dropped")
        return True

    def hide(self, place: Place, key: bytes) -> bool:
        """Hash the values that are in clear; True when there were any."""
        schema, table, column = place
        type_, where, what = self.types[place], name(schema, table), name(column)
        clear = f"{what} IS NOT NULL AND NOT regexp_full_match(CAST({what} AS VARCHAR), '{_HASH}')"
        text = carried_over(what, type_, "VARCHAR") if type_ != "VARCHAR" else what
        values = [
            row[0]
            for row in self.con.execute(f"SELECT DISTINCT {text} FROM {where} WHERE {clear}").fetchall()
        ]
        if type_ != "VARCHAR":
            self.con.execute(f"ALTER TABLE {where} ALTER COLUMN {what} TYPE VARCHAR USING {text}")
        if values:
            texts = pa.array(values, pa.string())
            self.con.register("_land_hashes", pa.table({"clear": texts, "hash": hashed(texts, key)}))
            self.con.execute(
                f"UPDATE {where} t SET {what} = m.hash FROM _land_hashes m WHERE t.{what} = m.clear"
            )
            self.con.unregister("_land_hashes")
        if place not in self.hashed:
            self.record(place, "hashed")
        return bool(values)

    def reveal(self, place: Place, type_: str) -> bool:
        """Make room for values in clear; old hashes stay where the type can hold them."""
        schema, table, column = place
        if type_ != "VARCHAR":
            self.con.execute(
                f"ALTER TABLE {name(schema, table)} ALTER COLUMN {name(column)} TYPE {type_} USING NULL"
            )
        self.record(place, "revealed")
        return False


def _apply(work: _Work, entity_set: EntitySet, personal: Personal) -> Iterator[str]:
    stored = stored_columns(entity_set, personal)
    for table, columns in _personal(entity_set).items():
        for column in columns:
            places = [("core", table, column.name), ("history", table, column.name)]
            for place in [each for each in places if each in work.types]:
                if column.name not in {*stored[table], *entity_set.key}:
                    changed = work.drop(place)
                elif work.key:
                    changed = work.hide(place, work.key)
                else:
                    changed = place in work.hashed and work.reveal(place, column_type(column.type))
                if changed:
                    yield column.name


def _personal(entity_set: EntitySet) -> dict[str, list[Column]]:
    """Personal columns by table; those of the key are in the tables of lists too."""
    own = [column for column in entity_set.columns if column.personal]
    key = [column for column in own if column.name in entity_set.key]
    lists = {
        f"{entity_set.name}__{child.name}": [*key, *(column for column in child.columns if column.personal)]
        for child in entity_set.children
    }
    return {entity_set.name: own, **lists}
