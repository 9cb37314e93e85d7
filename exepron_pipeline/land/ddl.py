"""Tables as values, and the statements that make a real table equal to one. Not here: which tables exist.

Tables only grow. A new column is added, a type is widened when no value can be lost, a column that left
the contract stays and is null in rows written from then on. Each such change is told in
``ops.schema_changes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ContractError
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
    existing = _existing(con, tables)
    gone = _known_gone(con, tables) if existing else {}
    changed = set()
    for table in tables:
        found = existing.get((table.schema, table.name))
        if found is None:
            columns = ", ".join(f"{name(item.name)} {item.type}" for item in table.fields)
            con.execute(f"CREATE TABLE {table.sql} ({columns})")
        else:
            changes = _changes(table, found.types, gone.get((table.schema, table.name), set()))
            _evolve(con, table, changes, load_id, moment)
            changed |= {table} if changes else set()
        _comment(con, table, found or _Existing())
    new = {table for table in tables if (table.schema, table.name) not in existing}
    return Made(frozenset(new), frozenset(changed))


@dataclass
class _Existing:
    """A real table: its comment, and types and comments by column, in order."""

    comment: str | None = None
    types: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)


def _existing(con: DuckDBPyConnection, tables: Sequence[Table]) -> dict[tuple[str, str], _Existing]:
    """Those of the tables that there are: two questions for all, since DuckDB lists everything for each."""
    here = "database_name = current_database() AND list_contains(?, table_name)"
    names = [table.name for table in tables]
    found = {
        (schema, table): _Existing(comment)
        for schema, table, comment in con.execute(
            f"SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE {here}", [names]
        ).fetchall()
    }
    columns = con.execute(
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
        f"WHERE {here} ORDER BY column_index",
        [names],
    ).fetchall()
    for schema, table, column, type_, comment in columns:
        if (schema, table) in found:  # views have columns too
            found[schema, table].types[column] = type_
            found[schema, table].comments[column] = comment
    return found


def _changes(table: Table, existing: dict[str, str], gone: set[str]) -> list[Change]:
    """What differs and is not known; ``gone`` are columns that are known to have vanished."""
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


def _known_gone(con: DuckDBPyConnection, tables: Sequence[Table]) -> dict[tuple[str, str], set[str]]:
    """Columns that were last told to have vanished, by table: one question for all."""
    found = con.execute(
        "SELECT schema_name, table_name, list(column_name) FROM ("
        "SELECT schema_name, table_name, column_name FROM ops.schema_changes "
        "WHERE list_contains(?, table_name) AND change IN ('vanished', 'returned') "
        "GROUP BY ALL HAVING arg_max(change, changed_at) = 'vanished') GROUP BY ALL",
        [[table.name for table in tables]],
    ).fetchall()
    return {(schema, table): set(columns) for schema, table, columns in found}


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


def _comment(con: DuckDBPyConnection, table: Table, existing: _Existing) -> None:
    """Write the comments that are missing or differ."""
    statements = [
        f"COMMENT ON COLUMN {table.sql}.{name(item.name)} IS {text(item.comment)}"
        for item in table.fields
        if existing.comments.get(item.name) != item.comment
    ]
    if existing.comment != table.comment:
        statements.append(f"COMMENT ON TABLE {table.sql} IS {text(table.comment)}")
    if statements:
        con.execute("; ".join(statements))
