"""A service with the confirmed paths and fields only: the main job ends well, and says what is not there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from exepron_pipeline.marts import MARTS
from exepron_pipeline.publish.reader import open_snapshot
from exepron_pipeline.sandbox import process
from exepron_pipeline.sandbox.offer import Offer

CONFIRMED = {"logged_in_user", "accounts", "users", "projects", "tasks"}
CHECK = "ASSET_CHECK_EVALUATION"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory, lab_kit):
    """What `make run` does against the confirmed profile, two days after a first run; where, and its result."""
    folder = tmp_path_factory.mktemp("confirmed")
    home = folder / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
    with process.start(folder / "data", offer=Offer(profile="confirmed")) as sandbox:
        lab = lab_kit.Lab(sandbox, folder / "data")
        assert lab.sync().ok
        lab.publish()
        lab.advance(2)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
        done = subprocess.run(
            [sys.executable, "-m", "exepron_pipeline.orchestration.run"],
            env={**environment, **lab.environment, "DAGSTER_HOME": str(home)},
            cwd=folder, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_run_ends_well_and_names_what_is_absent(made):
    """Exit code 0; the confirmed sets are ok, all others are told in one line as not offered."""
    _, done = made
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert all(" ok " in lines[name] for name in CONFIRMED)
    [absent] = [line for line in done.stderr.splitlines() if line.startswith("Not offered")]
    assert {"buffers", "roles", "work_hours"} <= set(absent.replace(",", " ").split())
    assert not any(line.startswith("Error") for line in done.stderr.splitlines())


def test_every_mart_is_filled_or_says_why_not(made):
    """Each mart has rows; what it had to do without is printed, and stands in the snapshot as its comment."""
    folder, done = made
    with open_snapshot(folder / "data" / "exepron.duckdb") as reader:
        rows = reader.query(
            "SELECT table_name, estimated_size, comment FROM duckdb_tables() WHERE schema_name = 'marts'"
        ).to_pylist()
    comments = {row["table_name"]: row["comment"] for row in rows}
    assert comments.keys() == {mart.name for mart in MARTS}
    assert all(row["estimated_size"] for row in rows if row["table_name"] != "early_warning_changes")
    assert "Built here without core.early_warning_history, history.buffers" in comments["fever_chart"]
    assert "without core.early_warning_history, history.buffers" in " ".join(done.stdout.split())


def test_the_fever_chart_says_why_there_is_no_completion(made):
    """Without chain and trend no completion is invented: it is null, and the row says why."""
    folder, _ = made
    with open_snapshot(folder / "data" / "exepron.duckdb") as reader:
        rows = reader.query(
            "SELECT chain_completion_pct, buffer_penetration_pct, reason FROM marts.fever_chart"
        )
    found = rows.to_pylist()
    assert found
    assert all(row["chain_completion_pct"] is not None or row["reason"] for row in found)
    assert any(row["buffer_penetration_pct"] is not None for row in found)


def test_dagster_shows_no_failure(made, monkeypatch):
    """All runs in the instance are successes, and no check failed."""
    folder, _ = made
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "dagster"))
    with dg.DagsterInstance.get() as instance:
        runs = [record.dagster_run for record in instance.get_run_records()]
        events = [event for run in runs for event in instance.all_logs(run.run_id) if event.is_dagster_event]
    assert sorted((run.job_name, run.status.value) for run in runs) == [
        ("publish", "SUCCESS"),
        ("refresh", "SUCCESS"),
    ]
    assert [event for event in events if event.dagster_event.is_failure] == []
    checks = [event.dagster_event for event in events if event.dagster_event.event_type_value == CHECK]
    assert checks
    assert all(check.event_specific_data.passed for check in checks)
