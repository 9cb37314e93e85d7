"""What Dagster records of refreshes and reconciles against a real service."""

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest

from exepron_pipeline.events import SyncReport
from exepron_pipeline.orchestration.metadata import sync_metadata

pytestmark = pytest.mark.xdist_group("orchestration")

FEW = ("projects", "roles", "users")


def landed(result):
    """Metadata of each asset that was materialized, by name."""
    events = [event.materialization for event in result.get_asset_materialization_events()]
    return {event.asset_key.path[-1]: {k: v.value for k, v in event.metadata.items()} for event in events}


def checks(result):
    """Verdict and description of each check, by asset and check."""
    found = result.get_asset_check_evaluations()
    return {(each.asset_key.path[-1], each.check_name): each for each in found}


def failures(result):
    """Description and metadata of each failed step, by asset."""
    told = {
        event.step_key: event.step_failure_data.user_failure_data
        for event in result.get_step_failure_events()
    }
    return {key.rpartition("__")[2]: data for key, data in told.items()}


def retried(result):
    """Names of steps that are to be tried again."""
    return [event.step_key for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]


@pytest.fixture
def no_delay(monkeypatch):
    """Retries of steps follow at once."""
    monkeypatch.setattr("exepron_pipeline.orchestration.failures.RETRY", dg.RetryPolicy(max_retries=2))


def test_a_refresh_lands_and_tells(run_job):
    """Each set is materialized with counts, watermark and proof; a second refresh is incremental."""
    first, second = run_job("refresh", *FEW), run_job("refresh", "users")
    assert first.success
    assert set(landed(first)) == set(FEW)
    users = landed(first)["users"]
    assert users["fetched"] == users["inserted"] == users["dagster/row_count"] == 141
    assert (users["mode"], users["status"]) == ("full", "ok")
    assert users["evidence"] in {"count", "exhausted"}
    assert "watermark_before" not in users
    again = landed(second)["users"]
    assert (again["mode"], again["inserted"], again["updated"]) == ("incremental", 0, 0)
    assert again["watermark_before"] == again["watermark_after"] == users["watermark_after"]
    assert {name for name, each in checks(first).items() if each.passed} == {
        (name, check) for name in FEW for check in ("complete", "audit")
    }


def test_full_and_since_are_run_configuration(published, run_job):
    """`full` reads everything again; `since` reads from there on; nonsense fails without another attempt."""
    assert landed(run_job("refresh", "users", config={"full": True}))["users"]["mode"] == "full"
    none = landed(run_job("refresh", "users", config={"since": "2999-01-01"}))["users"]
    assert (none["mode"], none["fetched"]) == ("incremental", 0)
    wrong = run_job("refresh", "users", config={"since": "yesterday"}, tags={})
    assert "'yesterday' is no date or time" in failures(wrong)["users"].description
    assert failures(wrong)["users"].metadata["exit_code"].value == 2
    assert retried(wrong) == []


def test_reconcile_is_told_by_the_jobs_tag(published, run_job):
    """The same assets reconcile in the job of that name."""
    result = run_job("reconcile", "users")
    assert result.success
    assert landed(result)["users"]["mode"] == "reconcile"


@pytest.mark.parametrize(("status", "word"), [(404, "not_offered"), (403, "not_permitted")])
def test_what_the_service_does_not_show_is_green(run_job, proxy, status, word):
    """A set that is not offered or not permitted fails nothing, and its materialization says why."""
    proxy.answer("/Roles", status)
    result = run_job("refresh", "roles")
    assert result.success
    assert landed(result)["roles"]["status"] == word
    assert "Roles" in landed(result)["roles"]["reason"]
    assert "dagster/row_count" not in landed(result)["roles"]
    assert all(each.passed for each in checks(result).values())
    assert "nothing to read" in checks(result)["roles", "complete"].description


def test_one_set_that_fails_stops_no_other(run_job, proxy):
    """What went wrong, where and what to do is in the step's failure; the other sets land."""
    proxy.answer("/Roles", 302)
    result = run_job("refresh", *FEW, tags={})
    assert not result.success
    assert set(landed(result)) == {"projects", "users"}
    [told] = failures(result).values()
    assert "Roles" in told.description
    assert told.metadata["cause"].value == "PermanentError"
    assert retried(result) == [], "a permanent error is not tried again"


def test_what_may_pass_is_tried_again(run_job, proxy, one_attempt, no_delay):
    """A server error is tried again twice, each time in full; in a run that somebody waits for, never."""
    proxy.answer("/Roles", 503)
    unattended = run_job("refresh", "roles", tags={})
    assert not unattended.success
    assert retried(unattended) == ["exepron__core__roles"] * 2
    assert proxy.times("/Roles") == 3
    assert "503" in failures(unattended)["roles"].description
    attended = run_job("refresh", "roles")
    assert retried(attended) == []
    assert failures(attended)["roles"].metadata["exit_code"].value == 4


