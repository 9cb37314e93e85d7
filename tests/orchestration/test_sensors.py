"""When sensors ask for runs, and when they leave it."""

import threading
import time

import dagster as dg
import duckdb
import pytest

from exepron_pipeline.errors import TransientError
from exepron_pipeline.land.lock import WarehouseLock
from exepron_pipeline.orchestration import sensors
from exepron_pipeline.orchestration.deadline import within
from exepron_pipeline.orchestration.definitions import build_defs
from exepron_pipeline.settings import load_settings

pytestmark = pytest.mark.xdist_group("orchestration")


@pytest.fixture
def tick(connected, instance):
    """Evaluate a sensor once; gives run requests, or the words in which it skips."""

    def evaluate(name):
        repository = build_defs().get_repository_def()
        context = dg.build_sensor_context(instance=instance, repository_def=repository)
        found = repository.get_sensor_def(name).evaluate_tick(context)
        return found.run_requests or found.skip_message

    return evaluate


def set_back(data_dir, entity_set):
    """Make the snapshot look as if it had been published an hour of changes ago."""
    with duckdb.connect(str(data_dir / "exepron.duckdb")) as connection:
        connection.execute(
            "UPDATE ops.watermarks SET watermark = watermark - INTERVAL 1 HOUR WHERE entity_set = ?",
            [entity_set],
        )


def test_nothing_is_asked_for_while_nothing_changed(tick, published):
    """The stamps in the service are those of the snapshot."""
    assert tick("source_changed") == "No entity set has a newer stamp than what is published."


def test_a_newer_stamp_asks_for_that_set_only(tick, published, connected):
    """One request for a refresh of what moved on, with a key that the same stamps give again."""
    set_back(connected, "users")
    [first], [second] = tick("source_changed"), tick("source_changed")
    assert [key.to_user_string() for key in first.asset_selection] == ["exepron/core/users"]
    assert first.run_key == second.run_key
    set_back(connected, "projects")
    [other] = tick("source_changed")
    assert {key.path[-1] for key in other.asset_selection} == {"projects", "users"}
    assert other.run_key != first.run_key


def test_one_small_request_a_set_with_a_cursor(tick, proxy, run_job):
    """The sensor asks for one record of each set that has a cursor, and never opens the writer's file."""
    assert run_job("refresh", "users", "roles").success
    assert run_job("publish").success
    proxy.asked.clear()
    with WarehouseLock(load_settings().state_dir, 0).held("test"):
        assert tick("source_changed") == "No entity set has a newer stamp than what is published."
    [asked] = [path for path in proxy.asked if "GetLoggedinUser" not in path]
    assert "/Users?" in asked
    assert "$top=1&" in f"{asked}&"
    assert "desc" in asked


def test_a_source_that_cannot_be_asked_is_a_reason_to_skip(tick, published, monkeypatch):
    """Neither a server that is down nor missing settings fail a tick; the reason holds no secret."""
    monkeypatch.setenv("EXEPRON_PASSWORD", "mistaken-password")
    monkeypatch.setenv("EXEPRON_USERNAME", "somebody@else.example")
    refused = tick("source_changed")
    assert "EXEPRON_PASSWORD" in refused
    assert "mistaken-password" not in refused
    monkeypatch.delenv("EXEPRON_CLIENT_ID")
    assert "EXEPRON_CLIENT_ID" in tick("source_changed")


def test_before_the_first_publishing_nothing_can_be_told(tick):
    """Without a snapshot there is nothing to compare with: the schedule brings the first refresh."""
    assert "nothing was published yet" in tick("source_changed")


def test_the_sensor_gives_up_before_dagster_does(tick, published, proxy, monkeypatch):
    """A service that does not answer ends the tick in time, with a reason."""
    monkeypatch.setattr(sensors, "ASK_SECONDS", 1)
    release = threading.Event()
    proxy.hold("/GetLoggedinUser", release)
    started = time.monotonic()
    assert "no answer within 1 s" in tick("source_changed")
    assert time.monotonic() - started < 30
    proxy.instead.clear()  # what was given up comes to its end
    release.set()
    for thread in threading.enumerate():
        if thread.name == "within":
            thread.join(30)


def test_a_load_under_way_is_waited_for(tick, published, instance):
    """While a refresh is queued or runs, no other is asked for, and nothing is published."""
    refresh = build_defs().get_repository_def().get_job("refresh")
    run = instance.create_run_for_job(refresh, status=dg.DagsterRunStatus.STARTED)
    assert tick("source_changed") == "A refresh or reconcile is under way."
    assert tick("publish_after_refresh") == "All that has landed is published."
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("job", ["refresh", "reconcile"])
def test_what_landed_is_published_once(tick, published, run_job, job):
    """Each ended load asks for one publishing, with one key; after it nothing is asked for."""
    result = run_job(job, "roles")
    [request] = tick("publish_after_refresh")
    assert request.run_key == f"after-{result.run_id}"
    assert tick("publish_after_refresh")[0].run_key == request.run_key
    assert run_job("publish").success
    assert tick("publish_after_refresh") == "All that has landed is published."


def test_a_partial_load_is_published_and_an_empty_one_is_not(tick, proxy, run_job, one_attempt):
    """What landed of a failed refresh is worth publishing; a refresh of which nothing landed is not."""
    proxy.answer("/Roles", 503)
    assert not run_job("refresh", "roles").success
    assert tick("publish_after_refresh") == "All that has landed is published."
    partial = run_job("refresh", "roles", "users")
    assert not partial.success
    assert tick("publish_after_refresh")[0].run_key == f"after-{partial.run_id}"


def test_what_is_started_from_the_asset_graph_counts(tick, run_job, published):
    """Assets materialized by hand are published; a run that publishes itself is not published again."""
    by_hand = run_job("__ASSET_JOB", "roles")
    assert by_hand.success
    assert tick("publish_after_refresh")[0].run_key == f"after-{by_hand.run_id}"
    assert run_job("publish").success
    everything = run_job("__ASSET_JOB", "roles", also=[dg.AssetKey(["exepron", "publish", "snapshot"])])
    assert everything.success
    assert tick("publish_after_refresh") == "All that has landed is published."


def test_an_answer_in_time_is_given():
    """Work that ends in time gives its result, or its own error."""
    assert within(5, lambda: 7) == 7

    def fail():
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        within(5, fail)


def test_work_that_takes_too_long_is_given_up():
    """Nobody waits longer than the limit."""
    release = threading.Event()
    with pytest.raises(TransientError, match="no answer within"):
        within(0.05, release.wait)
    release.set()
