"""Writing whole rows: a few pages of a load at a time. Not here: the statements (``merge.py``, ``history.py``).

Joined with the changes of all pages, the rows of a large load would not fit into memory, and DuckDB would put whole rows
aside on the disk before it wrote one: five million took three times as long as five times a million.
"""

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load
from exepron_pipeline.land.staging import as_written

AT_ONCE = 512 << 20
"""Bytes of pages."""

_ALL = (0, 2**62)


def write_rows(con: DuckDBPyConnection, load: Load, sql: str, values: dict[str, object]) -> None:
    """Carry out a statement for all pages of a load.

    Args:
        con: The warehouse, in a transaction, with the load staged.
        load: The load.
        sql: Takes ``$first`` and ``$last`` besides, numbers of pages: `SOME` restricts the changes to those between.
        values: What else it takes.

    """
    slices = [_ALL] if isinstance(load.tables, list) else load.tables.slices(AT_ONCE)
    for first, last in slices:
        with as_written(con):
            con.execute(sql, {**values, "first": first, "last": last})


SOME = "x._page BETWEEN $first AND $last"
"""Condition on the alias ``x`` of the changes."""
