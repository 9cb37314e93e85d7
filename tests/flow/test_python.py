"""The same from Python: ``ep.sync`` and ``ep.open``."""

import pytest

import exepron_pipeline as ep
from exepron_pipeline.errors import ConfigurationError

SETS = ["projects", "tasks", "work_hours"]


@pytest.fixture
def lab(empty_lab, monkeypatch):
    """A lab whose settings are those of the environment."""
    for name, value in empty_lab.environment.items():
        monkeypatch.setenv(name, value)
    return empty_lab


def test_from_sync_to_data_frame(lab):
    """Sync, publish, open: frames and relations hold what was landed, and newer data when it is there."""
    report = ep.sync(*SETS)
    assert report.ok
    assert list(report.entity_sets) == SETS
    lab.publish()
    with ep.open() as tables:
        frame = tables.pandas("core.tasks")
        assert set(frame["task_id"]) == {task_id for (task_id,) in lab.truth("tasks")}
        assert tables.table("core.projects").count("*").fetchall() == [(len(lab.truth("projects")),)]
        lab.advance(3)
        assert ep.sync(*SETS).ok
        lab.publish()
        assert tables.arrow("SELECT count(*) AS n FROM core.work_hours").to_pylist() == [
            {"n": len(lab.core("work_hours"))}
        ]


def test_open_as_of_an_earlier_load(lab):
    """``as_of`` shows what the warehouse knew then."""
    ep.sync("work_hours")
    before = lab.core("work_hours")
    [known] = lab.query("SELECT max(finished_at) AS at FROM ops.loads")
    lab.advance(3)
    assert ep.sync("work_hours").entity_sets["work_hours"].inserted > 0
    lab.publish()
    with ep.open(as_of=known["at"]) as tables:
        assert set(tables.arrow("core.work_hours")["work_hour_id"].to_pylist()) == {key for (key,) in before}


def test_settings_as_arguments(lab, tmp_path):
    """Settings that are given as arguments win over the environment."""
    report = ep.sync("roles", full=True, data_dir=tmp_path / "elsewhere")
    assert report.entity_sets["roles"].mode == "full"
    assert (tmp_path / "elsewhere" / "warehouse.duckdb").exists()
    assert not lab.data_dir.exists()


def test_mistakes_are_raised(lab):
    """A mistake of the caller is an exception with a cure, before anything is asked."""
    with pytest.raises(ConfigurationError, match="tasky is not in the catalogue") as caught:
        ep.sync("tasky")
    assert "tasks" in caught.value.hint
    with pytest.raises(ConfigurationError, match="since"):
        ep.sync("tasks", full=True, since="2026-01-01")
