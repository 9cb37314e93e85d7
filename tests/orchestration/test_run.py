"""The program behind `make run`: what a person reads, what is published, and the exit code."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import dagster as dg
import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.orchestration import run as program
from exepron_pipeline.publish.reader import open_snapshot

pytestmark = pytest.mark.xdist_group("orchestration")


@pytest.fixture
def make_run(connected, home, capsys):
    """Run the program in this process; gives exit code, standard output and standard error."""

    def make() -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            program.main()
        return ended.value.code, *capsys.readouterr()

    return make


@pytest.fixture
def few_sets(tmp_path, monkeypatch):
    """A catalogue with all but a few entity sets switched off, so that a run takes a moment."""
    kept = {"accounts", "projects", "roles", "users"}
    entity_sets = {name: {"enabled": False} for name in load_catalogue().entity_sets if name not in kept}
    path = tmp_path / "few.yaml"
    path.write_text(json.dumps({"entity_sets": entity_sets}))
    monkeypatch.setenv("EXEPRON_CATALOGUE", str(path))
    return kept


def runs(home):
    """Job and status of each recorded run, the oldest first."""
    with dg.DagsterInstance.get() as instance:
        found = [record.dagster_run for record in instance.get_run_records(ascending=True)]
    return [(each.job_name, each.status.value) for each in found]


def published(connected):
    """Tables of the snapshot."""
    with open_snapshot(connected / "exepron.duckdb") as reader:
        return reader.tables()


def test_a_run_ends_with_table_snapshot_and_a_query_that_works(make_run, connected, home):
    """Every entity set lands and is published; the printed query gives rows in a shell; Dagster keeps quiet."""
    code, out, err = make_run()
    assert code == 0
    assert out.splitlines()[0].split() == [
        "entity", "set", "status", "fetched", "inserted", "updated", "deleted", "seconds"
    ]  # fmt: skip
    assert sum(line.split()[1:2] == ["ok"] for line in out.splitlines()) == 20
    assert f"Snapshot: {Path('data', 'exepron.duckdb')}" in out
    assert "core.tasks" in published(connected)
    assert runs(home) == [("refresh", "SUCCESS"), ("publish", "SUCCESS")]
    assert [line for line in err.splitlines() if "dagster" in line.lower() or "Traceback" in line] == []
    [command] = [line.removeprefix("Try:").strip() for line in out.splitlines() if line.startswith("Try:")]
    assert Path(shlex.split(command)[0]).name == "exepron"
    words = [sys.executable, "-m", "exepron_pipeline", *shlex.split(command)[1:]]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert len(shown.splitlines()) == 6


def test_a_second_run_is_incremental(make_run, few_sets, published):
    """What has landed before and has not changed is not written again."""
    code, out, _ = make_run()
    assert code == 0
    figures = {line.split()[0]: line.split()[3:6] for line in out.splitlines()[1:5]}
    assert figures.pop("accounts") == ["1", "0", "0"]
    assert set(figures) == few_sets - {"accounts"}
    assert all(each == ["0", "0", "0"] for each in figures.values())


def test_a_set_that_fails_is_told_and_the_rest_is_published(make_run, few_sets, proxy, connected, home):
    """Exit code 1; the message names the set; the others are in the snapshot."""
    proxy.answer("/Roles", 302)
    code, out, err = make_run()
    assert code == 1
    assert [line for line in err.splitlines() if line.startswith("roles: ") and "Roles" in line]
    assert "Snapshot:" in out
    assert {"core.users", "core.projects"} <= set(published(connected))
    assert runs(home) == [("refresh", "FAILURE"), ("publish", "SUCCESS")]


def test_nothing_is_published_when_nothing_landed(make_run, proxy, home, one_attempt, tmp_path, monkeypatch):
    """A service that fails for every set is exit code 4, at once: no step is tried again."""
    entity_sets = {name: {"enabled": False} for name in load_catalogue().entity_sets if name != "roles"}
    (tmp_path / "one.yaml").write_text(json.dumps({"entity_sets": entity_sets}))
    monkeypatch.setenv("EXEPRON_CATALOGUE", str(tmp_path / "one.yaml"))
    proxy.answer("/Roles", 503)
    code, out, err = make_run()
    assert code == 4
    assert proxy.times("/Roles") == 1
    assert "503" in err
    assert "Nothing was published" in err
    assert "Snapshot:" not in out
    assert runs(home) == [("refresh", "FAILURE")]


def test_without_sign_in_nothing_is_started(make_run, home, connected, monkeypatch):
    """A refused password is exit code 4 with its cure, and no run is recorded."""
    monkeypatch.setenv("EXEPRON_PASSWORD", "mistaken-password")
    code, out, err = make_run()
    assert (code, out) == (4, "")
    assert err.startswith("Error: ")
    assert "EXEPRON_PASSWORD" in err
    assert "mistaken-password" not in err
    assert "Traceback" not in err
    assert runs(home) == []


def test_settings_come_first(make_run, monkeypatch, home):
    """A missing setting is exit code 2, an unknown one too."""
    monkeypatch.delenv("EXEPRON_CLIENT_ID")
    code, _, err = make_run()
    assert code == 2
    assert "EXEPRON_CLIENT_ID" in err


def test_without_an_instance_the_cure_is_told(make_run, monkeypatch):
    """A run that nobody would see in Dagster is refused."""
    monkeypatch.setenv("DAGSTER_HOME", "not/absolute")
    code, _, err = make_run()
    assert code == 2
    assert "make run" in err


def test_a_publishing_that_fails_is_exit_5(make_run, few_sets, connected, monkeypatch):
    """When the snapshot cannot be replaced, what landed stays, and analysts keep what they had."""
    connected.mkdir(mode=0o700)
    (connected / "exepron.duckdb").mkdir()
    code, out, err = make_run()
    assert code == 5
    assert "Snapshot:" not in out
    assert "Nothing was published" in err
    assert "Traceback" not in err


def test_an_interrupted_run_is_exit_130(sandbox, few_sets, proxy, home, connected):
    """Ctrl-C while a set is read: exit code 130, one sentence, and Dagster does not show a run under way."""
    release = threading.Event()
    proxy.hold("/Roles", release)
    words = [sys.executable, "-m", "exepron_pipeline.orchestration.run"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as child:
        try:
            assert proxy.noticed.wait(60)
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=120)
        finally:
            child.kill()
            release.set()
    assert child.returncode == 130
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert runs(home) == [("refresh", "FAILURE")]
