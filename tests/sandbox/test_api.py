import json
import time

import pytest

from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS

TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"


@pytest.fixture(scope="module")
def guest(anonymous):
    """Signed in as a user without the financial permission."""
    return anonymous.as_user("guest@ten.example")


@pytest.fixture(scope="module")
def manager(anonymous):
    """Signed in as the manager of project 100."""
    return anonymous.as_user("Ann@ten.example")


def test_node_sample(service):
    """The vendor's Node sample: who am I as a list, then ten tasks of all projects."""
    me = service.send("GET", "/api/v1/Accounts/Users/GetLoggedinUser?$select=userId,accountId").json
    assert me == [{"userId": 1, "accountId": 10}]
    tasks = service.send(
        "GET", f"/api/v1/Accounts/{me[0]['accountId']}/Projects/-1/Tasks/GetAllTasks"
        "?$select=taskId,taskNumber,taskName,remainingDuration&$top=10",
    ).json  # fmt: skip
    assert len(tasks) == 10
    assert list(tasks[0]) == ["taskId", "taskNumber", "taskName", "remainingDuration"]


def test_dotnet_sample(service, manager):
    """The vendor's .NET sample: the active tasks of a user, ids and durations as whole numbers or null."""
    path = (
        "/api/v1/Accounts/10/Users/3/GetUserActiveTasks?$select=taskId,taskNumber,taskName,remainingDuration"
    )
    rows = manager.send("GET", path).json
    assert rows == service.send("GET", path).json
    assert rows
    assert all(isinstance(row["taskId"], int) and row["taskId"] % 2 for row in rows)
    assert {type(row["remainingDuration"]) for row in rows} == {int, type(None)}


def test_angular_sample(manager):
    """The vendor's Angular sample: the other base, $count without effect, $select naming what is expanded."""
    answer = manager.send(
        "GET", "/v1/Accounts/0/Users/0/Projects?$count=true&$select=projectId,projectName,status,projectManager,"
        "projectDueDate&$expand=projectManager&$filter=status%20eq%202%20or%20status%20eq%203&$orderby=status%20desc",
        **{"Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true", "accept": "application/json"},
    )  # fmt: skip
    assert answer.status == 200
    assert [row["projectId"] for row in answer.json] == [100]
    assert answer.json[0]["projectManager"]["lastName"] == "O'Ann"
    assert answer.json[0]["projectDueDate"] == "2026-06-30T00:00:00"


def test_blank_as_plus_is_taken(service):
    """A plus sign in the query is a blank, as with ASP.NET."""
    assert len(service.send("GET", f"/api/v1/{TASKS}?$filter=taskId+le+3").json) == 3


@pytest.mark.parametrize("entity_set", ENTITY_SETS, ids=lambda each: each.name)
def test_every_path_serves_the_fields_of_its_entity_set(service, entity_set):
    """Each path of each entity set answers with a bare list whose rows have the fields in order."""
    for path in entity_set.paths:
        answer = service.get(path.format(a=0, u=0, p=-1, t=-1))
        assert answer.status == 200, answer.text
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        navigation = [name for name, _, _ in entity_set.navigation]
        assert isinstance(answer.json, list)
        for row in answer.json:
            assert list(row) == [*entity_set.field_names, *navigation]


def test_values_on_the_wire(service):
    """Stamps are naive with a fraction only where there is one, decimals numbers with their digits, null explicit."""
    text = service.get(TASKS, filter="taskId in (3,4,5)").text
    assert '"lastModifiedOn":"2026-01-07T23:59:59.999"' in text
    assert '"lastModifiedOn":"2026-01-05T08:00:00"' in text
    assert '"remainingDuration":null' in text
    assert '"isMilestone":true' in text
    assert '"lastModifiedOn":"2026-01-06T09:30:00.12"' in service.get(TASKS, filter="taskId eq 2").text
    hours = service.get("Accounts/0/WorkHours", top="2").text
    assert '"hours":0.25,"cost":99.95' in hours
    assert '"workDate":"2026-01-01"' in hours
    assert '"hours":0.50' in hours
    assert service.get("Accounts/0/Roles").json[0]["permissions"] == ["planning", "financial"]
    assert service.get("Accounts/0/Projects", top="1").json[0]["bufferPenetration"] == -12.5


