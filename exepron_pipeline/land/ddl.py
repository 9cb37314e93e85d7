"""Tables as values, and the statements that make a real table equal to one. Not here: which tables exist.

Tables only grow. A new column is added, a type is widened when no value can be lost, a column that left
the contract stays and is null in rows written from then on. Each such change is told in
``ops.schema_changes``.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ContractError
from exepron_pipeline.land.sql import INSTANT, name, text


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

    @property
    def sql(self) -> str:
        """The table's quoted name."""
        return name(self.schema, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(item.name for item in self.fields)


@dataclass(frozen=True)
class Change:
    """One difference between a real table and its description; ``statement`` is empty when nothing is to do."""

    column: str
    change: str
    before: str | None
    after: str | None
    statement: str = ""


def ensure(con: DuckDBPyConnection, table: Table, *, load_id: str, moment: datetime) -> bool:
    """Create the table, or bring it up to date; True when it is new.

    Args:
        con: A connection with a transaction open.
        table: What it should be.
        load_id: Recorded with each change of its columns.
        moment: The same.

    Raises:
        ContractError: A column cannot take its new type without loss.

    """
    existing = _columns(con, table)
    if not existing:
        columns = ", ".join(f"{name(item.name)} {item.type}" for item in table.fields)
        con.execute(f"CREATE TABLE {table.sql} ({columns})")
    else:
        _evolve(con, table, {column: type_ for column, (type_, _) in existing.items()}, load_id, moment)
    _comment(con, table, {column: comment for column, (_, comment) in existing.items()})
    return not existing


def _columns(con: DuckDBPyConnection, table: Table) -> dict[str, tuple[str, str | None]]:
    found = con.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [table.schema, table.name],
    ).fetchall()
    return {column: (type_, comment) for column, type_, comment in found}


def _evolve(
    con: DuckDBPyConnection, table: Table, existing: dict[str, str], load_id: str, moment: datetime
) -> None:
    changes = differences(table, existing)
    if not changes:
        return
    gone = _known_gone(con, table)
    for change in changes:
        if change.change == "vanished" and change.column in gone:
            continue
        if change.statement:
            con.execute(change.statement)
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


def _known_gone(con: DuckDBPyConnection, table: Table) -> set[str]:
    found = con.execute(
        "SELECT column_name FROM ops.schema_changes WHERE schema_name = ? AND table_name = ? AND change = 'vanished'",
        [table.schema, table.name],
    ).fetchall()
    return {column for (column,) in found}


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
    alter = f"ALTER TABLE {table.sql}"
    column = name(wanted.name)
    if before is None:
        return Change(wanted.name, "added", None, wanted.type, f"{alter} ADD COLUMN {column} {wanted.type}")
    if before == wanted.type:
        return None
    if not is_lossless(before, wanted.type):
        what = f"{table.schema}.{table.name}.{wanted.name} holds {before}, and the catalogue now says {wanted.type}"
        hint = (
            "Values could be lost. Give the column another name in the catalogue, or move the warehouse file "
            "aside and sync again."
        )
        raise ContractError(f"{what}.", hint=hint)
    return Change(
        wanted.name, "widened", before, wanted.type, f"{alter} ALTER COLUMN {column} TYPE {wanted.type}"
    )


_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_BIGINT_DIGITS = 19
_TO_TEXT = {"BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIME", INSTANT, "JSON"}


def is_lossless(before: str, after: str) -> bool:
    """Tell whether every value of the type ``before`` can be kept exactly as one of the type ``after``."""
    old, new = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    if new:
        digits, scale = (int(old[1]), int(old[2])) if old else (_BIGINT_DIGITS, 0)
        room = int(new[1]) - int(new[2]) >= digits - scale and int(new[2]) >= scale
        return room and (bool(old) or before == "BIGINT")
    if after == "VARCHAR":
        return bool(old) or before in _TO_TEXT
    return (before, after) == ("DATE", INSTANT)


def _comment(con: DuckDBPyConnection, table: Table, existing: dict[str, str | None]) -> None:
    """Write the comments that are missing or differ."""
    statements = [
        f"COMMENT ON COLUMN {table.sql}.{name(item.name)} IS {text(item.comment)}"
        for item in table.fields
        if existing.get(item.name) != item.comment
    ]
    if _table_comment(con, table) != table.comment:
        statements.append(f"COMMENT ON TABLE {table.sql} IS {text(table.comment)}")
    if statements:
        con.execute("; ".join(statements))


def _table_comment(con: DuckDBPyConnection, table: Table) -> str | None:
    found: list[tuple[str | None]] = con.execute(
        "SELECT comment FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [table.schema, table.name],
    ).fetchall()
    return found[0][0] if found else None
