import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from exepron_pipeline.errors import WarehouseBusyError, WarehouseError
from exepron_pipeline.publish.reader import open_snapshot

TABLES = "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def counts(path: Path) -> dict[str, int]:
    """Rows of a few tables of a published file."""
    with open_snapshot(path) as reader:
        return {
            name: reader.query(f"SELECT count(*) AS n FROM {name}").column("n")[0].as_py()
            for name in ("core.projects", "core.tasks", "history.tasks")
        }


def test_it_holds_what_the_warehouse_holds(scene: Any) -> None:
    """Every table arrives with its rows and comments, and the file tells from which load it is."""
    scene.land_sample(NOON)
    scene.build()
    published = scene.publish()
    assert set(published.tables) == {row["name"] for row in scene.rows(TABLES)}
    with open_snapshot(published.snapshot) as reader:
        for name in published.tables:
            if name != "ops.snapshot":
                assert reader.query(f"FROM {name}").to_pylist() == scene.rows(f"FROM {name}"), name
        comment = reader.query(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'tasks' AND comment IS NULL"
        )
        assert comment.num_rows == 0
        [stamp] = reader.query("FROM ops.snapshot").to_pylist()
    assert stamp["load_id"] == published.load_id == f"load-{scene.loads:03}"
    assert stamp["published_at"] == published.published_at
    assert published.tables["core.tasks"] == 3


def test_the_warehouse_is_left_as_it_was(sample: Any) -> None:
    """Publishing writes nothing but its stamp into the writer's file, keeps no log beside it, and frees its lock."""
    tables = [row["name"] for row in sample.rows(TABLES) if row["name"] != "ops.snapshot"]
    before = {name: sample.rows(f"FROM {name} ORDER BY ALL") for name in tables}
    sample.publish()
    assert {name: sample.rows(f"FROM {name} ORDER BY ALL") for name in tables} == before
    assert sample.warehouse.holder() is None
    names = {path.name for path in sample.settings.data_dir.iterdir()}
    assert names == {"warehouse.duckdb", "exepron.duckdb", "parquet", "state"}


def test_only_what_is_published_is_readable_by_others(scene: Any) -> None:
    """The snapshot and Parquet are 0644; the folder around them keeps strangers out, 0700."""
    scene.land_sample(NOON, "tasks")
    published = scene.publish()
    part = published.parquet / "core" / "tasks" / "part-0.parquet"
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (published.snapshot, part, scene.settings.data_dir)
    ]
    assert modes == [0o644, 0o644, 0o700]
    assert stat.S_IMODE(scene.settings.warehouse_path.stat().st_mode) == 0o600


def test_a_reader_keeps_its_file_and_a_new_one_sees_the_new(sample: Any) -> None:
    """An open reader goes on with the old rows and notices; the same process opens the new file beside it."""
    path = sample.settings.snapshot_path
    with open_snapshot(path) as old, duckdb.connect(str(path), read_only=True) as notebook:
        assert not old.is_stale()
        sample.land("tasks", [{"task_id": 900, "project_id": 10}], NOON + timedelta(hours=1))
        sample.publish()
        assert old.is_stale()
        assert old.query("SELECT count(*) AS n FROM core.tasks").to_pylist() == [{"n": 3}]
        assert notebook.sql("SELECT count(*) FROM core.tasks").fetchall() == [(3,)]
        assert counts(path)["core.tasks"] == 4


def test_a_reader_does_not_stop_a_load(sample: Any) -> None:
    """While the snapshot is open, the warehouse can be written and published."""
    with open_snapshot(sample.settings.snapshot_path):
        sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
        assert sample.publish().tables["core.tasks"] == 4


KILL = """
import os, signal, sys
from pathlib import Path
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.publish import snapshot
from exepron_pipeline.settings import Settings
step = sys.argv[2]
setattr(snapshot, step, lambda *args, **options: os.kill(os.getpid(), signal.SIGKILL))
settings = Settings(data_dir=Path(sys.argv[1]))
snapshot.publish(Warehouse(settings.warehouse_path, settings.state_dir), settings, keep=2)
"""


