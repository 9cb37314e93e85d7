import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from exepron_pipeline.land.landing import land

MOMENT = datetime(2026, 2, 1, tzinfo=UTC)


class Failing:
    """A connection that fails at its nth statement; n = 0 never."""

    def __init__(self, con, at):
        """Wrap a real connection."""
        self.con, self.at, self.count = con, at, 0

    def execute(self, *given):
        """Run a statement, or fail."""
        self.count += 1
        if self.count == self.at and given[0] != "ROLLBACK":
            raise duckdb.IOException("injected")
        return self.con.execute(*given)

    def __getattr__(self, name):
        """Leave everything else to the real one."""
        return getattr(self.con, name)


def loads(desk, record):
    """Make a first load, and a second that inserts, updates, deletes, rejects and adds a column."""
    from exepron_pipeline.catalogue.model import Column

    first = desk.load([record(1, codes=["x"]), record(2), record(3, codes=["y"])])
    second = desk.load(
        [record(1, "b", codes=["z"]), record(4), record(None)], [record(3, codes=["y"])],
        mode="reconcile", max_rejected_share=1.0, started_at=MOMENT + timedelta(hours=1),
    )  # fmt: skip
    column = Column(name="colour", type="text", description="Its colour.")
    second.columns = (*second.columns, column)
    second.tables = [page.append_column("colour", [["red"] * page.num_rows]) for page in second.tables]
    return first, second


def test_a_failure_anywhere_leaves_everything_as_it_was(desk, record, dump_of):
    """Whichever statement fails, all tables, columns and comments are byte-equal to before."""
    first, second = loads(desk, record)
    with desk.open() as con:
        land(con, first, clock=lambda: MOMENT)
        before = dump_of(con)
        statements = _count(desk, record)
        for number in range(1, statements + 1):
            failing = Failing(con, number)
            with pytest.raises(duckdb.IOException, match="injected"):
                land(failing, second, clock=lambda: MOMENT)
            assert dump_of(con) == before, f"statement {number}"
        done = land(con, second, clock=lambda: MOMENT)
    assert (done.inserted, done.updated, done.unchanged, done.deleted, done.quarantined) == (1, 2, 0, 1, 1)


def _count(desk, record):
    """Count the statements of the second load, on a warehouse of its own."""
    from exepron_pipeline.land.warehouse import Warehouse

    other = desk.warehouse.path.parent.parent / "other"
    first, second = loads(desk, record)
    with Warehouse(other / "warehouse.duckdb", other / "state").open("test") as con:
        land(con, first, clock=lambda: MOMENT)
        counting = Failing(con, 0)
        land(counting, second, clock=lambda: MOMENT)
    return counting.count


KILLED = """
import os, sys
from pathlib import Path
from exepron_pipeline.land.warehouse import Warehouse
data = Path(sys.argv[1])
with Warehouse(data / "warehouse.duckdb", data / "state").open("sync") as con:
    con.execute("BEGIN")
    con.execute("DELETE FROM core.tasks")
    con.execute("INSERT INTO ops.watermarks (entity_set) VALUES ('half')")
    os._exit(9)
"""


def test_a_killed_process_leaves_everything_as_it_was(desk, record):
    """After a kill in the middle of a transaction the next process finds the former state, and no lock."""
    desk.land([record(1), record(2)])
    before = desk.dump()
    done = subprocess.run([sys.executable, "-c", KILLED, str(desk.warehouse.path.parent)], check=False)
    assert done.returncode == 9
    assert desk.dump() == before


FULL = """
import resource, signal, sys
from datetime import datetime, UTC
from pathlib import Path
import pyarrow as pa
from exepron_pipeline.catalogue.model import Column, EntitySet
from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.warehouse import Warehouse
data = Path(sys.argv[1])
columns = (Column(name="a", type="int", description="A."), Column(name="b", type="text", description="B."))
things = EntitySet(name="things", description="T.", evidence="confirmed", key=("a",), columns=columns)
n = 200_000
page = pa.table({"a": pa.arange(0, n), "b": [f"text {i * 7919 % n}" for i in range(n)],
                 "_account_id": ["1"] * n, "_extra": pa.nulls(n, pa.string())})
load = Load("l", things, columns, "1", "full", datetime.now(UTC), [page], fetched=n)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    with Warehouse(data / "warehouse.duckdb", data / "state").open("sync") as con:
        land(con, load)
except WarehouseError as error:
    print(error)
    sys.exit(5)
"""


def test_a_full_disk_leaves_everything_as_it_was(desk, record):
    """When nothing more can be written the error says so, and the tables are as they were."""
    desk.land([record(1), record(2)])
    before = desk.dump()
    folder = str(desk.warehouse.path.parent)
    command = [sys.executable, "-c", FULL, folder]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 5, done.stderr
    assert "disk is full" in done.stdout
    assert desk.dump() == before
    assert Path(folder).is_dir()
