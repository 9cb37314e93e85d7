"""Records that rows name and that are not there: a Dagster run asks for them when its last entity set was tried."""

from functools import partial

import pytest

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.orchestration import assets
from exepron_pipeline.sync import sync

pytestmark = pytest.mark.xdist_group("orchestration")

BY_KEY = "id%20eq%20"


@pytest.fixture
def refresh(run_job):
    """Runs a refresh of the sets that are named."""
    return partial(run_job, "refresh")


@pytest.fixture
def service(helper, tmp_path, monkeypatch, sandbox, refresh):
    """A service of things and others, which has landed; since then a thing came that names one which comes late."""
    with helper("flow", "things").things_served(helper, tmp_path) as served:
        for name in sandbox.environment:
            monkeypatch.delenv(name)
        for name, value in (served.environment | {"EXEPRON_DATA_DIR": str(tmp_path / "data")}).items():
            monkeypatch.setenv(name, value)
        assert refresh("things", "others").success
        life, service = served.life, served.service
        parent = life.born(500) | {"number": 0}
        service.records.append(life.born(501) | {"number": 500})
        service.asked.clear()

        def appears(_):
            if BY_KEY in service.asked[-1] and parent not in service.records:
                service.records.append(parent)

        service.before = appears
        yield service


def asked(service):
    """Questions by key, and whether each came after the others were asked for."""
    addresses = service.asked
    return [
        any("Others" in each for each in addresses[:n]) for n, each in enumerate(addresses) if BY_KEY in each
    ]


def warnings(instance, result):
    """What the run's log warns of."""
    entries = instance.all_logs(result.run_id)
    return [entry.user_message for entry in entries if entry.level == 30]


def test_they_are_asked_for_once_when_the_last_set_was_tried(service, instance, refresh):
    """They land within the run, whether the last set lands or fails; what does not come is warned of in its log."""
    service.answers["Others"] = RequestRejectedError("GET Others: 400", status=400)
    service.records.append({**service.records[-1], "id": 502, "number": 900})
    result = refresh("things", "others")
    assert [event.step_key for event in result.get_step_failure_events()] == ["exepron__core__others"]
    assert asked(service) == [True]
    [warned] = warnings(instance, result)
    assert warned.startswith("things: 1 of 63 rows name in number a record that core.things does not hold")


def test_a_run_of_one_set_asks_for_its_own(service, instance, refresh):
    """Nothing is waited for that the run does not read; the counts are in the materialization."""
    result = refresh("things")
    assert result.success
    [landed] = result.get_asset_materialization_events()
    assert landed.materialization.metadata["inserted"].value == 2
    assert (asked(service), warnings(instance, result)) == ([False], [])


def test_a_run_that_is_stopped_asks_for_none(service, instance, refresh, monkeypatch):
    """Whoever stops a run waits for nothing more, and what has landed stays."""

    def stopped(entity_set, *args, **options):
        if entity_set.name == "others":
            raise KeyboardInterrupt
        return sync(entity_set, *args, **options)

    monkeypatch.setattr(assets, "sync", stopped)
    result = refresh("things", "others")
    assert not result.success
    assert [each.asset_key.path[-1] for each in result.get_asset_materialization_events()] == ["things"]
    assert asked(service) == []


def test_what_fails_is_warned_of_without_secrets_and_fails_no_run(service, instance, refresh, monkeypatch):
    """The rows have landed: the run is green, and its log says what could not be asked."""

    def failing(*_):
        raise OSError("GET https://host/Things?access_token=geheim-4711 failed")

    monkeypatch.setattr("exepron_pipeline.parents.read_keys", failing)
    result = refresh("things", "others")
    assert result.success
    first, second = warnings(instance, result)
    assert first.startswith(
        "things: records that rows name could not be asked for by their keys: GET https://host"
    )
    assert "geheim" not in first
    assert second.startswith("things: 1 of 61 rows")