@pytest.mark.parametrize(
    "step", ["write_version", "flush", "keep_version", "put_in_place", "swap_in", "keep_snapshot"]
)
def test_a_killed_publishing_leaves_whole_files(sample: Any, step: str) -> None:
    """Killed at any step, snapshot and Parquet stay readable; the next publishing mends and cleans."""
    path = sample.settings.snapshot_path
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
    done = subprocess.run([sys.executable, "-c", KILL, str(sample.settings.data_dir), step], check=False)
    assert done.returncode == -signal.SIGKILL
    assert counts(path)["core.tasks"] == (4 if step in {"swap_in", "keep_snapshot"} else 3)
    parquet = f"FROM '{sample.settings.parquet_dir}/core/tasks/*.parquet'"
    assert len(duckdb.sql(parquet).fetchall()) == (4 if step == "keep_snapshot" else 3)
    sample.publish()
    assert counts(path)["core.tasks"] == 4
    assert len(duckdb.sql(parquet).fetchall()) == 4
    assert not (sample.settings.data_dir / ".publishing").exists()


PUBLISH = """
import sys
from pathlib import Path
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.publish.snapshot import publish
from exepron_pipeline.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]))
print("begins", flush=True)
publish(Warehouse(settings.warehouse_path, settings.state_dir), settings, keep=2)
"""


@pytest.mark.full
def test_killed_anywhere_nothing_is_half(sample: Any) -> None:
    """Killed at thirty points of a publishing, every file that is there is whole, and at the end nothing is left over."""
    data, path = sample.settings.data_dir, sample.settings.snapshot_path
    command = [sys.executable, "-c", PUBLISH, str(data)]
    usual = 0.0
    for number in range(31):
        sample.land(
            "tasks", [{"task_id": 900 + number}], NOON + timedelta(hours=number + 1), mode="incremental"
        )
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            started = time.monotonic()
            try:
                process.wait(timeout=None if not number else usual * number / 30)
            except subprocess.TimeoutExpired:
                process.kill()
        usual = usual or time.monotonic() - started
        assert counts(path)["core.tasks"] >= 4
        tables = [str(link) for link in sample.settings.parquet_dir.glob("[!.]*/*")]
        assert all(duckdb.sql(f"SELECT count(*) FROM '{table}/*.parquet'").fetchall() for table in tables)
        for kept in (data / "snapshots").glob("*.duckdb"):
            assert counts(kept)["core.tasks"] >= 4
    sample.publish(keep=2)
    assert counts(path)["core.tasks"] == 34
    left = {item.name for item in data.iterdir()}
    assert left == {"warehouse.duckdb", "exepron.duckdb", "parquet", "state", "snapshots"}
    assert len(list((data / "parquet" / ".versions").iterdir())) == 3
    assert len(list((data / "snapshots").iterdir())) == 2


def test_a_failure_is_told_and_changes_nothing(sample: Any) -> None:
    """When the new files cannot be put in place, the error says where and what to do; the old file stays."""
    path = sample.settings.snapshot_path
    before = path.stat().st_ino
    versions = sample.settings.parquet_dir / ".versions"
    versions.rename(versions.with_name("elsewhere"))
    versions.write_text("in the way")
    with pytest.raises(WarehouseError, match=r"Publishing to .*data failed: .*Check free space") as caught:
        sample.publish()
    assert not isinstance(caught.value, WarehouseBusyError)
    assert path.stat().st_ino == before
    assert not (sample.settings.data_dir / ".publishing").exists()


def test_two_publishings_do_not_overlap(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever publishes while another does is told so after waiting."""
    from filelock import FileLock

    from exepron_pipeline.publish import snapshot

    scene.land_sample(NOON, "accounts")
    monkeypatch.setattr(snapshot, "_WAIT_SECONDS", 0.05)
    with (
        FileLock(scene.settings.state_dir / "publish.lock"),
        pytest.raises(WarehouseBusyError, match="publishing"),
    ):
        scene.publish()
    assert not scene.settings.snapshot_path.exists()


READ = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(duckdb.__version__, con.execute("SELECT count(*) FROM core.tasks").fetchall()[0][0])
print(con.execute("SELECT count(*) FROM history.tasks_as_of('2026-03-04 12:00', '2026-03-04 12:00')").fetchall()[0][0])
print(con.execute("SELECT sum(tasks_total) FROM marts.project_status").fetchall()[0][0])
"""


@pytest.mark.full
@pytest.mark.parametrize("version", ["1.4", "1.5"])
@pytest.mark.parametrize("exclude", [(), ("personal",)])
def test_older_duckdb_reads_it(
    scenery: ModuleType, helper: Any, tmp_path: Path, version: str, exclude: tuple[str, ...]
) -> None:
    """DuckDB 1.4 and 1.5 read the snapshot, its macros and marts."""
    path = scenery.Scene.published(tmp_path, publish_exclude=exclude).settings.snapshot_path
    command = [helper("publish", "clients").client(version), "-c", READ, path]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{version}.")
    assert [lines[0].split()[1], *lines[1:]] == ["3", "3", "3"]
