from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from exepron_pipeline.sandbox.generations import GENERATIONS
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS, PROJECT_STATUS, TASK_STATUS

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
TASKS = {
    "g1": "Accounts/0/Projects/-1/Tasks/GetAllTasks",
    "g2": "Accounts/0/Projects/-1/Tasks/GetAllTasks",
    "g3": "tasks",
}
MEMBERS = {"g1": ("odata.count", "odata.nextLink"), "g3": ("@odata.count", "@odata.nextLink")}
ASKS_FOR_COUNT = {"g1": "$inlinecount=allpages", "g3": "$count=true"}
CANONICAL = {
    "projects": {"id": "projectId", "name": "projectName", "status": "projectStatusName"},
    "tasks": {"id": "taskId", "name": "taskName", "status": "statusName"},
}


@pytest.fixture(scope="module")
def clients(serve_tiny):
    """One client for each generation of the portfolio written by hand, with pages of five rows."""
    return {name: serve_tiny(name, limits=("page=5:split",))[0] for name in GENERATIONS}


@pytest.fixture(scope="module")
def large(serve_world):
    """A simulated portfolio, and one client for each generation that serves it."""
    from exepron_pipeline.sandbox.offer import offer_of
    from exepron_pipeline.sandbox.portfolio import Portfolio
    from exepron_pipeline.sandbox.world import World

    portfolio = Portfolio(seed=3)
    user = portfolio.service_user(portfolio.accounts()[0]["accountId"])["email"]
    served = {name: serve_world(World(portfolio), offer=offer_of(name)).as_user(user) for name in GENERATIONS}
    return portfolio, served


def read(client, generation, path, key):
    """All rows, by next links where there are some, else by key order and $skip."""
    if generation == "g2":
        rows = []
        while page := client.get(path, orderby=",".join(key), top="2000", skip=str(len(rows))).json:
            rows += page
        return rows
    count, link = MEMBERS[generation]
    target, rows = f"/api/v1/{path}?{ASKS_FOR_COUNT[generation]}", []
    while target:
        answer = client.send("GET", target.removeprefix(client.base)).json
        rows += answer["value"]
        target = answer.get(link)
    assert int(answer[count]) == len(rows)
    return rows


def plain(value, kind):
    """A value in one form, whatever the generation wrote."""
    if value is None:
        return None
    if kind == "stamp":
        return datetime.fromisoformat(value.removesuffix("Z"))
    if kind == "decimal":
        return Decimal(str(value)).normalize()
    return value[:10] if kind == "date" else value


def canonical(row, generation, name):
    """A row by stored names; G3 gives no number for a status, and names it instead."""
    names = CANONICAL.get(name, {}) if generation == "g3" else {}
    kinds = {field.name: field.kind for field in BY_NAME[name].fields}
    named = {names.get(wire, wire): value for wire, value in row.items()}
    if generation != "g3" and name == "tasks":
        named["statusName"] = TASK_STATUS[named.pop("status")]
    return {key: plain(value, kinds[key]) if key in kinds else value for key, value in named.items()}


@pytest.mark.parametrize("entity_set", ENTITY_SETS, ids=lambda each: each.name)
def test_equal_records(large, entity_set):
    """Each generation offers every record of a set, and the same values wherever it offers a column."""
    portfolio, clients = large
    found = {}
    for generation, client in clients.items():
        endpoint = next(
            each
            for each in GENERATIONS[generation].endpoints
            if each.view.name == entity_set.name and each.reach == "account"
        )
        rows = read(client, generation, endpoint.path.format(a=0, p=-1, t=-1), endpoint.view.key)
        records = [canonical(row, generation, entity_set.name) for row in rows]
        found[generation] = {tuple(row[name] for name in entity_set.key): row for row in records}
        assert len(found[generation]) == len(rows)
    truth = portfolio.truth(entity_set.name, portfolio.accounts()[0]["accountId"])
    assert len(found["g2"]) == len(truth)
    assert found["g1"] == found["g2"]
    assert found["g3"].keys() == found["g2"].keys()
    for key, row in found["g3"].items():
        offered = [name for name in row if name in entity_set.field_names or name == "statusName"]
        assert {name: row[name] for name in offered} == {name: found["g2"][key][name] for name in offered}


def test_start_date_stands_for_the_two_of_g2(large):
    """In G3 a project's ``startDate`` is a date: the actual start, else the one that the scheduler proposes."""
    _, clients = large
    old = {row["projectId"]: row for row in clients["g2"].get("Accounts/0/Projects").json}
    rows = clients["g3"].get("projects").json["value"]
    for row in rows:
        start = old[row["id"]]["actualStartDate"] or old[row["id"]]["projectSuggestedStartDate"]
        assert row["startDate"] == (start[:10] if start else None)
    assert {row["status"] for row in rows} <= set(PROJECT_STATUS.values())


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("base", ["/api/v1", "/v1"])
def test_both_bases(clients, generation, base):
    """Every generation is served below both bases, and says who is signed in."""
    answer = clients[generation].send(
        "GET", f"{base}/Accounts/Users/GetLoggedinUser?$select=userId,accountId"
    )
    rows = answer.json if generation == "g2" else answer.json["value"]
    assert rows == [{"userId": 1, "accountId": 10}]


