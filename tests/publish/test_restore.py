import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from exepron_pipeline.errors import ConfigurationError, WarehouseBusyError, WarehouseError
from exepron_pipeline.land.source import SourceStamp, check_source
from exepron_pipeline.publish.restore import Restored, restore

FIRST_RELEASE = Path(__file__).parents[1] / "land" / "first_release.sql"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANGED = {"project_id": 10, "project_name": "Long Bridge", "last_modified_on": NOON}
SOURCE = SourceStamp("https://identity.example", "https://api.example/v1", ("7",))


@pytest.fixture(scope="module")
def storied(scenery: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A warehouse with former versions, a deleted record, a rejected one and a source, published and kept."""
    scene = scenery.Scene(tmp_path_factory.mktemp("storied"))
    scene.land_sample(NOON)
    scene.land("projects", [CHANGED], NOON + HOUR, mode="reconcile", evidence="count", complete=True)
    scene.execute(
        "INSERT INTO ops.quarantine (load_id, entity_set, account_id, key, reason) VALUES ('load-001', 'tasks', '7', '5', 'no date')"
    )
    with scene.warehouse.open("test") as con:
        check_source(con, [SOURCE])
    scene.build()
    scene.publish(keep=2)
    return scene


@pytest.fixture
def lost(storied: Any, tmp_path: Path) -> Any:
    """A copy of it whose writer's file is gone."""
    scene = storied.copy(tmp_path)
    scene.settings.warehouse_path.unlink()
    return scene


def restored(scene: Any, source: Path, **how: Any) -> Restored:
    """Restore a scene's warehouse."""
    return restore(scene.warehouse, scene.settings, source, **how)


def everything(scene: Any) -> dict[str, Any]:
    """Rows of all tables, and every column, comment and macro."""
    tables = scene.rows(
        "SELECT schema_name || '.' || table_name AS name, comment FROM duckdb_tables() ORDER BY ALL"
    )
    columns = "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    macros = "SELECT function_name, macro_definition, comment FROM duckdb_functions() WHERE NOT internal ORDER BY ALL"
    found = {table["name"]: sorted(map(str, scene.rows(f"FROM {table['name']}"))) for table in tables}
    return {**found, "tables": tables, "columns": scene.rows(columns), "macros": scene.rows(macros)}


@pytest.mark.parametrize("form", ["exepron.duckdb", "snapshots", "parquet", "a copy of parquet"])
def test_nothing_is_lost(storied: Any, lost: Any, tmp_path: Path, form: str) -> None:
    """From each form of what was published, the writer's file comes back whole: rows, types, comments, macros."""
    data = lost.settings.data_dir
    source = data / form
    if form == "snapshots":
        [source] = source.iterdir()
    elif form.startswith("a copy"):
        source = shutil.copytree(data / "parquet" / ".current", tmp_path / "elsewhere")
    found = restored(lost, source)
    assert everything(lost) == everything(storied)
    assert (found.load_id, found.reread, found.aside) == (f"load-{storied.loads:03}", (), None)
    path = lost.settings.warehouse_path
    assert path.stat().st_mode & 0o777 == 0o600
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS looked_at (READ_ONLY)")
        [(tags,)] = con.sql(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 'looked_at'"
        ).fetchall()
    assert "v1.0.0" in tags["storage_version"]


def test_loads_go_on_from_there(lost: Any) -> None:
    """What landed before is unchanged when it comes again, the watermark stands, and a change is one version."""
    restored(lost, lost.settings.snapshot_path)
    before = lost.rows("FROM ops.watermarks WHERE entity_set = 'projects'")
    again = lost.land("projects", [CHANGED], NOON + 2 * HOUR, mode="incremental")
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 1)
    assert again.watermark_after == before[0]["watermark"]
    newer = {**CHANGED, "project_name": "Bridge 2", "last_modified_on": NOON + HOUR}
    assert lost.land("projects", [newer], NOON + 3 * HOUR, mode="incremental").updated == 1
    versions = "SELECT project_name FROM history.projects WHERE project_id = 10 AND _known_to IS NULL ORDER BY _valid_from"
    assert [row["project_name"] for row in lost.rows(versions)] == ["Bridge", "Long Bridge", "Bridge 2"]


def test_a_good_warehouse_is_kept(sample: Any) -> None:
    """It is replaced only when that is asked for, and stays beside the new one."""
    sample.land("tasks", [{"task_id": 900}], NOON + HOUR)
    with pytest.raises(ConfigurationError, match="is a good warehouse") as told:
        restored(sample, sample.settings.snapshot_path)
    assert "--force" in told.value.hint
    assert len(sample.rows("FROM core.tasks")) == 4
    aside = restored(sample, sample.settings.snapshot_path, force=True).aside
    assert len(sample.rows("FROM core.tasks")) == 3
    assert aside
    assert aside.stat().st_mode & 0o777 == 0o600
    with duckdb.connect(str(aside), read_only=True) as con:
        assert con.sql("SELECT count(*) FROM core.tasks").fetchall() == [(4,)]


def test_a_damaged_warehouse_is_put_aside(storied: Any, lost: Any) -> None:
    """What is no database any more is no obstacle, and is kept for whoever wants to look; a log beside it too."""
    path = lost.settings.warehouse_path
    path.write_bytes(b"torn" * 5000)
    path.with_name("warehouse.duckdb.wal").write_bytes(b"old")
    aside = restored(lost, lost.settings.snapshot_path).aside
    assert aside
    assert aside.read_bytes().startswith(b"torn")
    assert aside.with_name(f"{aside.name}.wal").read_bytes() == b"old"
    assert everything(lost) == everything(storied)


