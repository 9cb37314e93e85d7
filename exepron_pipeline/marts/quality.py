"""Facts about every column, for ``marts.data_quality``: how many rows, how many with a value, and what was asked.

Here: counting, and what the catalogue and the last attempts tell of what is not there. Not here: what it means
(``sql/data_quality.sql``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any

import duckdb

from exepron_pipeline.catalogue import Catalogue, EntitySet
from exepron_pipeline.land.sql import name
from exepron_pipeline.marts.model import Mart

TABLE = "temp.column_facts"
_TYPES = {
    "table_name": "VARCHAR", "column_name": "VARCHAR", "_account_id": "VARCHAR", "rows": "BIGINT", "filled": "BIGINT",
    "estimated": "BIGINT", "asked": "VARCHAR", "asked_at": "TIMESTAMPTZ", "is_stored": "BOOLEAN",
    "is_financial": "BOOLEAN", "needs": "BOOLEAN", "lacking": "VARCHAR",
}  # fmt: skip
COLUMNS = frozenset(_TYPES)
_ESTIMATES = {("fever_chart", "chain_completion_pct"): "completion_source = 'estimated'"}
"""Which values of marts are estimates of ours."""

Attempts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What is known of the entity sets besides their tables.

    Args:
        catalogue: The one in use.
        attempts: The last attempt at each entity set, by name (``land.attempts``).

    """

    catalogue: Catalogue
    attempts: Attempts


@dataclass(frozen=True)
class _Fact:
    table_name: str
    column_name: str
    account_id: str | None
    rows: int
    filled: int
    estimated: int
    asked: str
    asked_at: str | None
    is_stored: bool = True
    is_financial: bool = False
    needs: bool = False
    """True where the name of the column tells that it is taken from what is lacking."""
    lacking: str | None = None


def write_facts(
    con: duckdb.DuckDBPyConnection,
    asked: Asked | None,
    marts: Iterable[tuple[Mart, tuple[str, ...]]],
    present: Mapping[str, frozenset[str]],
) -> None:
    """Write the temporary table that the mart reads.

    Args:
        con: The warehouse, its other marts built.
        asked: What is known besides; None: nothing, and entity sets have no rows.
        marts: The built marts, each with what it lacked.
        present: The columns of each table.

    """
    accounts = [
        row[0] for row in con.execute("SELECT DISTINCT account_id FROM ops.loads ORDER BY ALL").fetchall()
    ]
    facts = list(_of_sets(con, asked, accounts, present)) if asked else []
    filled = {(fact.table_name, fact.column_name) for fact in facts if fact.filled}
    known = {fact.table_name for fact in facts if fact.rows}
    for mart, missing in marts:
        hollow = [each for each in _inputs(mart) if each[0] in known and each not in filled]
        lacking = (*missing, *dict.fromkeys(".".join(each) for each in hollow))
        facts += _of_mart(con, mart, lacking, accounts)
    declared = ", ".join(f"{column} {kind}" for column, kind in _TYPES.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE column_facts ({declared})")
    lists = zip(*map(astuple, facts), strict=True) if facts else ((),) * len(fields(_Fact))
    unnested = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in _TYPES.values())
    con.execute(f"INSERT INTO column_facts SELECT {unnested}", [list(each) for each in lists])


def drop_facts(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary table again."""
    con.execute("DROP TABLE IF EXISTS temp.column_facts")


def _of_sets(
    con: duckdb.DuckDBPyConnection, asked: Asked, accounts: list[str], present: Mapping[str, frozenset[str]]
) -> Iterator[_Fact]:
    for entity_set in asked.catalogue.entity_sets.values():
        table = f"core.{entity_set.name}"
        stored = [each.name for each in entity_set.columns if each.name in present.get(table, ())]
        counted = _counts(con, table, stored, "WHERE _deleted_at IS NULL") if stored else {}
        read = _read_accounts(con, entity_set)
        status, at = _attempt(entity_set, asked.attempts)
        for account in _or_none(accounts):
            rows, filled = counted.get(account, (0, {}))
            state = "ok" if account in read and status in {"ok", "never_asked"} else status
            for column in entity_set.columns:
                yield _Fact(
                    table, column.name, account, rows, filled.get(column.name, 0), 0, state, at,
                    column.name in stored or not stored, column.financial,
                )  # fmt: skip


def _inputs(mart: Mart) -> Iterator[tuple[str, str]]:
    """The columns of entity sets that a mart reads, whether as they are or as they were."""
    for table, columns in mart.reads.items():
        schema, _, entity_set = table.partition(".")
        if schema in {"core", "history"}:
            yield from ((f"core.{entity_set}", column) for column in columns if not column.startswith("_"))


def _of_mart(
    con: duckdb.DuckDBPyConnection, mart: Mart, lacking: tuple[str, ...], accounts: list[str]
) -> Iterator[_Fact]:
    table = f"marts.{mart.name}"
    counted = _counts(con, table, list(mart.columns))
    told = ", ".join(dict.fromkeys(each.replace("history.", "core.") for each in lacking)) or None
    for account in _or_none(accounts):
        rows, filled = counted.get(account, (0, {}))
        for column in mart.columns:
            condition = _ESTIMATES.get((mart.name, column))
            guessed = _matching(con, table, condition, account) if condition else 0
            text = told if rows else mart.empty_until
            needs = any(_speaks_of(column, each) for each in lacking)
            yield _Fact(
                table, column, account, rows, filled.get(column, 0), guessed, "built", None, needs=needs, lacking=text
            )  # fmt: skip


def _speaks_of(column: str, lacking: str) -> bool:
    """True when the name of a column holds that of a column or table that is lacking."""
    words = lacking.rpartition(".")[2].removesuffix("s").split("_")
    return set(words) <= set(column.split("_"))


def _or_none(accounts: list[str]) -> list[str | None]:
    """The accounts, or a place for what is known without any."""
    return [*accounts] or [None]


def _counts(
    con: duckdb.DuckDBPyConnection, table: str, columns: list[str], where: str = ""
) -> dict[str | None, tuple[int, dict[str, int]]]:
    """Rows, and rows with a value by column, by account."""
    counts = ", ".join(f"count({name(column)})" for column in columns)
    found = con.execute(
        f"SELECT _account_id, count(*), {counts} FROM {table} {where} GROUP BY ALL"
    ).fetchall()
    return {account: (rows, dict(zip(columns, filled, strict=True))) for account, rows, *filled in found}


def _matching(con: duckdb.DuckDBPyConnection, table: str, condition: str, account: str | None) -> int:
    [(count,)] = con.execute(
        f"SELECT count(*) FROM {table} WHERE {condition} AND _account_id = ?", [account]
    ).fetchall()
    return int(count)


def _read_accounts(con: duckdb.DuckDBPyConnection, entity_set: EntitySet) -> set[str]:
    """Accounts for which the set was ever read."""
    found = con.execute(
        "SELECT DISTINCT account_id FROM ops.loads WHERE entity_set = ? AND status = 'ok'", [entity_set.name]
    ).fetchall()
    return {account for (account,) in found}


def _attempt(entity_set: EntitySet, attempts: Attempts) -> tuple[str, str | None]:
    """What the last attempt came to, and when; or why there was none."""
    if not entity_set.is_offered:
        return "switched_off", None
    last = attempts.get(entity_set.name)
    if last is None:
        return "never_asked", None
    status = str(last.get("status"))
    return "never_asked" if status == "skipped" else status, last.get("finished_at")