@pytest.mark.parametrize("generation", ["g1", "g3"])
def test_links_lead_through_all_rows(clients, generation):
    """Pages end with a link until the last one; $top is shared out over pages, other options are kept."""
    client, path = clients[generation], TASKS[generation]
    key = "id" if generation == "g3" else "taskId"
    sizes, target = [], f"/api/v1/{path}?$top=12&$orderby={key}%20desc&$filter={key}%20gt%201&x=1"
    keys = []
    while target:
        page = client.send("GET", target.removeprefix(client.base)).json
        sizes.append(len(page["value"]))
        keys += [row[key] for row in page["value"]]
        target = page.get(MEMBERS[generation][1])
        assert target is None or target.startswith(f"{client.base}/api/v1/{path}?")
    assert sizes == [5, 5, 2]
    assert keys == list(range(16, 4, -1))


def test_exactly_full_last_page_has_no_link(clients):
    """A last page that is just full carries no link."""
    answer = clients["g3"].get("tasks", filter="id le 5").json
    assert len(answer["value"]) == 5
    assert "@odata.nextLink" not in answer


def test_version_3_envelope(clients):
    """G1 writes the OData 3 envelope: a count as text, ``value``, and a link; decimals are text, dates have a time."""
    answer = clients["g1"].get("Accounts/0/WorkHours", inlinecount="allpages", top="1").json
    assert answer["odata.count"] == "16"
    assert answer["odata.metadata"] == f"{clients['g1'].base}/api/v1/$metadata#WorkHours"
    assert answer["value"][0]["hours"] == "0.25"
    assert answer["value"][0]["workDate"] == "2026-01-01T00:00:00"
    assert "odata.count" not in clients["g1"].get(TASKS["g1"], inlinecount="none").json


def test_version_4_envelope(clients):
    """G3 writes the OData 4 envelope; stamps carry their offset, dates are dates, a status is text."""
    answer = clients["g3"].get("tasks", count="true", top="0").json
    assert answer == {
        "@odata.context": f"{clients['g3'].base}/api/v1/$metadata#tasks",
        "@odata.count": 16,
        "value": [],
    }
    task = clients["g3"].get("tasks", filter="id eq 3").json["value"][0]
    assert task["lastModifiedOn"] == "2026-01-07T23:59:59.999Z"
    assert task["status"] == "Not started"
    assert clients["g3"].get("workHours", top="1").json["value"][0]["workDate"] == "2026-01-01"


@pytest.mark.parametrize(
    ("generation", "option"),
    [("g1", "count"), ("g2", "inlinecount"), ("g3", "inlinecount"), ("g1", "search"), ("g2", "format")],
)
def test_options_of_another_generation(clients, generation, option):
    """An option that a generation does not have is 400."""
    answer = clients[generation].get(TASKS[generation], **{option: "true"})
    assert answer.status == 400
    assert f"'${option}' is not supported" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("lastModifiedOn ge datetime'2026-01-06T09:30:00'", {"g1", "g2"}),
        ("lastModifiedOn ge datetimeoffset'2026-01-06T09:30:00Z'", {"g1", "g2"}),
        ("lastModifiedOn ge 2026-01-06T09:30:00Z", {"g2", "g3"}),
        ("duration eq 2L", {"g1", "g2"}),
        ("substringof('Frame',taskNumber)", {"g1", "g2"}),
        ("contains(taskNumber,'1')", {"g2", "g3"}),
        ("duration in (1)", {"g2", "g3"}),
        ("duration in (1,2)", {"g2", "g3"}),
        ("taskNumber eq 'datetime''2026-01-06'' contains(1) in (1) 2026-01-06'", {"g1", "g2", "g3"}),
        ("duration eq 2", {"g1", "g2", "g3"}),
    ],
)
def test_literals_of_another_version(clients, text, speakers):
    """OData 3 literals and functions are refused by G3, those of OData 4 by G1; G2 takes both."""
    taken = {name for name, client in clients.items() if client.get(TASKS[name], filter=text).status == 200}
    assert taken == speakers


def test_nested_expand(clients):
    """The documentation's example: one manager with two names, and lists of tasks and resources."""
    rows = (
        clients["g3"]
        .get(
            "projects", expand="manager($select=firstName,lastName),tasks($select=id),resources", orderby="id"
        )
        .json["value"]
    )
    assert [row["manager"] for row in rows] == [{"firstName": None, "lastName": "O'Ann"}, None]
    assert [task["id"] for task in rows[0]["tasks"]] == list(range(1, 17, 2))
    assert rows[0]["resources"] == []
    plain_row = clients["g3"].get("projects", top="1").json["value"][0]
    assert plain_row["manager"] is None
    assert "tasks" not in plain_row
    assert clients["g3"].get("projects", filter="manager/lastName eq 'O''Ann'").json["value"][0]["id"] == 100
    for wrong in ("tasks($top=1)", "nobody", "tasks($select=taskId)"):
        assert clients["g3"].get("projects", expand=wrong).status == 400
    assert clients["g3"].get("projects", filter="tasks/id eq 1").status == 400