def test_a_failed_audit_is_a_failed_check(run_job, proxy):
    """Nothing was stored: the check `audit` fails, no materialization is recorded, no attempt follows."""
    assert run_job("refresh", "users").success
    proxy.answer("/Users?", 200, b"[]")
    result = run_job("reconcile", "users", tags={})
    assert not result.success
    assert landed(result) == {}
    assert not checks(result)["users", "audit"].passed
    assert "141 live in the warehouse" in checks(result)["users", "audit"].description
    assert failures(result)["users"].metadata["cause"].value == "AuditError"
    assert retried(result) == []


def test_without_sign_in_nothing_is_started(run_job, instance, monkeypatch):
    """A refused password ends the run before its first step, and the run is not tried again."""
    monkeypatch.setenv("EXEPRON_PASSWORD", "mistaken-password")
    result = run_job("refresh", *FEW, tags={})
    assert not result.success
    assert not [event for event in result.all_events if event.event_type_value == "STEP_START"]
    assert instance.get_run_by_id(result.run_id).tags["dagster/max_retries"] == "0"
    told = result.get_run_failure_event().job_failure_data.error.cause
    assert "invalid_grant" in told.message
    assert "EXEPRON_PASSWORD" in told.message
    assert told.context is None, "only the redacted message is kept"


def test_publishing_needs_no_service(published, run_job, monkeypatch):
    """Marts and snapshot are made from what has landed, while the service is away."""
    monkeypatch.setenv("EXEPRON_API_URL", "http://127.0.0.1:9/api/v1")
    monkeypatch.setenv("EXEPRON_IDENTITY_URL", "http://127.0.0.1:9/identity")
    result = run_job("publish")
    assert result.success
    status = landed(result)["project_status"]
    assert status["dagster/row_count"] > 0
    types = {column.name: column.type for column in status["dagster/column_schema"].columns}
    assert (types["project_id"], types["tasks_total"]) == ("BIGINT", "BIGINT")
    assert {type_ for type_ in types.values() if "TIMESTAMP" in type_} == {"TIMESTAMP WITH TIME ZONE"}
    snapshot = landed(result)["snapshot"]
    assert Path(snapshot["path"]).is_file()
    assert "| core.users | 141 |" in snapshot["rows"]


def test_a_mart_that_cannot_be_built_says_so(run_job, connected):
    """A broken warehouse fails the step with its cure and exit code, and is not tried again."""
    connected.mkdir(mode=0o700)
    (connected / "warehouse.duckdb").write_text("this is no database")
    result = run_job("publish", tags={})
    [told] = failures(result).values()
    assert told.metadata["exit_code"].value == 5
    assert "warehouse.duckdb" in told.description
    assert retried(result) == []


def test_previews_show_nothing_personal(run_job):
    """The preview of users shows keys and facts, and no name, address or amount."""
    preview = landed(run_job("refresh", "users", "resource_types"))
    header = preview["users"]["preview"].splitlines()[0]
    assert "user_id" in header
    for column in ("first_name", "email", "phone", "user_name"):
        assert column not in header
    assert "hourly_cost" not in preview["resource_types"]["preview"]
    assert len(preview["users"]["preview"].splitlines()) == 7


def test_incomplete_reads_are_warned_of():
    """A read that cannot be proven complete lands, and its check warns."""
    from exepron_pipeline.orchestration.checks import completeness_result

    result = completeness_result(SyncReport("tasks", evidence="none", complete=False))
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN
    assert "no way to prove" in result.description


def test_no_secret_is_kept_by_dagster(run_job, home, connected, proxy, monkeypatch):
    """Neither secret nor token, in any spelling, is in any file of Dagster: good, failed or refused runs."""
    proxy.answer("/Roles", 302)
    run_job("refresh", "users", "roles")
    run_job("publish")
    tokens = _tokens(connected / "state")
    secrets = [
        os.environ["EXEPRON_CLIENT_SECRET"],
        os.environ["EXEPRON_PASSWORD"],
        "mistaken-password",
        *tokens,
    ]
    monkeypatch.setenv("EXEPRON_PASSWORD", "mistaken-password")
    monkeypatch.setenv("EXEPRON_DATA_DIR", str(connected.with_name("other")))
    assert not run_job("refresh", "users").success
    files = [path for path in home.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"exepron__core__users" in kept, "the search finds what is there"
    assert len(tokens) == 2
    for secret in secrets:
        for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            assert spelling.encode() not in kept, "a secret is in Dagster's files"


def _tokens(state):
    """Every token in the token store."""
    kept = [json.loads(path.read_text()) for path in (state / "tokens").glob("*.json")]
    tokens = [each["tokens"] or {} for each in kept]
    return [token for each in tokens for name, token in each.items() if name.endswith("token") and token]


def test_metadata_of_a_quiet_refresh_is_plain():
    """Figures stay figures, so that they plot; what is unknown is left out."""
    found = sync_metadata(SyncReport("tasks", mode="incremental", evidence="count", rows=7))
    assert found["dagster/row_count"] == 7
    assert isinstance(found["seconds"], float)
    assert "preview" not in found
    assert "watermark_after" not in found
