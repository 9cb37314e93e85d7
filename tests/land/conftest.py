"""A desk to land things from: one small entity set with a nested list, in a real file."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue.model import Child, Column, EntitySet
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Landing, Load
from exepron_pipeline.land.warehouse import Warehouse

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)

TASKS = EntitySet(
    name="tasks",
    description="Tasks of all projects.",
    evidence="confirmed",
    key=("task_id",),
    cursor="modified_at",
    columns=(
        Column(name="task_id", type="int", description="The task."),
        Column(name="task_name", type="text", description="Its name."),
        Column(name="cost", type="decimal(18,2)", description="What it costs.", unit="USD"),
        Column(name="share", type="float", description="A share."),
        Column(name="due_on", type="date", description="When it is due."),
        Column(name="modified_at", type="timestamp", description="When it changed."),
    ),
    children=(
        Child(
            name="codes",
            description="Reasons of a task.",
            columns=(Column(name="code", type="text", description="A reason.", wire="."),),
        ),
    ),
)

SCHEMA = pa.schema(
    {
        "task_id": pa.int64(),
        "task_name": pa.string(),
        "cost": pa.decimal128(18, 2),
        "share": pa.float64(),
        "due_on": pa.date32(),
        "modified_at": pa.timestamp("us", "UTC"),
        "_account_id": pa.string(),
        "_extra": pa.string(),
    }
)
ITEMS = pa.schema(
    {"task_id": pa.int64(), "_position": pa.int64(), "code": pa.string(), "_account_id": pa.string()}
)


def task(
    task_id: int | None, name: str | None = "a", changed: datetime | None = START, **more: Any
) -> dict[str, Any]:
    """Make a record; ``codes`` is its list."""
    fixed = {
        "cost": Decimal("1.50"),
        "share": 0.5,
        "due_on": date(2026, 2, 1),
        "_account_id": "17",
        "_extra": None,
    }
    return {**fixed, "task_id": task_id, "task_name": name, "modified_at": changed, "codes": [], **more}


def page_of(records: Sequence[dict[str, Any]]) -> tuple[pa.Table, pa.Table]:
    """Make the Arrow tables of a page: records, and the items of their lists."""
    rows = [{column: record[column] for column in SCHEMA.names} for record in records]
    items = [
        {
            "task_id": record["task_id"],
            "_position": position,
            "code": code,
            "_account_id": record["_account_id"],
        }
        for record in records
        for position, code in enumerate(record["codes"])
    ]
    return pa.Table.from_pylist(rows, SCHEMA), pa.Table.from_pylist(items, ITEMS)


@dataclass
class Desk:
    """Lands records of `TASKS`; each landing is a minute after the former."""

    warehouse: Warehouse
    moments: Iterator[datetime] = field(
        default_factory=lambda: (START + timedelta(days=1, minutes=n) for n in itertools.count())
    )

    def load(self, *pages: Sequence[dict[str, Any]], **more: Any) -> Load:
        """Make a load of these pages of records: complete, unless said otherwise."""
        made = [page_of(page) for page in pages]
        usual: dict[str, Any] = {
            "load_id": "load",
            "entity_set": TASKS,
            "columns": TASKS.columns,
            "account_id": "17",
            "mode": "incremental",
            "started_at": next(self.moments),
            "tables": [rows for rows, _ in made],
            "children": {"codes": [items for _, items in made]},
            "fetched": sum(map(len, pages)),
            "pages": len(pages),
            "evidence": "exhausted",
            "complete": True,
            "max_deleted_share": 1.0,
        }
        return Load(**{**usual, **more})

    def land(self, *pages: Sequence[dict[str, Any]], **more: Any) -> Landing:
        """Land these pages of records."""
        return self.land_load(self.load(*pages, **more))

    def land_load(self, load: Load) -> Landing:
        """Land a load as it is."""
        moment = next(self.moments)
        with self.warehouse.open("test") as con:
            return land(con, load, clock=lambda: moment)

    def rows(self, sql: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """Run a query on the warehouse."""
        with self.warehouse.open("test") as con:
            return con.execute(sql, parameters).fetchall()

    def dump(self) -> dict[str, list[str]]:
        """Everything that the file holds, as text, in an order of its own."""
        with self.warehouse.open("test") as con:
            return dump(con)

    @contextmanager
    def open(self) -> Iterator[DuckDBPyConnection]:
        """Connect to the warehouse."""
        with self.warehouse.open("test") as con:
            yield con


def dump(con: DuckDBPyConnection) -> dict[str, list[str]]:
    """All rows of all tables as sorted text, and all columns, comments and macros."""
    tables = con.sql("SELECT schema_name, table_name, comment FROM duckdb_tables() ORDER BY ALL").fetchall()
    found = {
        f"{schema}.{table}": sorted(
            str(row) for row in con.execute(f'SELECT t::VARCHAR FROM "{schema}"."{table}" t').fetchall()
        )
        for schema, table, _ in tables
    }
    columns = "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal"
    macros = "SELECT schema_name, function_name, macro_definition FROM duckdb_functions() WHERE NOT internal"
    views = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    for what in (columns, macros, views):
        found[what] = sorted(str(row) for row in con.execute(what).fetchall())
    return found | {"tables": [str(row) for row in tables]}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a warehouse of its own."""
    return Desk(Warehouse(tmp_path / "data" / "warehouse.duckdb", tmp_path / "data" / "state"))


@pytest.fixture(scope="session")
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    """Make desks, each with a warehouse of its own: for property tests."""

    def make() -> Desk:
        folder = tmp_path_factory.mktemp("desk")
        return Desk(Warehouse(folder / "warehouse.duckdb", folder / "state"))

    return make


@pytest.fixture(scope="session")
def record() -> Callable[..., dict[str, Any]]:
    """Make a record: `task`."""
    return task


@pytest.fixture(scope="session")
def dump_of() -> Callable[[DuckDBPyConnection], dict[str, list[str]]]:
    """Everything that a connection's file holds: `dump`."""
    return dump
