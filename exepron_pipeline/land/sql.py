"""Pieces of SQL text, and the transaction around statements.

Here: quoting and the few phrases that every statement uses. Not here: statements.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import duckdb
from duckdb import DuckDBPyConnection

from exepron_pipeline.land.layout import forget_layout

INSTANT = "TIMESTAMP WITH TIME ZONE"
NO_DATE = "TIMESTAMPTZ '9999-12-31 00:00:00+00'"
"""From here on an instant means *no date* (.NET's MaxValue)."""


@contextmanager
def transaction(con: DuckDBPyConnection) -> Iterator[None]:
    """Commit at the end of the block; roll back on any error."""
    con.execute("BEGIN")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        forget_layout(con)
        with suppress(duckdb.Error):  # a failed commit has rolled back already; the first error tells more
            con.execute("ROLLBACK")
        raise


def name(*parts: str) -> str:
    """Quote an identifier: ``name("core", "tasks")`` is ``"core"."tasks"``."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def text(value: str) -> str:
    """Quote a text constant, for the places that take no parameter (comments)."""
    return "'" + value.replace("'", "''") + "'"


def names(columns: Iterable[str], of: str = "") -> str:
    """List columns, each after the table alias ``of`` when there is one."""
    return ", ".join(name(of, column) if of else name(column) for column in columns)


def same(columns: Iterable[str], left: str, right: str) -> str:
    """Join condition: these columns of the aliases ``left`` and ``right`` are equal."""
    return " AND ".join(f"{name(left, column)} = {name(right, column)}" for column in columns)


def present(columns: Iterable[str], of: str) -> str:
    """Condition: none of these columns of the alias ``of`` is null."""
    return " AND ".join(f"{name(of, column)} IS NOT NULL" for column in columns)


def column_type(type_name: str) -> str:
    """DuckDB's name for a type of the catalogue (`exepron_pipeline.catalogue.model.SIMPLE_TYPES`)."""
    return _TYPES.get(type_name) or type_name.upper()


_TYPES = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "variant": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": INSTANT,
    "binary": "BLOB",
    "json": "JSON",
}


def instant(microseconds: int | None) -> datetime | None:
    """Turn microseconds since 1970 into an aware UTC time.

    DuckDB's own conversion of instants needs a package that nothing else here needs.
    """
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