def test_another_source_is_refused(lost: Any, storied: Any) -> None:
    """A copy of another service than the settings name, or than the warehouse holds, is not taken."""
    other = lost.settings.model_copy(update={"api_url": "https://other.example", "client_id": "x"})
    with pytest.raises(
        ConfigurationError, match=r"holds records of https://api\.example/v1 .*, not of https://other"
    ):
        restore(lost.warehouse, other, lost.settings.snapshot_path)
    assert not lost.settings.warehouse_path.exists()
    with lost.warehouse.open("test") as con:
        check_source(con, [SourceStamp("https://identity.example", "https://third.example", ("7",))])
    with pytest.raises(ConfigurationError, match=r"not of https://third"):
        restored(lost, storied.settings.snapshot_path, force=True)


@pytest.mark.parametrize("fault", ["a table is missing", "a table is older", "a file is torn", "no list"])
def test_incomplete_parquet_is_refused(lost: Any, fault: str) -> None:
    """Parquet of which a table is missing, torn or of another version is told, and nothing is made of it."""
    root = lost.settings.parquet_dir / ".current"
    part = root / "core" / "tasks" / "part-0.parquet"
    if fault == "a table is older":
        shutil.copy(root / "core" / "users" / part.name, part.with_name("x"))
        part.with_name("x").replace(part)
    elif fault == "a file is torn":
        torn = part.read_bytes()[:-50]
        part.unlink()
        part.write_bytes(torn)
    else:
        (root / "ops" / "snapshot" / part.name if fault == "no list" else part).unlink()
    with pytest.raises(WarehouseError) as told:
        restored(lost, lost.settings.parquet_dir)
    assert ("ops/snapshot" if fault == "no list" else "core/tasks") in str(told.value)
    assert told.value.hint
    assert [path.name for path in lost.settings.data_dir.iterdir() if "warehouse" in path.name] == []


def test_what_is_no_copy_is_refused(lost: Any, tmp_path: Path) -> None:
    """A file that is not there, is no database, or was made by a newer program is told, with a cure."""
    with pytest.raises(ConfigurationError, match="There is nothing at"):
        restored(lost, tmp_path / "nowhere")
    (tmp_path / "torn.duckdb").write_bytes(b"torn" * 5000)
    with pytest.raises(WarehouseError, match="cannot be restored") as told:
        restored(lost, tmp_path / "torn.duckdb")
    assert "parquet" in told.value.hint
    newer = shutil.copy(lost.settings.snapshot_path, tmp_path / "newer.duckdb")
    with duckdb.connect(newer) as con:
        con.execute("UPDATE ops.meta SET version = 99")
    with pytest.raises(WarehouseError, match=r"newer\.duckdb was made by a newer program") as told:
        restored(lost, newer)
    assert "newest exepron-pipeline" in told.value.hint
    assert not lost.settings.warehouse_path.exists()


def test_a_copy_of_an_older_program_is_brought_up_to_date(lost: Any, tmp_path: Path) -> None:
    """What the first release published can be restored."""
    older = tmp_path / "older.duckdb"
    with duckdb.connect(str(older)) as con:
        con.execute(FIRST_RELEASE.read_text(encoding="utf-8"))
    restored(lost, older)
    assert lost.rows("FROM ops.scopes") == []
    assert [row["task_id"] for row in lost.rows("SELECT task_id FROM core.tasks ORDER BY ALL")] == [1, 2, 3]


def test_nobody_else_may_hold_it(lost: Any) -> None:
    """Whoever loads meanwhile is told of, and not disturbed."""
    hurried = type(lost.warehouse)(lost.settings.warehouse_path, lost.settings.state_dir, wait_seconds=0.05)
    with lost.warehouse.held("sync"), pytest.raises(WarehouseBusyError, match="sync"):
        restore(hurried, lost.settings, lost.settings.snapshot_path)


KILL = """
import os, signal, sys
from pathlib import Path
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.publish import replace, restore
from exepron_pipeline.settings import Settings
place, step = sys.argv[2].split(".")
setattr({"replace": replace, "restore": restore}[place], step, lambda *args: os.kill(os.getpid(), signal.SIGKILL))
settings = Settings(data_dir=Path(sys.argv[1]))
restore.restore(Warehouse(settings.warehouse_path, settings.state_dir), settings, settings.snapshot_path, force=True)
"""


@pytest.mark.parametrize(
    "step", ["restore._settle", "restore.set_aside", "replace.flush", "replace.put_in_place"]
)
def test_killed_half_way_it_harms_nothing(sample: Any, step: str) -> None:
    """The warehouse is as it was, and nothing that was begun stays."""
    sample.land("tasks", [{"task_id": 900}], NOON + HOUR)
    subprocess.run([sys.executable, "-c", KILL, str(sample.settings.data_dir), step], check=False)
    assert len(sample.rows("FROM core.tasks")) == 4
    left = {
        path.name
        for path in sample.settings.data_dir.iterdir()
        if not path.name.startswith("warehouse-before")
    }
    assert left == {"warehouse.duckdb", "exepron.duckdb", "parquet", "state"}