def test_expanded_money_is_hidden(serve_tiny, tiny):
    """What is expanded obeys the financial permission too."""
    client, world = serve_tiny("g3", limits=("financial=no",))
    with world.today() as portfolio:
        portfolio.add("task_resource_assignments", 10, 100, 1, taskId=1, resourceTypeId=1, quantity="1.00")
    resources = client.get("projects", expand="resources", filter="id eq 100").json["value"][0]["resources"]
    assert [(row["resourceTypeId"], row["hourlyCost"]) for row in resources] == [(1, None)]


def test_search_and_format(clients):
    """$search finds words and phrases whatever their case; $format=json is taken, others are not."""

    def found(text):
        return [row["id"] for row in clients["g3"].get("tasks", search=text).json["value"]]

    assert found('"100% done"') == [3]
    assert found("done") == [3, 4]
    assert found("PRÜFUNG ölkühler") == [7]
    assert found("drop AND frame") == [16]
    for wrong in ("", "a OR b", "NOT a", '"open'):
        assert clients["g3"].get("tasks", search=wrong).status == 400
    assert clients["g3"].get("tasks", format="json").status == 200
    assert clients["g3"].get("tasks", format="atom").status == 400


def test_metadata_tells_every_type(clients):
    """$metadata names each set, its key, and the type of every property that its rows have."""
    answer = clients["g3"].send("GET", "/api/v1/$metadata")
    assert answer.headers["content-type"].startswith("application/xml")
    schema = ET.fromstring(answer.body).find(f".//{EDM}Schema")
    types = {each.get("Name"): each for each in schema.findall(f"{EDM}EntityType")}
    sets = schema.findall(f".//{EDM}EntitySet")
    assert {each.get("Name") for each in sets} == {
        each["name"] for each in clients["g3"].send("GET", "/api/v1/").json["value"]
    }
    for entity_set in sets:
        declared = types[entity_set.get("EntityType").rpartition(".")[2]]
        properties = {each.get("Name"): each.get("Type") for each in declared.findall(f"{EDM}Property")}
        keys = [each.get("Name") for each in declared.findall(f"{EDM}Key/{EDM}PropertyRef")]
        navigation = {each.get("Name") for each in declared.findall(f"{EDM}NavigationProperty")}
        assert set(keys) <= set(properties)
        for row in clients["g3"].get(entity_set.get("Name")).json["value"]:
            assert set(row) - navigation == set(properties)
    task = {each.get("Name"): each.get("Type") for each in types["Task"].findall(f"{EDM}Property")}
    assert (task["id"], task["status"]) == ("Edm.Int32", "Edm.String")
    assert task["lastModifiedOn"] == "Edm.DateTimeOffset"
    hours = {each.get("Name"): each for each in types["WorkHour"].findall(f"{EDM}Property")}
    assert (hours["hours"].get("Type"), hours["hours"].get("Scale")) == ("Edm.Decimal", "2")
    assert hours["workDate"].get("Type") == "Edm.Date"


@pytest.mark.parametrize("generation", ["g1", "g2"])
def test_only_g3_describes_itself(clients, generation):
    """The nested generations have neither $metadata nor a service document."""
    for path in ("$metadata", ""):
        assert clients[generation].send("GET", f"/api/v1/{path}").status == 404


@pytest.mark.parametrize(
    ("generation", "written"),
    [
        ("g1", "2026-01-06T15:00:00.12"),
        ("g2", "2026-01-06T15:00:00.12"),
        ("g3", "2026-01-06T15:00:00.12+05:30"),
    ],
)
def test_local_stamps(serve_tiny, generation, written):
    """Stamps in the account's zone carry no offset but in G3; a literal without one is in that zone too."""
    client, _ = serve_tiny(generation, stamps="local")
    key = "id" if generation == "g3" else "taskId"
    rows = client.get(TASKS[generation], filter=f"{key} eq 2").json
    assert (rows if generation == "g2" else rows["value"])[0]["lastModifiedOn"] == written
    literal = "datetime'2026-01-06T15:00:00'" if generation == "g1" else "2026-01-06T15:00:00"
    later = client.get(TASKS[generation], filter=f"lastModifiedOn ge {literal}").json
    assert len(later if generation == "g2" else later["value"]) == 8
    if generation != "g1":
        absolute = client.get(TASKS[generation], filter="lastModifiedOn ge 2026-01-06T09:30:00Z").json
        assert absolute == later


def test_local_stamps_follow_the_account(serve_tiny):
    """Each account has its own zone."""
    client, _ = serve_tiny(stamps="local")
    stranger = client.as_user("sync@twenty.example")
    assert stranger.get("Accounts/0/Users").json[0]["lastModifiedOn"] == "2026-01-05T09:00:00"
    assert client.get("Accounts/0/Users").json[0]["lastModifiedOn"] == "2026-01-05T13:30:00"
