import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from exepron_pipeline.errors import WarehouseBusyError, WarehouseError
from exepron_pipeline.land.migrate import VERSION
from exepron_pipeline.land.warehouse import Warehouse


def test_it_is_made_when_first_opened(desk):
    """Schemas and the tables of ops are there, private, in a format that older DuckDB versions read."""
    assert not desk.warehouse.exists
    with desk.open() as con:
        schemas = {
            name for (name,) in con.sql("SELECT DISTINCT schema_name FROM duckdb_schemas()").fetchall()
        }
        [(tags,)] = con.sql(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'"
        ).fetchall()
        [(zone,)] = con.sql("SELECT current_setting('TimeZone')").fetchall()
    assert {"core", "history", "marts", "ops"} <= schemas
    assert tags["storage_version"].startswith("v1.0.0")
    assert zone == "UTC"
    assert desk.warehouse.path.stat().st_mode & 0o777 == 0o600
    assert desk.warehouse.path.parent.stat().st_mode & 0o777 == 0o700
    assert desk.warehouse.state_dir.stat().st_mode & 0o777 == 0o700
    assert not list(desk.warehouse.path.parent.glob("*.new"))


def test_a_folder_that_exists_keeps_its_mode(tmp_path):
    """A folder that somebody else made is not closed to others by us."""
    (tmp_path / "data").mkdir(mode=0o755)
    with Warehouse(tmp_path / "data" / "w.duckdb", tmp_path / "data" / "state").open("test"):
        pass
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o755


HOLDING = """
import sys
from pathlib import Path
from exepron_pipeline.land.warehouse import Warehouse
data = Path(sys.argv[1])
with Warehouse(data / "warehouse.duckdb", data / "state").open("reconcile"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_process(desk):
    """Another process that holds the warehouse until its standard input closes."""
    command = [sys.executable, "-c", HOLDING, str(desk.warehouse.path.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_holds_it(desk, other_process):
    """After waiting in vain the error names process, verb and time."""
    hurried = Warehouse(desk.warehouse.path, desk.warehouse.state_dir, wait_seconds=0.1)
    holder = hurried.holder()
    assert (holder.pid, holder.verb) == (other_process.pid, "reconcile")
    with pytest.raises(WarehouseBusyError) as caught, hurried.open("sync"):
        pass
    assert f"process {other_process.pid}" in str(caught.value)
    assert f"(reconcile, since {holder.since})" in str(caught.value)


def test_a_second_process_waits(desk, other_process):
    """A holder that ends in time is no error."""
    timer = threading.Timer(0.3, other_process.stdin.close)
    timer.start()
    with desk.open() as con:
        assert con.sql("SELECT version FROM ops.meta").fetchall() == [(VERSION,)]
    timer.join()
    assert desk.warehouse.holder() is None


@pytest.mark.parametrize("linked", ["data", "warehouse.duckdb"])
def test_a_second_name_of_the_same_warehouse_is_no_way_around(desk, other_process, tmp_path, linked):
    """Through a link to the folder or to the file alone, it is held all the same."""
    other = tmp_path / "other"
    if linked == "data":
        other.symlink_to(desk.warehouse.path.parent)
    else:
        other.mkdir()
        (other / linked).symlink_to(desk.warehouse.path)
    hurried = Warehouse(other / "warehouse.duckdb", other / "state", wait_seconds=0.1)
    with pytest.raises(WarehouseBusyError, match=f"process {other_process.pid}"), hurried.open("sync"):
        pass


def test_the_note_of_a_dead_process_names_nobody(desk, other_process, monkeypatch):
    """A holder that has no room for its own note is not taken for the one before, whose number may be another's now."""
    other_process.kill()
    other_process.wait()
    monkeypatch.setattr("exepron_pipeline.land.lock.WarehouseLock._write", lambda *_: None)
    with desk.open():
        assert Warehouse(desk.warehouse.path, desk.warehouse.state_dir).holder() is None
        hurried = Warehouse(desk.warehouse.path, desk.warehouse.state_dir, wait_seconds=0)
        with pytest.raises(WarehouseBusyError, match="held by another process"), hurried.open("sync"):
            pass


def test_a_killed_holder_is_no_obstacle(desk, other_process):
    """Its lock dies with it, and the note it left is not believed."""
    other_process.kill()
    other_process.wait()
    assert (desk.warehouse.state_dir / "warehouse.holder").exists()
    assert desk.warehouse.holder() is None
    with Warehouse(desk.warehouse.path, desk.warehouse.state_dir, wait_seconds=0).open("sync"):
        assert desk.warehouse.holder().pid == os.getpid()


FOREIGN = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_a_notebook_that_opened_the_file_is_named(desk):
    """DuckDB's own lock, held by a program that is not ours, is told with the process that holds it."""
    with desk.open():
        pass
    command = [sys.executable, "-c", FOREIGN, str(desk.warehouse.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        hurried = Warehouse(desk.warehouse.path, desk.warehouse.state_dir, wait_seconds=0.1)
        with (
            pytest.raises(WarehouseBusyError, match=f"opened by process {process.pid}"),
            hurried.open("sync"),
        ):
            pass
        timer = threading.Timer(0.3, process.stdin.close)
        timer.start()
        assert desk.rows("SELECT 1 FROM ops.meta") == [(1,)], "it is waited for"
        timer.join()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """The error names the file and the setting that moves it."""
    (tmp_path / "data").write_text("a file where the folder should be")
    warehouse = Warehouse(tmp_path / "data" / "warehouse.duckdb", tmp_path / "data" / "state")
    with pytest.raises(WarehouseError, match="EXEPRON_DATA_DIR"), warehouse.open("sync"):
        pass


@pytest.mark.parametrize("content", [b"", b"x", b"no database at all" * 1000])
def test_a_damaged_file_is_told_and_left_alone(desk, content):
    """What is no DuckDB file is never overwritten."""
    desk.warehouse.path.parent.mkdir()
    desk.warehouse.path.write_bytes(content)
    with pytest.raises(WarehouseError, match="restore"), desk.open():
        pass
    assert desk.warehouse.path.read_bytes() == content


def test_a_file_with_damaged_blocks_is_told(desk, record):
    """A checksum that fails is an error of the warehouse, with its cure."""
    desk.land([record(number) for number in range(50)])
    content = bytearray(desk.warehouse.path.read_bytes())
    for place in range(4096 * 3 + 100, len(content), 2000):
        content[place] ^= 255
    desk.warehouse.path.write_bytes(content)
    with pytest.raises(WarehouseError, match="damaged"):
        desk.dump()


def test_a_database_of_somebody_else_is_refused(desk):
    """A DuckDB file without our tables is not touched."""
    desk.warehouse.path.parent.mkdir()
    with duckdb.connect(str(desk.warehouse.path)) as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS a")
    with pytest.raises(WarehouseError, match="not a warehouse of ours"), desk.open():
        pass


def test_a_file_of_a_newer_program_is_refused(desk):
    """Tables of a later version are not guessed at."""
    with desk.open() as con:
        con.execute("UPDATE ops.meta SET version = version + 1")
    with pytest.raises(WarehouseError, match="newer program"), desk.open():
        pass


def test_an_error_about_a_statement_is_not_told_as_one_of_the_file(desk):
    """Mistakes in SQL stay what they are."""
    with pytest.raises(duckdb.CatalogException), desk.open() as con:
        con.execute("FROM no_such_table")
    assert Path(desk.warehouse.path).exists()
