"""Runs at a terminal whose process was killed."""

import subprocess
import sys

import dagster as dg
import pytest

from exepron_pipeline.orchestration.attended import TAGS, attended, end_killed
from exepron_pipeline.orchestration.unpublished import is_loading

pytestmark = pytest.mark.xdist_group("orchestration")

ATTENDING = """
import sys
from exepron_pipeline.orchestration.attended import attended
with attended(type("Instance", (), {"root_directory": sys.argv[1], "get_runs": lambda self, filters: []})()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def started(instance):
    """Two runs that began and said nothing more: one of a terminal here, one of another machine's."""
    runs = [
        instance.create_run_for_job(dg.define_asset_job(name).resolve(_graph()), tags=tags)
        for name, tags in (("refresh", TAGS), ("reconcile", dict.fromkeys(TAGS, "elsewhere")))
    ]
    for run in runs:
        instance.report_dagster_event(_started(run), run_id=run.run_id)
    return [run.run_id for run in runs]


def _graph():
    @dg.asset
    def thing() -> None:
        """A thing."""

    return dg.Definitions(assets=[thing]).resolve_asset_graph()


def _started(run):
    return dg.DagsterEvent("PIPELINE_START", run.job_name)


def status(instance, run_id):
    """Its status."""
    return instance.get_run_by_id(run_id).status.value


def test_what_a_dead_process_left_is_over(instance, started):
    """It is marked as failed, so that nobody waits for it; runs of other machines are left alone."""
    with attended(instance):
        pass
    assert [status(instance, run_id) for run_id in started] == ["FAILURE", "STARTED"]


def test_the_sensor_does_not_wait_for_the_dead(instance, started):
    """As long as a process attends to runs they are under way, and when it was killed they are not."""
    instance.delete_run(started[1])
    with subprocess.Popen(
        [sys.executable, "-c", ATTENDING, instance.root_directory],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "held\n"
        assert is_loading(instance)
        with attended(instance):
            assert status(instance, started[0]) == "STARTED"
        process.kill()
        process.wait()
    assert not is_loading(instance)
    assert status(instance, started[0]) == "FAILURE"


def test_where_nobody_attends_nothing_is_touched(instance, started):
    """In a deployment that is no terminal's there is no lock, and no run is judged by it."""
    end_killed(instance)
    assert [status(instance, run_id) for run_id in started] == ["STARTED", "STARTED"]
