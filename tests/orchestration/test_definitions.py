"""The names that users and other tools rely on."""

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.marts import MARTS
from exepron_pipeline.orchestration.definitions import build_defs, defs
from exepron_pipeline.orchestration.schedules import due_sets
from exepron_pipeline.settings import load_settings

pytestmark = pytest.mark.xdist_group("orchestration")

SETS = [
    "accounts", "buffers", "calendar_days", "cost_groups", "early_warning_history", "linked_projects",
    "logged_in_user", "milestones", "project_groups", "projects", "reason_codes", "resource_types", "roles",
    "task_links", "task_reason_codes", "task_resource_assignments", "task_revenues", "tasks", "users", "work_hours",
]  # fmt: skip


@pytest.fixture(scope="module")
def graph():
    """The asset graph of our definitions."""
    return build_defs().resolve_asset_graph()


@pytest.fixture(scope="module")
def repository():
    """Our definitions, resolved."""
    return build_defs().get_repository_def()


def nodes(graph, layer):
    """The assets of one layer, by name."""
    return {key.path[-1]: graph.get(key) for key in graph.get_all_asset_keys() if key.path[1] == layer}


def test_definitions_load():
    """Dagster accepts the definitions, with no setting and no server there."""
    dg.Definitions.validate_loadable(build_defs())
    assert isinstance(defs(), dg.Definitions)


BUSINESS_TABLES = (
    "data_quality",
    "due_date_slip",
    "early_warning_changes",
    "fever_chart",
    "project_day",
    "project_status",
    "task_day",
)


def test_asset_keys_are_the_fixed_ones(graph):
    """One asset for each entity set and mart, one source asset for each set, one snapshot."""
    keys = sorted(key.to_user_string() for key in graph.get_all_asset_keys())
    assert keys == sorted(
        [f"exepron/{layer}/{name}" for layer in ("api", "core") for name in SETS]
        + [f"exepron/marts/{name}" for name in BUSINESS_TABLES]
        + ["exepron/publish/snapshot"]
    )


def test_a_new_entity_set_is_an_asset_unasked(tmp_path, monkeypatch):
    """An entry of a user's catalogue is all that an asset needs."""
    (tmp_path / "mine.yaml").write_text(
        "entity_sets:\n  ideas:\n    description: Ideas.\n    evidence: probable\n    key: idea_id\n"
        "    sources: [{path: 'Accounts/{accountId}/Ideas'}]\n"
        "    columns: {idea_id: {type: int, nullable: false, description: Identifies the idea.}}\n"
    )
    monkeypatch.setenv("EXEPRON_CATALOGUE", str(tmp_path / "mine.yaml"))
    assert set(nodes(build_defs().resolve_asset_graph(), "core")) == {*SETS, "ideas"}


def test_another_prefix_moves_every_key():
    """In other people's deployments every key begins with their prefix, those of jobs and sensors too."""
    repository = build_defs(key_prefix="theirs").get_repository_def()
    assert {key.path[0] for key in repository.asset_graph.get_all_asset_keys()} == {"theirs"}
    selected = repository.get_job("refresh").asset_layer.selected_asset_keys
    assert {key.path[-1] for key in selected} == set(SETS)


def test_jobs_schedules_and_sensors_have_the_fixed_names(repository):
    """Four jobs, three schedules named after them, two sensors; all of them run as soon as a daemon does."""
    assert set(repository.job_names) - {"__ASSET_JOB"} == {"refresh", "reconcile", "publish", "maintenance"}
    crons = {
        schedule.name: (schedule.job_name, schedule.cron_schedule) for schedule in repository.schedule_defs
    }
    assert crons == {
        "refresh_schedule": ("refresh", "0 * * * *"),
        "reconcile_schedule": ("reconcile", "30 1 * * *"),
        "maintenance_schedule": ("maintenance", "0 5 * * 0"),
    }
    sensors = {
        sensor.name: (sensor.job_name, sensor.minimum_interval_seconds) for sensor in repository.sensor_defs
    }
    assert sensors == {"source_changed": ("refresh", 300), "publish_after_refresh": ("publish", 30)}
    assert {item.default_status.value for item in repository.schedule_defs} == {"RUNNING"}
    assert {item.default_status.value for item in repository.sensor_defs} == {"RUNNING"}


