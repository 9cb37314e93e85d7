import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from exepron_pipeline.sandbox import credentials
from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.limits import LIMITS, RateLimit, limits_of

TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"
CLIENTS = "/identity/Account/Manage/ApiClients"
SCOPE = "openid profile exepron.restapi offline_access"


def refresh(client, token, client_id=credentials.CLIENT_ID):
    """Use a refresh token at one of the sandbox's clients."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    if client_id == credentials.CLIENT_ID:
        form["client_secret"] = credentials.client_secret(7, client_id)
    return client.ask_token(**form)


def private_token(client):
    """A refresh token of the service user."""
    return client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]


def test_silent_page_cap(serve_tiny):
    """A cap that cuts shortens pages without refusal and without a link, in G3 too."""
    bare, _ = serve_tiny(limits=("page=5:cut",))
    assert bare.keys(TASKS, "taskId", top="9") == [1, 2, 3, 4, 5]
    flat, _ = serve_tiny("g3", limits=("page=5:cut",))
    for options in ({"top": "9"}, {}):
        answer = flat.get("tasks", **options).json
        assert len(answer["value"]) == 5
        assert "@odata.nextLink" not in answer


def test_refusing_page_cap_in_g3(serve_tiny):
    """A cap that refuses does so in G3 as well; without $top there are links."""
    flat, _ = serve_tiny("g3", limits=("page=5",))
    assert flat.get("tasks", top="6").status == 400
    assert "@odata.nextLink" in flat.get("tasks").json


@pytest.mark.parametrize("how", ["", ":seconds", ":date", ":nothing"])
def test_rate(serve_tiny, how):
    """Above the rate the answer is 429, and says when to come again in one of three ways; then it is taken."""
    client, _ = serve_tiny(limits=(f"rate=2{how}",))
    answers = [client.get("Accounts/0/Roles")]
    while answers[-1].status == 200 and len(answers) < 100:  # on a slow machine more than two go through
        answers.append(client.get("Accounts/0/Roles"))
    assert len(answers) > 2
    assert answers[-1].status == 429
    waits = answers[-1].headers.get("retry-after")
    if how == ":nothing":
        assert waits is None
    elif how == ":date":
        assert parsedate_to_datetime(waits).timestamp() > time.time() - 1
    else:
        assert waits == "1"
    time.sleep(1.1)
    assert client.get("Accounts/0/Roles").status == 200


def test_rate_counts_each_user():
    """Requests are counted by user, fill up with time, and never beyond the rate."""
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    assert [limit.wait(1), limit.wait(1), limit.wait(2)] == [0, 0, 0]
    assert limit.wait(1) == pytest.approx(0.5)
    now[0] = 0.5
    assert limit.wait(1) == 0
    now[0] = 100
    assert [limit.wait(1), limit.wait(1)] == [0, 0]
    assert limit.wait(1) > 0


def test_oldest_refresh_token_of_a_client_ends(serve_tiny, person_at):
    """Past the cap for one client the oldest token of this user stops working; other clients keep theirs."""
    client, _ = serve_tiny(limits=("refresh-per-client=2",))
    elsewhere = person_at(client).sign_in()["refresh_token"]
    first, second, third = (private_token(client) for _ in range(3))
    assert refresh(client, first).json["error"] == "invalid_grant"
    assert refresh(client, second).status == refresh(client, third).status == 200
    assert refresh(client, elsewhere, credentials.PUBLIC_CLIENT_ID).status == 200


def test_oldest_refresh_token_of_a_user_ends(serve_tiny, person_at):
    """The cap over all clients ends the oldest token, at whatever client."""
    client, _ = serve_tiny(limits=("refresh-per-user=2",))
    first = person_at(client).sign_in()["refresh_token"]
    second, third = private_token(client), private_token(client)
    assert refresh(client, first, credentials.PUBLIC_CLIENT_ID).json["error"] == "invalid_grant"
    assert refresh(client, second).status == refresh(client, third).status == 200


def test_caps_hold_however_many_sign_in(serve_tiny, person_at):
    """However often one signs in, no more refresh tokens are alive than the caps allow, the newest ones."""
    client, _ = serve_tiny(limits=("refresh-per-client=3", "refresh-per-user=4"))
    for _ in range(5):
        newest = private_token(client), person_at(client).sign_in()["refresh_token"]
    alive = client.send("GET", "/identity/connect/counts").json["refresh_tokens_alive"]["1"]
    assert alive == {credentials.CLIENT_ID: 2, credentials.PUBLIC_CLIENT_ID: 2}
    assert refresh(client, newest[0]).status == 200
    assert refresh(client, newest[1], credentials.PUBLIC_CLIENT_ID).status == 200


def test_rotation_does_not_count(serve_tiny):
    """Using a token gives another one in its place: rotation alone never reaches a cap."""
    client, _ = serve_tiny(limits=("refresh-per-client=2",))
    other, token = private_token(client), private_token(client)
    for _ in range(5):
        token = refresh(client, token).json["refresh_token"]
    assert refresh(client, other).status == 200


def test_ten_active_clients(serve_tiny):
    """A user may have ten active clients; one has to go before another comes, and one that went is unknown."""
    client, _ = serve_tiny()
    made = [client.send("POST", CLIENTS) for _ in range(11)]
    assert [answer.status for answer in made] == [201] * 10 + [400]
    assert "limit of 10" in made[10].text
    first = made[0].json
    assert len(client.send("GET", CLIENTS).json) == 10

    def sign_in():
        return client.ask_token(
            grant_type="password", username="sync@ten.example", scope="exepron.restapi",
            password=credentials.password(7, "sync@ten.example"), **first,
        )  # fmt: skip

    assert sign_in().status == 200
    assert client.as_user("guest@ten.example").send("DELETE", f"{CLIENTS}/{first['client_id']}").status == 404
    assert client.send("DELETE", f"{CLIENTS}/{first['client_id']}").status == 204
    assert sign_in().json["error"] == "invalid_client"
    assert client.send("POST", CLIENTS).status == 201
    client.token = None
    assert client.send("GET", CLIENTS).status == 401


def test_rows_hidden_by_role(serve_tiny):
    """A role that shows some projects hides the rows of the others everywhere; their paths are forbidden."""
    client, _ = serve_tiny(limits=("projects=1",))
    assert client.keys("Accounts/0/Projects", "projectId") == [100]
    assert client.keys(TASKS, "taskId") == list(range(1, 17, 2))
    assert client.keys("Accounts/0/WorkHours", "workHourId") == list(range(1, 17, 2))
    assert client.get("Accounts/0/Projects/101/Tasks/GetAllTasks").status == 403
    assert len(client.get("Accounts/0/Users").json) == 3


def test_money_hidden_by_role(serve_tiny):
    """A role without the financial permission nulls columns and forbids sets."""
    client, _ = serve_tiny(limits=("financial=no",))
    assert client.get("Accounts/0/ResourceTypes").json[0]["hourlyCost"] is None
    assert client.get("Accounts/0/Projects/-1/Tasks/-1/Revenues").status == 403


@pytest.mark.parametrize(
    "text",
    [
        "page",
        "page=",
        "page=0",
        "page=x",
        "page=5:perhaps",
        "rate=1:soon",
        "financial=maybe",
        "clients=3:cut",
        "client-auth=none",
        "clock=late",
        "x=1",
        "",
    ],
)
def test_limits_that_mean_nothing(text):
    """A limit that cannot be read is an error that lists the limits."""
    with pytest.raises(SandboxError, match="is no limit") as wrong:
        limits_of((text,))
    assert all(name in wrong.value.hint for name in LIMITS)


def test_the_manual_lists_every_limit():
    """docs/sandbox.md names all limits."""
    manual = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")
    assert [name for name in LIMITS if f"`{name}`" not in manual] == []
