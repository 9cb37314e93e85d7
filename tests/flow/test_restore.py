"""The writer's file is lost and restored, against the sandbox: nothing is lost, and loads go on."""

import pytest

SETS = ("users", "projects", "tasks", "roles")
HISTORY = "SELECT * FROM history.projects ORDER BY project_id, _known_from, _valid_from"


@pytest.mark.parametrize("copy", ["exepron.duckdb", "parquet"])
def test_a_lost_warehouse_is_restored(empty_lab, copy):
    """After the writer's file was deleted and restored, all tables are there, and the next sync is incremental."""
    lab = empty_lab
    assert lab.sync(*SETS).ok
    lab.publish()
    before = lab.dump()
    (lab.data_dir / "warehouse.duckdb").unlink()
    ended = lab.exepron("restore", str(lab.data_dir / copy))
    assert ended.returncode == 0, ended.stderr
    assert "Next: exepron sync" in ended.stdout
    assert lab.dump() == before
    report = lab.sync(*SETS)
    assert report.ok
    assert report.entity_sets["projects"].mode == "incremental"
    assert {(each.inserted, each.updated, each.deleted) for each in report.entity_sets.values()} == {
        (0, 0, 0)
    }
    again = lab.exepron("restore", str(lab.data_dir / copy))
    assert again.returncode == 2
    assert "is a good warehouse" in again.stderr


def test_what_was_left_out_comes_back(empty_lab):
    """From a copy without personal and financial columns the next sync is whole, and history shows no change."""
    lab = type(empty_lab)(
        empty_lab.sandbox, empty_lab.data_dir, {"EXEPRON_PUBLISH_EXCLUDE": "personal,financial"}
    )
    assert lab.sync(*SETS).ok
    lab.publish()
    truth = {name: lab.core(name) for name in SETS}
    history = lab.query(HISTORY)
    (lab.data_dir / "warehouse.duckdb").unlink()
    ended = lab.exepron("restore", str(lab.data_dir / "exepron.duckdb"))
    assert "reads projects, roles, tasks, users whole" in ended.stdout
    report = lab.sync(*SETS)
    assert report.ok
    assert {(each.mode, each.inserted, each.updated) for each in report.entity_sets.values()} == {
        ("full", 0, 0)
    }
    assert {name: lab.core(name) for name in SETS} == truth
    assert lab.query(HISTORY) == history
