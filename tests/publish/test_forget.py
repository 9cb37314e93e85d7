"""Forgetting a person: what is stored of them in a data folder."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.normalise.forgotten import Forgotten
from exepron_pipeline.publish.forget import forget
from exepron_pipeline.publish.reader import open_snapshot
from exepron_pipeline.publish.restore import restore
from exepron_pipeline.publish.snapshot import publish

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MANAGER = """
entity_sets:
  projects:
    columns:
      project_manager_name: {type: text, personal: name, description: "Name of the manager."}
"""
ADA = {
    "user_id": 1,
    "account_id": 7,
    "first_name": "Ada",
    "last_name": "Byron-King",
    "user_name": "ada.byron",
    "email": "ada@bridges.example",
    "title_position": "Countess",
    "last_modified_on": NOON,
    "_extra": '{"badge": "B-1815"}',
}
BOB = {**ADA, "user_id": 2, "first_name": "Bob", "last_name": "Moran", "user_name": "bob.moran"} | {
    "email": "bob@bridges.example",
    "title_position": "Engineer",
    "_extra": None,
}
BRIDGE = {
    "project_id": 10,
    "project_name": "Bridge",
    "project_manager_id": 1,
    "project_manager_name": "A. Byron-K.",
    "last_modified_by_user_id": 2,
    "last_modified_on": NOON,
}
TUNNEL = {**BRIDGE, "project_id": 11, "project_manager_id": 2, "project_manager_name": "B. Moran"}
NOTE = {"task_reason_code_id": 1, "task_id": 100, "note": "ask ada@bridges.example first"}
NAMES = (b"Byron-King", b"Byron-K.", b"ada.byron", b"ada@bridges", b"Countess", b"B-1815")


@pytest.fixture
def known(scenery: ModuleType, tmp_path: Path) -> Any:
    """A warehouse that names Ada in records, former versions, notes, copies, marts, rejects and raw pages."""
    (tmp_path / "own.yaml").write_text(MANAGER, encoding="utf-8")
    scene = scenery.Scene(tmp_path, catalogue=tmp_path / "own.yaml")
    scene.land("users", [{**ADA, "user_name": "ada.byron.1"}, BOB], NOON)
    scene.land("projects", [BRIDGE, TUNNEL], NOON)
    scene.land("task_reason_codes", [NOTE], NOON)
    scene.land("users", [ADA, BOB], NOON + HOUR)
    rejects = "INSERT INTO ops.quarantine (load_id, entity_set, account_id, key, reason)"
    scene.execute(f"{rejects} VALUES ('load-001', 'users', '7', '1', 'no date')")
    scene.build()
    scene.publish(keep=3)
    scene.land("tasks", [{"task_id": 900}], NOON + 2 * HOUR)
    scene.publish(keep=3)
    state = scene.settings.state_dir
    for name, body in (
        ("users", b"[]"),
        ("task_reason_codes", b'"ask ada@bridges.example"'),
        ("tasks", b"[]"),
    ):
        Spool(state, "load-001", name, "7")._keep_raw(1, body)
    (state / "last_runs.json").write_text(json.dumps({"users": {"error": "ada@bridges.example"}}))
    return scene


def forgotten(scene: Any, user: str = "1") -> Any:
    """Forget a user and publish, as the command does."""
    done = forget(scene.warehouse, scene.settings, scene.catalogue, user)
    scene.build()
    publish(scene.warehouse, scene.settings, old_versions=0)
    return done


def files_that_name(folder: Path, names: tuple[bytes, ...] = NAMES) -> dict[str, list[bytes]]:
    """Files below a folder in whose bytes a name stands, packed ones unpacked."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            body = path.read_bytes()
            if path.suffix == ".zst":
                with pa.input_stream(path, compression="zstd") as stream:
                    body = bytes(stream.read())
            held = [name for name in names if name in body]
            if held:
                found[str(path.relative_to(folder))] = held
    return found


def test_no_byte_names_the_person_any_more(known: Any) -> None:
    """Warehouse, snapshot, kept snapshots, all Parquet versions, raw pages and notes: nothing is left."""
    data = known.settings.data_dir
    before = files_that_name(data)
    assert {"warehouse.duckdb", "exepron.duckdb"} < set(before)
    assert len([path for path in before if path.startswith("snapshots/")]) == 2
    assert [path for path in before if path.startswith("parquet/.versions/")]
    done = forgotten(known)
    assert files_that_name(data) == {}
    assert not list(data.rglob("*.wal"))
    assert len(list((data / "parquet" / ".versions").iterdir())) == 1
    assert (done.pages, len(done.rewritten)) == (2, 3)
    assert set(done.rows) == {
        *("core.users", "history.users", "core.projects", "history.projects", "ops.quarantine"),
        *("core.task_reason_codes", "history.task_reason_codes", "marts.project_status"),
    }