def test_text_survives(service, tiny):
    """Quotes, backslashes, umlauts, CJK, empty text and null come through JSON unharmed."""
    stored = [row[0] for row in tiny.connection.execute("SELECT taskName FROM tasks WHERE _account = 10")]
    assert [row["taskName"] for row in service.get(TASKS).json] == stored


def test_unexpanded_navigation(service):
    """A navigation property is null without $select, absent with it, an object when expanded."""
    path = "Accounts/0/Projects"
    assert [row["projectManager"] for row in service.get(path).json] == [None, None]
    assert "projectManager" not in service.get(path, select="projectId").json[0]
    assert "projectManager" not in service.get(path, select="projectId,projectManager").json[0]
    first, second = service.get(path, expand="projectManager", select="projectId").json
    assert set(first["projectManager"]) == set(BY_NAME["users"].field_names)
    assert second == {"projectId": 101, "projectManager": None}
    narrow = service.get(path, expand="projectManager($select=firstName,lastName)", top="1").json
    assert narrow[0]["projectManager"] == {"firstName": None, "lastName": "O'Ann"}


def test_segments_ignore_case_and_a_last_slash(service):
    """Paths are found whatever their case, as ASP.NET routes them."""
    assert service.get(TASKS.lower()).json == service.get(TASKS).json == service.get(TASKS.upper() + "/").json


def test_path_narrows(service):
    """Project and task in the path narrow the rows; -1 stands for all."""
    assert service.keys("Accounts/0/Projects/101/Tasks/GetAllTasks", "taskId") == list(range(2, 17, 2))
    assert service.keys("Accounts/10/Projects/100/Tasks/1/Revenues", "taskRevenueId") == [1]
    assert service.keys("Accounts/10/Projects/100/Tasks/3/Revenues", "taskRevenueId") == []
    assert service.keys("Accounts/0/Users/3/Projects", "projectId") == [100]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Accounts/0/Nothing", "Not Found"),
        ("Accounts/x/Users", "Not Found"),
        ("projects", "Not Found"),
        ("Accounts/0/Projects/5/Tasks/GetAllTasks", "Project with id '5' not found"),
        ("Accounts/0/Projects/200/Tasks/GetAllTasks", "Project with id '200' not found"),
        ("Accounts/0/Projects/-1/Tasks/900/Resources", "Task with id '900' not found"),
        ("Accounts/0/Users/4/Projects", "User with id '4' not found"),
        (f"Accounts/0/Projects/{10**17}/Tasks/GetAllTasks", f"Project with id '{10**17}' not found"),
    ],
)
def test_what_is_not_there_is_404_in_plain_text(service, path, text):
    """Unknown paths, and projects, tasks or users of another account, are 404 in plain text."""
    answer = service.get(path)
    assert (answer.status, answer.text) == (404, text)
    assert answer.headers["content-type"].startswith("text/plain")


def test_another_account_is_403(service):
    """An account that is not the caller's is forbidden, whether it exists or not."""
    assert service.get("Accounts/20/Users").status == 403
    assert service.get("Accounts/99/Users").status == 403


def test_accounts_never_mix(anonymous, service):
    """A user of the second account sees its rows and no others."""
    stranger = anonymous.as_user("sync@twenty.example")
    assert stranger.keys(TASKS, "taskId") == [900]
    assert 900 not in service.keys(TASKS, "taskId")


def test_financial_permission(service, guest):
    """Without the permission financial sets are 403 and financial columns null, in filters too."""
    assert guest.get("Accounts/0/Projects/-1/Tasks/-1/Revenues").status == 403
    assert guest.get("Accounts/0/ResourceTypes").json[0]["hourlyCost"] is None
    assert service.get("Accounts/0/ResourceTypes").json[0]["hourlyCost"] == 80.1
    assert guest.get("Accounts/0/ResourceTypes", filter="hourlyCost gt 1").json == []
    assert service.keys("Accounts/0/ResourceTypes", "resourceTypeId", filter="hourlyCost gt 1") == [1]


def test_without_token(anonymous):
    """No token, or one in another scheme, is 401 with the bare challenge, on paths that do not exist too."""
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        answer = anonymous.send("GET", "/api/v1/Accounts/0/Nothing", **headers)
        assert (answer.status, answer.headers["www-authenticate"], answer.body) == (401, "Bearer", b"")


