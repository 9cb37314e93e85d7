"""The row hash: SQL for one number that tells a record from what it was before. Not here: who compares hashes.

It is DuckDB's own hash of all columns, a fifth as dear as a text of them and its MD5, which was the dearest statement of
a first load. It is the same in DuckDB 1.4 and 2.0, but nobody promises that it stays so: what it makes of known values is
kept in the file, and where another DuckDB makes something else of them, `renew_hashes` forgets all hashes.
Rows whose hash is not known are compared by the values of their columns (``complete.py``).
"""

from collections.abc import Iterable

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.layout import forget_layout
from exepron_pipeline.land.sql import name, names

HASH = "_row_hash"
PROBE = (
    "hash(1::BIGINT, 'text', 'a text of more than twelve bytes', 1.5::DOUBLE, 1.25::DECIMAL(18, 2), 1.25::DECIMAL(38, 2), "
    "true, NULL, DATE '2026-03-01', TIME '12:30:00', TIMESTAMPTZ '2026-03-01 12:30:00+00', '\\x00'::BLOB)::VARCHAR"
)
"""SQL expression: what this DuckDB's hash makes of a value of each kind, as text."""


def record_hash(columns: Iterable[str], of: str) -> str:
    """SQL expression: the hash of these columns of the alias ``of``, in order of their names, of 63 bits."""
    return number(f"hash({names(sorted(columns), of)})")


def list_hash(columns: Iterable[str], of: str) -> str:
    """SQL aggregate: the hash of a list whose items have these columns, their position among them, in any order."""
    # Hashed twice: of several values DuckDB's hash is one that XOR takes apart, and swapped items would be the same.
    return number(f"hash(count(*), bit_xor(hash(hash({names(sorted(columns), of)}))))")


def number(hash_: str) -> str:
    """SQL expression: a hash as a whole number that every format and tool has a type for."""
    return f"CAST({hash_} >> 1 AS BIGINT)"


def renew_hashes(con: DuckDBPyConnection) -> None:
    """Forget all row hashes of a file, at once or not at all, when they were made by another function than this DuckDB has.

    Args:
        con: A warehouse, in a transaction.

    """
    if con.execute(f"SELECT hashes IS NOT DISTINCT FROM {PROBE} FROM ops.meta").fetchall() == [(True,)]:
        return
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name IN ('core', 'history') AND column_name = $hash",
        {"hash": HASH},
    ).fetchall()
    for schema, table in tables:
        con.execute(
            f"ALTER TABLE {name(schema, table)} ALTER {HASH} SET DATA TYPE BIGINT USING CAST(NULL AS BIGINT)"
        )
    con.execute(f"UPDATE ops.meta SET hashes = {PROBE}")
    forget_layout(con)