def test_jobs_select_what_they_say(repository):
    """`refresh` and `reconcile` read every entity set; `publish` builds the marts and the snapshot."""
    chosen = {
        name: {key.to_user_string() for key in repository.get_job(name).asset_layer.selected_asset_keys}
        for name in ("refresh", "reconcile", "publish")
    }
    assert chosen["refresh"] == chosen["reconcile"] == {f"exepron/core/{name}" for name in SETS}
    assert chosen["publish"] == {
        *(f"exepron/marts/{mart.name}" for mart in MARTS),
        "exepron/publish/snapshot",
    }


def test_pools_keep_the_api_and_the_warehouse_apart(graph):
    """Everything that reads the service shares one pool, everything that builds and publishes another."""
    assert {node.assets_def.op.pool for node in nodes(graph, "core").values()} == {"exepron_api"}
    rest = [*nodes(graph, "marts").values(), *nodes(graph, "publish").values()]
    assert {node.assets_def.op.pool for node in rest} == {"exepron_warehouse"}


def test_cancelling_ends_a_run(graph):
    """No step has a retry policy of Dagster's: with one, a cancelled step would be tried again."""
    made = [node for layer in ("core", "marts", "publish") for node in nodes(graph, layer).values()]
    assert {node.assets_def.op.retry_policy for node in made} == {None}


def test_everything_runs_in_one_process(repository):
    """DuckDB has one writer: no job uses an executor with several processes."""
    assert {repository.get_job(name).executor_def.name for name in repository.job_names} == {"in_process"}


def test_every_asset_tells_what_it_is(graph):
    """Each asset has a group, kinds and a description; each that is made here has a freshness policy."""
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.group_name == key.path[1], key
        assert node.kinds, key
        assert bool(node.freshness_policy) == (key.path[1] != "api"), key


def test_columns_carry_their_comments_and_no_dropped_one(graph):
    """The column schema of each set is that of its table: every column described, private contact data absent."""
    for name, node in nodes(graph, "core").items():
        schema = node.metadata["dagster/column_schema"]
        entity_set = load_catalogue().entity_sets[name]
        shown = {column.name for column in schema.columns}
        dropped = {column.name for column in entity_set.columns if column.personal == "contact"}
        assert all(column.description and column.type for column in schema.columns)
        assert {"_account_id", "_deleted_at", *entity_set.key} <= shown
        assert not dropped & shown
    assert "phone" in {column.name for column in load_catalogue().entity_sets["users"].columns}


def test_marts_and_snapshot_depend_on_what_they_read(graph):
    """Materializing everything in one run reads first, builds then, publishes last."""
    for mart in MARTS:
        parents = graph.get(dg.AssetKey(["exepron", "marts", mart.name])).parent_keys
        assert {key.path[-1] for key in parents} == set(mart.depends_on)
    snapshot = graph.get(dg.AssetKey(["exepron", "publish", "snapshot"])).parent_keys
    assert {key.path[-1] for key in snapshot} == {*SETS, *(mart.name for mart in MARTS)}


@pytest.mark.parametrize(
    ("hour", "weekday", "classes"),
    [(2, 0, {"hourly"}), (3, 1, {"hourly", "daily"}), (3, 0, {"hourly", "daily", "weekly"})],
)
def test_sets_come_as_often_as_the_catalogue_says(hour, weekday, classes):
    """Hourly sets come each hour, daily ones at three, weekly ones at three on Mondays."""
    catalogue = load_catalogue()
    weekly = catalogue.entity_sets["roles"].model_copy(update={"refresh": "weekly"})
    catalogue = catalogue.model_copy(update={"entity_sets": {**catalogue.entity_sets, "roles": weekly}})
    moment = dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC) + dt.timedelta(days=weekday)
    assert {catalogue.entity_sets[name].refresh for name in due_sets(catalogue, moment)} == classes


def test_the_schedule_goes_by_the_calendars_clock(monkeypatch):
    """Three o'clock is three o'clock where the account's days are."""
    monkeypatch.setenv("EXEPRON_CALENDAR_ZONE", "Asia/Tokyo")
    repository = build_defs().get_repository_def()
    schedule = repository.get_schedule_def("refresh_schedule")
    asked = {}
    for hour in (3, 4):
        moment = dt.datetime(2026, 3, 3, hour, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(dt.UTC)
        context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository)
        [request] = schedule.evaluate_tick(context).run_requests
        asked[hour] = {key.path[-1] for key in request.asset_selection}
    assert load_settings().calendar_zone == schedule.execution_timezone == "Asia/Tokyo"
    assert asked[3] == set(SETS)
    assert "roles" not in asked[4]
    assert "tasks" in asked[4]
