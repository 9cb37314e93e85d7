"""One entity set that fails: the others land all the same, and everybody is told."""

import json

import pytest
import stamina

from exepron_pipeline.errors import ResponseError, ServerUnavailableError
from exepron_pipeline.summary import exit_code

SETS = ["users", "projects", "tasks", "roles"]
HTML = b"<html><head><title>Sign in</title></head><body>Who are you?</body></html>"


@pytest.fixture
def proxy(sandbox, proxy_for):
    """A proxy in front of the sandbox."""
    with proxy_for(sandbox.api_url) as proxy:
        yield proxy


@pytest.fixture
def lab(lab_kit, sandbox, proxy, tmp_path):
    """A lab with an empty data folder that sees the API through the proxy."""
    return lab_kit.Lab(sandbox, tmp_path / "data", {"EXEPRON_API_URL": proxy.api_url})


@pytest.fixture
def few_attempts():
    """Two attempts, no wait."""
    with stamina.set_testing(True, attempts=2):
        yield


def attempts(lab):
    """What ``last_runs.json`` says."""
    return json.loads((lab.data_dir / "state" / "last_runs.json").read_text())


def test_server_errors_stop_one_set_only(lab, proxy, proxy_kit, few_attempts):
    """A path that answers 500 fails, after all attempts; the sets before and after it land."""
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(500, b'{"Message":"An error has occurred."}')
    report = lab.sync(*SETS)
    statuses = {name: each.status for name, each in report.entity_sets.items()}
    assert statuses == {"users": "ok", "projects": "ok", "tasks": "failed", "roles": "ok"}
    assert isinstance(report.entity_sets["tasks"].failure, ServerUnavailableError)
    assert proxy.times("/Projects/-1/Tasks") == 2
    assert (report.ok, exit_code(report)) == (False, 1)
    for name in ("users", "projects", "roles"):
        assert lab.core(name) == lab.truth(name)
    assert lab.query("SELECT * FROM duckdb_tables() WHERE table_name = 'tasks'") == []


def test_the_last_attempts_tell_of_the_failure(lab, proxy, proxy_kit):
    """``state/last_runs.json`` keeps status and error of each set, and what failed lands when it works again."""
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(200, HTML, "text/html")
    failed = lab.sync(*SETS)
    assert isinstance(failed.entity_sets["tasks"].failure, ResponseError)
    assert "Sign in" in failed.entity_sets["tasks"].error
    kept = attempts(lab)
    assert {name: each["status"] for name, each in kept.items()} == {
        name: each.status for name, each in failed.entity_sets.items()
    }
    assert kept["tasks"]["error"] == failed.entity_sets["tasks"].error
    assert {each["load_id"] for each in kept.values()} == {failed.load_id}
    proxy.instead.clear()
    mended = lab.sync(*SETS)
    assert mended.ok
    assert lab.core("tasks") == lab.truth("tasks")
    assert attempts(lab)["tasks"]["status"] == "ok"


def test_a_failure_leaves_what_was_landed(lab, proxy, proxy_kit, few_attempts):
    """A set that landed once and fails now keeps its rows, its watermark and its history."""
    lab.sync("tasks", "roles")
    before = lab.dump()
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(200, b'[{"taskId": 1, "taskName": "cut')
    report = lab.sync("tasks", mode="reconcile")
    assert (report.entity_sets["tasks"].status, report.ok) == ("failed", False)
    assert lab.dump() == before


@pytest.mark.parametrize("status", [400, 200])
def test_a_proposed_path_that_worked_may_fail(lab, proxy, proxy_kit, status):
    """A path of our own proposal that worked and answers nonsense now has failed: it is asked again next time."""
    lab.sync("roles", "users")
    before = lab.core("roles")
    proxy.instead["/Roles"] = proxy_kit.Instead(status, b'{"Message":"Something is wrong with roles."}')
    report = lab.sync("roles", "users").entity_sets["roles"]
    assert report.status == "failed"
    assert lab.core("roles") == before
    proxy.instead.clear()
    assert lab.sync("roles", "users").entity_sets["roles"].status == "ok"


def test_the_program_exits_with_one(lab, proxy, proxy_kit):
    """The program ends with 1 when some sets failed and others landed; its table and standard error say which."""
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(400, b'{"Message":"No such query."}')
    ended = lab.exepron("sync", *SETS)
    assert ended.returncode == 1
    [line] = [line for line in ended.stdout.splitlines() if line.startswith("tasks")]
    assert "failed" in line
    assert "No such query." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert lab.core("projects") == lab.truth("projects")


def test_all_failing_is_no_partial_success(lab, proxy, proxy_kit):
    """When no set lands, the exit code is that of the first failure."""
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(400, b'{"Message":"No such query."}')
    ended = lab.exepron("sync", "tasks", "--json")
    assert ended.returncode == 4
    assert json.loads(ended.stdout)["ok"] is False
