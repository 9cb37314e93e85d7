"""Tables as values, and the statements that make a real table equal to one. Not here: which tables exist.

Tables only grow. A new column is added, a type is widened when no value can be lost, a column that left
the contract stays and is null in rows written from then on. Each such change is told in
``ops.schema_changes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ContractError
from exepron_pipeline.land.layout import Existing, forget_layout, layout_of
from exepron_pipeline.land.sql import name, text
from exepron_pipeline.land.widening import carried_over, is_lossless


@dataclass(frozen=True)
class Field:
    """One column of a table: its name, DuckDB's type, and what it means."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """One table: where it is, its columns in order, and what a row of it is."""

    schema: str
    name: str
    fields: tuple[Field, ...]
    comment: str

    @cached_property
    def sql(self) -> str:
        """The table's quoted name."""
        return name(self.schema, self.name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(item.name for item in self.fields)


@dataclass(frozen=True)
class Change:
    """One difference between a real table and its description; ``statement`` is empty when nothing is to do.

    ``column`` is None for the table as a whole.
    """

    column: str | None
    change: str
    before: str | None
    after: str | None
    statement: str = ""


@dataclass(frozen=True)
class Made:
    """What `ensure` did: tables that it made, and those of which it changed columns."""

    new: frozenset[Table]
    changed: frozenset[Table]


def ensure(con: DuckDBPyConnection, tables: Sequence[Table], *, load_id: str, moment: datetime) -> Made:
    """Create tables, or bring them up to date; tell what was done.

    Args:
        con: A connection with a transaction open.
        tables: What they should be.
        load_id: Recorded with each change of their columns.
        moment: The same.

    Raises:
        ContractError: A column cannot take its new type without loss.

    """
    layout = layout_of(con)
    new = {table for table in tables if (table.schema, table.name) not in layout.tables}
    changed = set()
    for table in tables:
        place = table.schema, table.name
        found = layout.tables.get(place)
        if found is None:
            columns = ", ".join(f"{name(item.name)} {item.type}" for item in table.fields)
            con.execute(f"CREATE TABLE {table.sql} ({columns})")
            _comment(con, table, Existing())
            layout.tables[place] = _as_made(table)
            continue
        changes = _changes(table, found.types, layout.came[place])
        _evolve(con, table, changes, load_id, moment)
        changed |= {table} if changes else set()
        if _comment(con, table, found) or changes:
            forget_layout(con)
    return Made(frozenset(new), frozenset(changed))


def _as_made(table: Table) -> Existing:
    return Existing(
        table.comment,
        {item.name: item.type for item in table.fields},
        {item.name: item.comment for item in table.fields},
    )


def _changes(table: Table, existing: dict[str, str], came: dict[str | None, str]) -> list[Change]:
    """What differs and is not known; ``came`` says which columns are known to have vanished or returned."""
    gone = {column for column, change in came.items() if change == "vanished"}
    news = [
        change
        for change in differences(table, existing)
        if change.change != "vanished" or change.column not in gone
    ]
    back = [
        Change(column, "returned", None, existing[column])
        for column in table.names
        if column in gone and column in existing
    ]
    return news + back


def _evolve(
    con: DuckDBPyConnection, table: Table, changes: Sequence[Change], load_id: str, moment: datetime
) -> None:
    """Make changes, and record them."""
    for change in changes:
        if change.statement:
            con.execute(change.statement)
        record_change(con, table, change, load_id, moment)


def record_change(
    con: DuckDBPyConnection, table: Table, change: Change, load_id: str, moment: datetime
) -> None:
    """Add a row to ``ops.schema_changes``."""
    forget_layout(con)
    con.execute(
        "INSERT INTO ops.schema_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            moment,
            load_id,
            table.schema,
            table.name,
            change.column,
            change.change,
            change.before,
            change.after,
        ],
    )


def differences(table: Table, existing: dict[str, str]) -> list[Change]:
    """List what must change in a table that now has the columns ``existing`` (name to type).

    Raises:
        ContractError: A column cannot take its new type without loss.

    """
    changes = [_difference(table, item, existing.get(item.name)) for item in table.fields]
    gone = [
        Change(column, "vanished", type_, None)
        for column, type_ in existing.items()
        if column not in table.names
    ]
    return [change for change in changes if change] + gone


def _difference(table: Table, wanted: Field, before: str | None) -> Change | None:
    if before == wanted.type:
        return None
    alter, column = f"ALTER TABLE {table.sql}", name(wanted.name)
    if before is None:
        return Change(wanted.name, "added", None, wanted.type, f"{alter} ADD COLUMN {column} {wanted.type}")
    if not is_lossless(before, wanted.type):
        what = f"{table.schema}.{table.name}.{wanted.name} holds {before}, and the catalogue now says {wanted.type}"
        hint = (
            "Values could be lost. Give the column another name in the catalogue, or move the warehouse file "
            "aside and sync again."
        )
        raise ContractError(f"{what}.", hint=hint)
    using = carried_over(column, before, wanted.type)
    statement = f"{alter} ALTER COLUMN {column} TYPE {wanted.type} USING {using}"
    return Change(wanted.name, "widened", before, wanted.type, statement)


def _comment(con: DuckDBPyConnection, table: Table, existing: Existing) -> bool:
    """Write the comments that are missing or differ; True when there were such."""
    statements = [
        f"COMMENT ON COLUMN {table.sql}.{name(item.name)} IS {text(item.comment)}"
        for item in table.fields
        if existing.comments.get(item.name) != item.comment
    ]
    if existing.comment != table.comment:
        statements.append(f"COMMENT ON TABLE {table.sql} IS {text(table.comment)}")
    if statements:
        con.execute("; ".join(statements))
    return bool(statements)