def test_everybody_else_and_all_numbers_stay(known: Any) -> None:
    """Other people, keys, references, times and figures are as they were; files keep their modes."""
    forgotten(known)
    users = known.rows(
        "SELECT user_id, first_name, title_position, last_modified_on FROM core.users ORDER BY 1"
    )
    assert [(row["user_id"], row["first_name"], row["title_position"]) for row in users] == [
        (1, None, None),
        (2, "Bob", "Engineer"),
    ]
    assert {row["last_modified_on"] for row in users} == {NOON}
    managers = "SELECT project_id, project_manager_id, project_manager_name FROM core.projects ORDER BY 1"
    assert [tuple(row.values()) for row in known.rows(managers)] == [(10, 1, None), (11, 2, "B. Moran")]
    assert known.rows("SELECT note FROM core.task_reason_codes") == [{"note": "ask  first"}]
    assert len(known.rows("FROM history.users WHERE user_id = 1")) == 3
    assert known.settings.warehouse_path.stat().st_mode & 0o777 == 0o600
    kept = sorted((known.settings.data_dir / "snapshots").iterdir())
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o644, 0o644]
    with open_snapshot(kept[0]) as reader:
        names = reader.query("SELECT DISTINCT user_name FROM history.users ORDER BY ALL").to_pylist()
    assert [row["user_name"] for row in names] == ["bob.moran", None]


def test_what_comes_again_is_no_change(known: Any) -> None:
    """Records that come as the decoder blanks them count as unchanged: history shows no false change."""
    forgotten(known)
    before = known.rows("SELECT count(*) AS n FROM history.users")
    blank = {"user_id": 1, "last_modified_on": NOON}
    assert known.land("users", [blank, BOB], NOON + 3 * HOUR).unchanged == 2
    bridge = {**BRIDGE, "project_manager_name": None}
    assert known.land("projects", [bridge, TUNNEL], NOON + 3 * HOUR).unchanged == 2
    assert known.land("task_reason_codes", [NOTE], NOON + 3 * HOUR).unchanged == 1
    assert known.rows("SELECT count(*) AS n FROM history.users") == before
    assert files_that_name(known.settings.data_dir) == {}


def test_the_list_holds_no_id(known: Any) -> None:
    """Who was forgotten is kept as a keyed hash, in a private file; said twice, it is there once."""
    forget(known.warehouse, known.settings, known.catalogue, "1815")
    forget(known.warehouse, known.settings, known.catalogue, "1815")
    path = known.settings.state_dir / "forgotten.json"
    assert b"1815" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    found = Forgotten.read(known.settings.state_dir)
    assert found.among(pa.array([1, 1815, None])).to_pylist() == [False, True, False]
    path.write_text("torn")
    with pytest.raises(WarehouseError, match=r"forgotten\.json cannot be read"):
        Forgotten.read(known.settings.state_dir)


def test_an_interrupted_forgetting_is_said_again(known: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before the warehouse was changed, the same words finish what was begun."""
    from exepron_pipeline.publish.forget import steps

    def stop(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(steps, "_rewrite_warehouse", stop)
    with pytest.raises(WarehouseError, match="No space left") as told:
        forget(known.warehouse, known.settings, known.catalogue, "1")
    assert "say the same again" in told.value.hint
    monkeypatch.undo()
    forgotten(known)
    assert files_that_name(known.settings.data_dir) == {}


def test_an_old_copy_does_not_bring_them_back(known: Any, tmp_path: Path) -> None:
    """A backup from before is blanked while it is restored; what was put aside is erased the next time."""
    backup = tmp_path / "backup.duckdb"
    backup.write_bytes(known.settings.snapshot_path.read_bytes())
    forgotten(known)
    restore(known.warehouse, known.settings, backup, force=True)
    publish(known.warehouse, known.settings, old_versions=0)
    assert files_that_name(known.settings.data_dir) == {}


def test_a_catalogue_without_people_is_told(known: Any) -> None:
    """Where nothing says who people are, nothing can be forgotten."""
    bare = known.catalogue.model_copy(update={"entity_sets": {}})
    with pytest.raises(ConfigurationError, match="no entity set of people"):
        forget(known.warehouse, known.settings, bare, "1")
