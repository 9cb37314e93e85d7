"""Building the marts: all of them in one transaction, from what the warehouse holds.

Here: when and how each query runs. Not here: the queries (``sql/``) and how they meet absent columns
(``inputs.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.land.sql import text, transaction
from exepron_pipeline.marts.inputs import close_inputs, list_columns, open_inputs
from exepron_pipeline.marts.model import MARTS, Mart
from exepron_pipeline.marts.quality import COLUMNS, TABLE, Asked, drop_facts, write_facts

TASKS_AT_ONCE = 300_000
"""A mart with rows of tasks is built in parts of so many tasks."""


@dataclass(frozen=True)
class Built:
    """What came of one mart.

    ``missing`` are the tables and columns that the warehouse lacks for it, ``types`` those of its columns.
    """

    rows: int
    missing: tuple[str, ...]
    empty_until: str
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """Why it is empty, and what it had to do without; an empty text where there is nothing to say."""
        empty = "" if self.rows else f"empty {self.empty_until}"
        lacking = f"without {', '.join(self._lacking())}" if self.missing else ""
        return "; ".join(filter(None, [empty, lacking]))

    def _lacking(self) -> list[str]:
        tables = [name for name in self.missing if name.count(".") == 1]
        columns = len(self.missing) - len(tables)
        return [*tables, f"{columns} column{'s' * (columns > 1)}"] if columns else tables


def build(
    con: duckdb.DuckDBPyConnection, *, calendar_zone: str = "UTC", asked: Asked | None = None
) -> dict[str, Built]:
    """Replace every table of ``marts``; give what came of each, by name.

    Building twice gives the same tables. When it fails, the former tables stay.

    Args:
        con: A connection that may write; no transaction may be open on it.
        calendar_zone: The time zone whose days are the calendar days of the marts.
        asked: What is known of the entity sets besides their tables; only ``data_quality`` needs it.

    Raises:
        WarehouseError: A query failed; nothing was changed.

    """
    con.execute("SET VARIABLE calendar_zone = ?", [calendar_zone])
    try:
        with transaction(con):
            present = list_columns(con) | {f"marts.{mart.name}": frozenset(mart.columns) for mart in MARTS}
            built: dict[str, Built] = {}
            for mart in MARTS:
                if TABLE in mart.reads:
                    done = [(each, built[each.name].missing) for each in MARTS if each.name in built]
                    write_facts(con, asked, done, present)
                    present[TABLE] = COLUMNS
                built[mart.name] = _build_one(con, mart, present)
            drop_facts(con)
            return built
    finally:
        con.execute("RESET VARIABLE calendar_zone; RESET VARIABLE parts; RESET VARIABLE part")


def _build_one(con: duckdb.DuckDBPyConnection, mart: Mart, present: Mapping[str, frozenset[str]]) -> Built:
    try:
        missing = open_inputs(con, mart.reads, present)
        _fill(con, mart, present)
        close_inputs(con, mart.reads)
        _comment(con, mart, missing)
        table = con.table(f"marts.{mart.name}")
        rows = table.aggregate("count(*)").fetchall()[0][0]
        types = dict(zip(table.columns, map(str, table.types), strict=True))
    except duckdb.Error as error:
        hint = (
            "The former marts stay. If a catalogue of your own changes types, compare it with docs/tables.md."
        )
        raise WarehouseError(f"The table marts.{mart.name} could not be built: {error}", hint=hint) from error
    return Built(rows, missing, mart.empty_until, types)


def _fill(con: duckdb.DuckDBPyConnection, mart: Mart, present: Mapping[str, frozenset[str]]) -> None:
    """Make the table, all at once or in parts: windows over millions of tasks would not fit into memory."""
    parts = _parts(con, mart, present)
    con.execute(f"SET VARIABLE parts = {parts}; SET VARIABLE part = 0")
    con.execute(f"CREATE OR REPLACE TABLE marts.{mart.name} AS {mart.query}")
    for part in range(1, parts):
        con.execute(f"SET VARIABLE part = {part}")
        con.execute(f"INSERT INTO marts.{mart.name} {mart.query}")


def _parts(con: duckdb.DuckDBPyConnection, mart: Mart, present: Mapping[str, frozenset[str]]) -> int:
    if "getvariable('part')" not in mart.query or "core.tasks" not in present:
        return 1
    [(tasks,)] = con.execute("SELECT count(*) FROM core.tasks").fetchall()
    return -(-tasks // TASKS_AT_ONCE) or 1


def _comment(con: duckdb.DuckDBPyConnection, mart: Mart, missing: tuple[str, ...]) -> None:
    lacking = f" Built here without {', '.join(missing)}: what needs them is null." if missing else ""
    told = [f"COMMENT ON TABLE marts.{mart.name} IS {text(mart.description + lacking)}"]
    told += [
        f"COMMENT ON COLUMN marts.{mart.name}.{column} IS {text(meaning)}"
        for column, meaning in mart.columns.items()
    ]
    con.execute("; ".join(told))
