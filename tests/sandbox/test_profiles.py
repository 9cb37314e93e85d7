import pytest

from exepron_pipeline.sandbox.generations import GENERATIONS
from exepron_pipeline.sandbox.schema import ENTITY_SETS
from exepron_pipeline.sandbox.stranger import STRANGER

WHO_AM_I = "Accounts/Users/GetLoggedinUser"
TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"


@pytest.fixture(scope="module")
def confirmed(serve_tiny):
    """One client for each generation, with what a source shows of it."""
    return {name: serve_tiny(name, profile="confirmed")[0] for name in GENERATIONS}


@pytest.fixture(scope="module")
def stranger(serve_tiny):
    """A client of the tenant that nobody would guess, with small pages."""
    return serve_tiny(profile="stranger", limits=("page=5:split",))[0]


def test_confirmed_paths(confirmed):
    """Of G2 only the sample clients' paths answer: all tasks, my projects, my active tasks, who am I."""
    client = confirmed["g2"]
    for path in (WHO_AM_I, TASKS, "Accounts/0/Users/0/Projects", "Accounts/10/Users/3/GetUserActiveTasks"):
        assert client.get(path).status == 200, path
    shown = {WHO_AM_I, TASKS, "Accounts/0/Users/0/Projects", "Accounts/0/Users/0/GetUserActiveTasks"}
    for entity_set in ENTITY_SETS:
        for path in entity_set.paths:
            asked = path.format(a=0, u=0, p=-1, t=-1)
            assert client.get(asked).status == (200 if asked in shown else 404), asked
    assert client.get("Accounts/0/Projects/100/Tasks/GetAllTasks").status == 404


def test_confirmed_fields(confirmed):
    """Rows have the fields that a source shows, and no others; others cannot be asked for."""
    client = confirmed["g2"]
    assert list(client.get(TASKS).json[0]) == ["taskId", "taskNumber", "taskName", "remainingDuration"]
    project = client.get("Accounts/0/Users/0/Projects", expand="projectManager").json[0]
    assert "lastModifiedOn" in project
    assert not {"projectGroupId", "isTemplate", "actualStartDate"} & set(project)
    assert "isProjectManager" not in project["projectManager"]
    assert client.get(TASKS, filter="projectId eq 100").status == 400
    assert client.get(TASKS, orderby="lastModifiedOn").status == 400


def test_confirmed_counts_and_describes_nothing(confirmed):
    """There is no count, no next link and no description in any generation."""
    assert isinstance(confirmed["g2"].get(TASKS, count="true").json, list)
    assert set(confirmed["g3"].get("projects", count="true", top="1").json) == {"value"}
    assert set(confirmed["g1"].get(TASKS, inlinecount="allpages").json) == {"odata.metadata", "value"}
    assert confirmed["g3"].send("GET", "/api/v1/$metadata").status == 404


def test_confirmed_flat(confirmed):
    """Of G3 only projects are shown, with four fields and the navigation of the documentation's example."""
    client = confirmed["g3"]
    row = client.get("projects", expand="manager($select=firstName,lastName),tasks,resources").json["value"][
        0
    ]
    assert list(row) == ["id", "name", "status", "startDate", "manager", "tasks", "resources"]
    assert set(row["manager"]) == {"firstName", "lastName"}
    assert client.get("tasks").status == client.get("users").status == 404


def test_nothing_of_the_stranger_can_be_guessed():
    """No path and no field name of the stranger is one of a generation's."""
    paths = {endpoint.path.casefold() for each in GENERATIONS.values() for endpoint in each.endpoints}
    names = {
        name for each in GENERATIONS.values() for endpoint in each.endpoints for name in endpoint.view.names
    }
    assert not paths & {endpoint.path.casefold() for endpoint in STRANGER.endpoints}
    for endpoint in STRANGER.endpoints:
        assert not names & set(endpoint.view.names)
        assert len(set(endpoint.view.names)) == len(endpoint.view.names)
        assert set(endpoint.view.key) <= set(endpoint.view.names)


def test_the_strangers_names_stay(stranger):
    """The vocabulary is the same at every start: what was discovered once stays true."""
    row = stranger.get("portfolio/activities", top="1").json["data"]["records"][0]
    assert list(row) == [
        "activity_ref", "activity_code", "activity_title", "engagement_ref", "days_planned", "days_left", "phase",
        "activity_owner_ref", "is_gate", "is_main_path", "row_changed_at", "row_changed_by",
    ]  # fmt: skip


def test_guesses_fail(stranger):
    """What works elsewhere is 404 at the stranger."""
    for path in (WHO_AM_I, TASKS, "projects", "$metadata", "Accounts/0/Users"):
        assert stranger.send("GET", f"/api/v1/{path}").status == 404


def test_discovery_leads_to_every_row(stranger):
    """The OpenAPI document names paths, fields and keys; links lead through all rows, and the count agrees."""
    document = stranger.send("GET", "/api/v1/swagger/v1/swagger.json").json
    assert document["servers"] == [{"url": f"{stranger.base}/api/v1"}]
    for path, item in document["paths"].items():
        answer = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        records = answer["properties"]["data"]["properties"]["records"]
        schema = document["components"]["schemas"][records["items"]["$ref"].rpartition("/")[2]]
        target, rows = f"{stranger.base}/api/v1{path}?$count=true", []
        while target:
            page = stranger.send("GET", target.removeprefix(stranger.base)).json
            rows += page["data"]["records"]
            target = page["meta"]["more"]
        assert page["meta"]["matched"] == len(rows)
        assert all(set(row) == set(schema["properties"]) for row in rows)
        keys = [tuple(row[name] for name in schema["required"]) for row in rows]
        assert len(set(keys)) == len(keys)


def test_the_stranger_obeys_options(stranger):
    """Options of OData work there with its own names."""
    answer = stranger.get(
        "portfolio/activities",
        filter="days_planned gt 14",
        select="activity_ref",
        orderby="activity_ref desc",
    )
    assert answer.json["data"]["records"] == [{"activity_ref": 16}, {"activity_ref": 15}]
