"""Which tables an entity set has, and what their columns mean. Not here: making and changing them (``ddl.py``)."""

from dataclasses import dataclass, field
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import Child, Column, EntitySet
from exepron_pipeline.land import ddl, fingerprint
from exepron_pipeline.land.as_of import as_of_macro
from exepron_pipeline.land.ddl import Field, Table
from exepron_pipeline.land.layout import layout_of
from exepron_pipeline.land.sql import INSTANT, column_type, name

ACCOUNT = Field("_account_id", "VARCHAR", "The Exepron account that the record belongs to.")
LOAD = Field("_load_id", "VARCHAR", "The load that wrote this row; see ops.loads.")
LOADED = Field("_loaded_at", INSTANT, "When this row was written (UTC).")
HASH = Field(
    fingerprint.HASH, "BIGINT", "Hash of all fields and nested lists: equal when the record is unchanged."
)
DELETED = Field(
    "_deleted_at", INSTANT, "When the record was found to be gone from Exepron (UTC); null while it lives."
)
EXTRA = Field(
    "_extra",
    "JSON",
    "What the columns do not take: other fields of the record, and texts of stamps that say more; else null.",
)
POSITION = Field("_position", "BIGINT", "Place in the record's list, from 0.")
VERSION = (
    Field("_op", "VARCHAR", "What began this version: insert, update or delete."),
    Field("_valid_from", INSTANT, "From when it was so in Exepron (UTC, inclusive)."),
    Field(
        "_valid_to", INSTANT, "Until when it was so in Exepron (UTC, exclusive); null: until further notice."
    ),
    Field("_known_from", INSTANT, "From when the warehouse said so (UTC, inclusive)."),
    Field("_known_to", INSTANT, "Until when the warehouse said so (UTC, exclusive); null: it still does."),
)


@dataclass(frozen=True)
class ChildTables:
    """The two tables of one nested list, and its own columns."""

    name: str
    columns: tuple[Column, ...]
    core: Table
    history: Table


@dataclass(frozen=True)
class Tables:
    """The tables of one entity set. ``key`` identifies a row: the catalogue's key and ``_account_id``."""

    key: tuple[str, ...]
    columns: tuple[Column, ...]
    core: Table
    history: Table
    children: tuple[ChildTables, ...] = field(default=())

    @property
    def data(self) -> tuple[str, ...]:
        """Names of the columns whose change is a change of the record."""
        return (*(column.name for column in self.columns), EXTRA.name)


def tables_of(
    entity_set: EntitySet,
    columns: tuple[Column, ...],
    child_columns: dict[str, tuple[Column, ...]] | None = None,
) -> Tables:
    """Describe the tables of an entity set.

    Args:
        entity_set: The catalogue's entry.
        columns: The columns that its contract keeps, in order.
        child_columns: The same for each nested list; those of the catalogue where it says nothing.

    """
    data = tuple(_field(column) for column in columns)
    key = (*entity_set.key, ACCOUNT.name)
    about = f"{entity_set.description} One row per key: the current state."
    versions = f"{entity_set.description} All versions, as a bitemporal table."
    return Tables(
        key,
        columns,
        Table("core", entity_set.name, (*data, ACCOUNT, LOAD, LOADED, HASH, DELETED, EXTRA), about),
        Table("history", entity_set.name, (*data, EXTRA, ACCOUNT, HASH, LOAD, *VERSION), versions),
        tuple(
            _child(entity_set, child, data, (child_columns or {}).get(child.name, child.columns))
            for child in entity_set.children
        ),
    )


def _child(
    entity_set: EntitySet, child: Child, parent: tuple[Field, ...], columns: tuple[Column, ...]
) -> ChildTables:
    name = f"{entity_set.name}__{child.name}"
    data = (
        *(item for item in parent if item.name in entity_set.key),
        POSITION,
        *(_field(column) for column in columns),
    )
    about = f"{child.description} One row per item of a record of core.{entity_set.name} that is not deleted."
    versions = f"{child.description} All versions: a changed record restates its whole list."
    return ChildTables(
        child.name,
        columns,
        Table("core", name, (*data, ACCOUNT, LOAD, LOADED), about),
        Table("history", name, (*data, ACCOUNT, LOAD, *VERSION), versions),
    )


def _field(column: Column) -> Field:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return Field(column.name, column_type(column.type), column.description + unit)


def create_tables(con: DuckDBPyConnection, tables: Tables, *, load_id: str, moment: datetime) -> bool:
    """Make the tables of an entity set what they should be, and its ``as_of`` macros with them.

    True when there were such tables and they changed: then the hashes of their rows mean something else now.

    Existing tables are kept: see `exepron_pipeline.land.ddl.ensure` for what may change in them.

    Raises:
        ContractError: A column cannot take its new type without loss.

    """
    pairs = [(tables.core, tables.history), *((child.core, child.history) for child in tables.children)]
    made = ddl.ensure(con, [table for pair in pairs for table in pair], load_id=load_id, moment=moment)
    for _, history in pairs:
        if history in made.new:
            con.execute(as_of_macro(history))
    if tables.core in made.new:
        return False
    changes = _lists_changed(con, tables, made.new)
    for table, change in changes:
        ddl.record_change(con, table, ddl.Change(None, change, None, None), load_id, moment)
        if change == "vanished":
            con.execute(f"DELETE FROM {table.sql}")
            versions = name("history", table.name)
            con.execute(
                f"UPDATE {versions} SET _known_to = $moment WHERE _known_to IS NULL", {"moment": moment}
            )
    return bool(changes or made.changed)


def _lists_changed(con: DuckDBPyConnection, tables: Tables, new: frozenset[Table]) -> list[tuple[Table, str]]:
    """Tables of lists that are new, that left the contract, or that came back to it."""
    layout, prefix = layout_of(con), f"{tables.core.name}__"
    there = [table for schema, table in layout.tables if schema == "core" and table.startswith(prefix)]
    wanted = {child.core.name: child.core for child in tables.children}
    found = [(table, "added") for table in wanted.values() if table in new]
    for table_name in there:
        last = layout.came["core", table_name].get(None)
        if table_name not in wanted and last != "vanished":
            found.append((Table("core", table_name, (), ""), "vanished"))
        elif table_name in wanted and wanted[table_name] not in new and last == "vanished":
            found.append((wanted[table_name], "returned"))
    return found