def test_bad_tokens(anonymous, service, person):
    """Tampered, foreign, unsigned, expired and ID tokens, and those of a user who is gone, are 401 invalid_token."""
    from exepron_pipeline.sandbox.identity.session import Session
    from exepron_pipeline.sandbox.identity.tokens import AccessTokens

    def issued(issuer, seed, lifetime, user_id=1):
        session = Session("c", user_id, "exepron.restapi", 0)
        return AccessTokens.of_seed(issuer, seed, lifetime).issue(session, "exepron.restapi")

    issuer = f"{anonymous.base}/identity"
    header, payload, signature = service.token.split(".")
    bad = [
        "garbage",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        issued(issuer, 8, 60),
        issued("http://127.0.0.1:1/identity", 7, 60),
        issued(issuer, 7, -60),
        issued(issuer, 7, 60, user_id=12345),
        person.sign_in()["id_token"],
    ]
    for token in bad:
        answer = anonymous.send("GET", "/api/v1/Accounts/0/Users", Authorization=f"Bearer {token}")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"'), (
            token
        )


def test_scope_is_needed(anonymous):
    """A good token without the API's scope is 403, and the header names the scope (RFC 6750, 3.1)."""
    token = anonymous.sign_in("sync@ten.example", "openid profile").json["access_token"]
    answer = anonymous.send("GET", "/api/v1/Accounts/0/Users", Authorization=f"Bearer {token}")
    assert answer.status == 403
    challenge = 'Bearer error="insufficient_scope", scope="exepron.restapi"'
    assert answer.headers["www-authenticate"] == challenge


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_reading_only(service, method):
    """Every verb but GET and HEAD is 405."""
    assert service.send(method, "/api/v1/Accounts/0/Users").status == 405


def test_head(service):
    """HEAD answers like GET, without the body."""
    answer = service.send("HEAD", "/api/v1/Accounts/0/Users")
    assert (answer.status, answer.body) == (200, b"")


def test_page_cap(serve_tiny):
    """Above the cap $top is 400 in the words of the original's libraries; without $top the rest is left out."""
    capped, _ = serve_tiny(limits=("page=5",))
    assert capped.keys(TASKS, "taskId") == [1, 2, 3, 4, 5]
    assert capped.keys(TASKS, "taskId", skip="14") == [15, 16]
    assert capped.keys(TASKS, "taskId", top="5") == [1, 2, 3, 4, 5]
    answer = capped.get(TASKS, top="6")
    assert answer.status == 400
    assert answer.json == {
        "error": {
            "code": "",
            "message": "The query specified in the URI is not valid. The limit of '5' for Top query has been "
            "exceeded. The value from the incoming request is '6'.",
        }
    }


def test_default_page_cap(service):
    """The cap is 2,000 rows unless set otherwise."""
    assert service.get(TASKS, top="2000").status == 200
    assert "limit of '2000'" in service.get(TASKS, top="5000").json["error"]["message"]


def test_about_and_health(anonymous):
    """The front page says that this is a simulation; health says which portfolio and folder."""
    assert "not affiliated with Exepron" in anonymous.send("GET", "/").text
    health = anonymous.send("GET", "/health").json
    assert health["portfolio"] == {"seed": 7, "size": "small", "day": 0}
    assert {"data_folder", "generation", "username"} <= set(health)
    assert "sandbox&" not in json.dumps(health)


def test_a_page_of_a_thousand_tasks_is_quick(service, tiny):
    """A thousand tasks are queried and rendered in well under 50 ms (best of five)."""
    from exepron_pipeline.sandbox.envelope import Page
    from exepron_pipeline.sandbox.generations import G2
    from exepron_pipeline.sandbox.query import plan_query
    from exepron_pipeline.sandbox.render import fetch_rows

    many = type(tiny)()
    for number in range(1000, 2200):
        many.add(
            "tasks",
            10,
            100,
            number,
            taskId=number,
            taskName=f"Task {number}",
            lastModifiedOn="2026-01-05T08:00:00.000",
        )
    view = next(endpoint.view for endpoint in G2.endpoints if endpoint.view.name == "tasks")
    seconds = []
    for _ in range(5):
        start = time.thread_time()  # whoever else is busy
        options = {"$filter": "taskId gt 100", "$orderby": "taskId", "$top": "1000"}
        query = plan_query(view, options, G2.paging)
        rows, _ = fetch_rows(many.connection, query, ["t._account = 10"], {}, G2.writers(None))
        body = G2.envelope(Page(rows, ""))
        seconds.append(time.thread_time() - start)
    assert body.count('"taskId"') == 1000
    assert min(seconds) < 0.05
