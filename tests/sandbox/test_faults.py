import gzip
import http.client
import json
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from exepron_pipeline.sandbox import credentials
from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.faults.catalogue import FAULTS
from exepron_pipeline.sandbox.faults.schedule import faults_of

TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"
NEXT = "@odata.nextLink"
FIRST = "/api/v1/tasks?$orderby=id"
SMALL_PAGES = ("page=3:split",)
SCOPE = "openid profile exepron.restapi offline_access"


@pytest.fixture
def flat(serve_tiny):
    """Serves G3 with pages of three rows and these faults: a client of the service user, and the world."""
    return lambda *faults: serve_tiny("g3", limits=SMALL_PAGES, faults=faults)


@pytest.fixture
def nested(serve_tiny):
    """Serves G2 with these faults: a client of the service user."""
    return lambda *faults, limits=(): serve_tiny("g2", limits=limits, faults=faults)[0]


def send(client, target):
    """One request; ``None`` when no whole answer comes."""
    try:
        return client.send("GET", target.removeprefix(client.base))
    except (http.client.HTTPException, OSError):
        return None


def refresh(client, token):
    """Use a refresh token; ``None`` when no whole answer comes."""
    try:
        return client.ask_token(
            (credentials.CLIENT_ID, credentials.client_secret(7, credentials.CLIENT_ID)),
            grant_type="refresh_token", refresh_token=token,
        )  # fmt: skip
    except http.client.HTTPException:
        return None


def walk(client, target=FIRST, most=12):
    """The pages that next links lead through, at most so many."""
    pages = []
    while target and len(pages) < most:
        pages.append(client.send("GET", target.removeprefix(client.base)).json)
        target = pages[-1].get(NEXT)
    return pages


def ids(pages):
    """Keys of all rows of the pages."""
    return [row["id"] for page in pages for row in page["value"]]


def sign_in_everywhere(client, person):
    """Discovery, sign-in in every way, refresh, revocation, each as far as it goes; gives a token for the API."""
    client.send("GET", "/identity/.well-known/openid-configuration")
    email = "sync@ten.example"
    user = {"grant_type": "password", "username": email, "password": credentials.password(7, email)}
    for _ in range(2):
        for answer in in_both_ways(client, credentials.CLIENT_ID, scope=SCOPE, **user):
            if token := answer.status == 200 and answer.body[:1] == b"{" and answer.json.get("refresh_token"):
                refresh(client, token)
    person.decide(person.ask())
    client.send("POST", "/identity/connect/revocation")
    answers = in_both_ways(client, credentials.SERVICE_CLIENT_ID, grant_type="client_credentials")
    return next(answer.json["access_token"] for answer in answers if answer.status == 200)


def in_both_ways(client, client_id, **form):
    """A token request with the secret in the header, and one with it in the form."""
    secret = credentials.client_secret(7, client_id)
    in_header = client.ask_token((client_id, secret), **form)
    return in_header, client.ask_token(client_id=client_id, client_secret=secret, **form)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_fires(serve_tiny, person_at, name):
    """In a read of several pages, every way of signing in included, each fault strikes and counts itself."""
    client, world = serve_tiny("g3", limits=SMALL_PAGES, faults=(name,), sign_in=False)
    client.token = sign_in_everywhere(client, person_at(client))
    target = f"{FIRST}&$filter=id%20gt%200&$top=14&$skip=1&$count=true"
    for _ in range(7):
        answer = send(client, target)
        target = f"{FIRST}&$skip=3&x=1"
        if answer and answer.status == 200 and answer.body[:1] == b"{":
            try:
                link = answer.json.get(NEXT)
            except ValueError:
                continue
            target = link if isinstance(link, str) and link.startswith("http://127") else target
    newer = "tasks?$filter=lastModifiedOn%20ge%202026-01-01T00:00:00Z&$skip=1&name=a+b"
    for path in ("workHours", newer, "Accounts/Users/GetLoggedinUser"):
        send(client, f"/api/v1/{path}")
    assert world.faults.hits()[name] >= 1
    assert client.send("GET", "/faults").json[name] >= 1
    assert client.send("GET", "/health").json["faults"][name] >= 1


def test_none_strikes_unasked(flat):
    """Without a fault nothing is counted, and all rows come in order."""
    client, world = flat()
    assert ids(walk(client)) == list(range(1, 17))
    assert world.faults.hits() == {}


def test_the_manual_lists_every_fault():
    """docs/sandbox.md has a line for each fault, with its meaning and when it strikes."""
    manual = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")
    lines = [f"| `{fault.name}` | {fault.about} | `{fault.when}` |" for fault in FAULTS.values()]
    assert [line for line in lines if line not in manual] == []


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ("always", [1, 2, 3, 4, 5, 6]),
        ("2", [2]),
        ("2-4", [2, 3, 4]),
        ("5-", [5, 6]),
        ("%3", [3, 6]),
        ("1+4-5", [1, 4, 5]),
    ],
)
def test_schedules(nested, when, struck):
    """The words for occasions mean what the manual says."""
    client = nested(f"unavailable:{when}")
    statuses = [client.get("Accounts/0/Roles").status for _ in range(6)]
    assert [number for number, status in enumerate(statuses, start=1) if status == 503] == struck


def test_faults_of_one_entity_set(nested):
    """A fault that names an entity set leaves the others alone; several faults count for themselves."""
    client = nested("unavailable:always@roles", "web-page:1")
    assert client.get("Accounts/0/Users").headers["content-type"].startswith("text/html")
    assert client.get("Accounts/0/Users").status == 200
    assert client.get("Accounts/0/Roles").status == 503
    assert client.send("GET", "/faults").json == {"unavailable": 1, "web-page": 1}


@pytest.mark.parametrize(
    "text", ["nothing", "unavailable:", "unavailable:0", "unavailable:4-x", "Unavailable", ""]
)
def test_faults_that_mean_nothing(text):
    """A fault or schedule that cannot be read is an error with a cure."""
    with pytest.raises(SandboxError) as wrong:
        faults_of([text])
    assert wrong.value.hint


# What a client sees


def test_refusals(nested):
    """Each refusal has its status, and says when to come again in its own way."""
    seconds, date, nothing = (
        nested(f"rate-limited-{how}:1").get("Accounts/0/Roles") for how in ("seconds", "date", "nothing")
    )
    assert seconds.status == date.status == nothing.status == 429
    assert seconds.headers["retry-after"] == "1"
    assert abs(parsedate_to_datetime(date.headers["retry-after"]).timestamp() - time.time()) < 5
    assert "retry-after" not in nothing.headers
    once = nested("unauthorized-once")
    assert [once.get("Accounts/0/Roles").status for _ in range(3)] == [401, 200, 200]
    assert [nested("unauthorized-always").get("Accounts/0/Roles").status for _ in range(2)] == [401, 401]


def test_error_on_page_3(flat):
    """The third page fails once; asked for again it comes, and the read goes on."""
    client, _ = flat("error-on-page-3")
    second = walk(client, most=2)[-1][NEXT]
    assert [send(client, second).status for _ in range(2)] == [500, 200]


def test_error_on_page_3_by_key(nested):
    """A read by key has pages too."""
    client = nested("error-on-page-3")
    statuses = [
        client.get(
            TASKS, top="5", orderby="taskId", **({"filter": f"taskId gt {last}"} if last else {})
        ).status
        for last in (0, 5, 10, 10)
    ]
    assert statuses == [200, 200, 500, 200]


def test_token_expires_in_mid_read(flat):
    """A token dies after a few requests; another sign-in gives one that works."""
    client, _ = flat("token-expires")
    assert [client.get("roles").status for _ in range(7)] == [200] * 5 + [401] * 2
    assert client.as_user("sync@ten.example").get("roles").status == 200


def test_redirects(nested):
    """Redirects lead to a page for signing in, or to another host name."""
    same = nested("redirect-same-host:1").get("Accounts/0/Roles")
    assert (same.status, "/identity/Account/Login" in same.headers["location"]) == (302, True)
    other = nested("redirect-other-host:1").get("Accounts/0/Roles")
    assert (other.status, other.headers["location"].startswith("http://localhost:")) == (302, True)


def test_answers_that_are_no_rows(nested):
    """A web page, an error object and an empty answer come with the status of success."""
    page, error, nothing = (
        nested(f"{name}:1").get("Accounts/0/Roles") for name in ("web-page", "error-object", "no-content")
    )
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (error.status, set(error.json)) == (200, {"error"})
    assert (nothing.status, nothing.body) == (204, b"")


def test_connection_cut(nested):
    """The connection ends before the promised length."""
    client = nested("connection-cut:1")
    with pytest.raises(http.client.IncompleteRead):
        client.get(TASKS)
    assert client.get(TASKS).status == 200


def test_damaged_bodies(nested):
    """A cut document, broken compression and a byte order mark come as whole answers."""
    cut = nested("truncated-json:1").get(TASKS)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut.body)
    packed = nested("broken-gzip:1").get(TASKS)
    assert packed.headers["content-encoding"] == "gzip"
    with pytest.raises((EOFError, OSError)):
        gzip.decompress(packed.body)
    assert nested("byte-order-mark").get(TASKS).body.startswith(b"\xef\xbb\xbf[")


def test_slow_answer(nested):
    """A slow answer takes two seconds, and is whole."""
    start = time.monotonic()
    assert len(nested("slow-answer:1").get(TASKS).json) == 16
    assert time.monotonic() - start > 1.5


def test_lost_answer_of_a_refresh(nested):
    """The rotated token is lost with the answer: the old one is used up, and only a new sign-in helps."""
    client = nested("refresh-answer-lost")
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    assert refresh(client, token) is None
    assert refresh(client, token).json["error"] == "invalid_grant"
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    assert refresh(client, token).status == 200


def test_ignored_options(nested):
    """Options that are ignored change nothing about the answer."""
    assert len(nested("filter-ignored").get(TASKS, filter="taskId eq 1").json) == 16
    assert nested("orderby-ignored").keys(TASKS, "taskId", orderby="taskId desc", top="2") == [1, 2]
    assert len(nested("top-ignored").get(TASKS, top="2").json) == 16
    assert nested("skip-ignored").keys(TASKS, "taskId", skip="5", top="2") == [1, 2]


@pytest.fixture
def crowded(serve_tiny):
    """Serves 300 tasks with these faults: a client of the service user."""

    def serve(generation, *faults):
        client, world = serve_tiny(generation, faults=faults)
        with world.today() as portfolio:
            for number in range(1000, 1284):
                portfolio.add("tasks", 10, 100, number, taskId=number, taskName="x", projectId=100)
        return client

    return serve


def test_silent_cap(crowded):
    """Pages end at fifty rows, and nothing says so."""
    assert len(crowded("g2", "silent-cap").get(TASKS, top="200").json) == 50
    flat = crowded("g3", "silent-cap").get("tasks").json
    assert (len(flat["value"]), NEXT in flat) == (50, False)


def test_page_size_changes(crowded):
    """Later pages are smaller; links lead through all rows all the same."""
    pages = walk(crowded("g3", "page-size-changes"))
    assert [len(page["value"]) for page in pages] == [100, 37, 37, 37, 37, 37, 15]
    assert len(set(ids(pages))) == 300


def test_links_that_lead_nowhere(flat):
    """Next links lead to themselves, in circles, to another host, to the root, past the end, or are objects."""
    client, _ = flat("link-identical")
    assert client.send("GET", FIRST).json[NEXT] == f"{client.base}{FIRST}"
    client, _ = flat("link-cyclic")
    links = [page[NEXT] for page in walk(client, most=4)]
    assert links[2] == links[0]
    client, _ = flat("link-other-host")
    assert client.send("GET", FIRST).json[NEXT].startswith("http://localhost:")
    client, _ = flat("link-relative")
    assert client.send("GET", FIRST).json[NEXT].startswith("tasks?")
    client, _ = flat("link-object")
    assert client.send("GET", FIRST).json[NEXT]["uri"].startswith(client.base)
    client, _ = flat("link-past-end")
    assert [len(page["value"]) for page in walk(client)] == [3, 3, 3, 3, 3, 1, 0]


def test_empty_page_with_link(flat):
    """The second page is empty; its link leads to the rows that it lacked."""
    client, _ = flat("empty-page")
    pages = walk(client)
    assert [len(page["value"]) for page in pages] == [3, 0, 3, 3, 3, 3, 1]
    assert ids(pages) == list(range(1, 17))
    assert len({page[NEXT] for page in pages[:-1]}) == 6


def test_repeated_rows(flat):
    """A page comes again in place of the next one; the last row of a page stands on the next one too."""
    client, _ = flat("repeated-page")
    assert ids(walk(client, most=4)) == [1, 2, 3, 4, 5, 6, 4, 5, 6, 10, 11, 12]
    client, _ = flat("key-twice")
    assert ids(walk(client, most=3)) == [1, 2, 3, 3, 4, 5, 6, 7, 8, 9]


def test_big_page(nested):
    """The page has ten megabytes, and is good JSON."""
    answer = nested("big-page:1").get(TASKS)
    assert len(answer.body) > 10_000_000
    assert len(answer.json) == 16


def test_user_as_object(nested):
    """Who am I is one object; lists stay lists."""
    client = nested("user-as-object")
    assert client.get("Accounts/Users/GetLoggedinUser", select="userId").json == {"userId": 1}
    assert len(client.get("Accounts/0/Users").json) == 3


def test_odd_columns(nested):
    """Columns come, go, change type, and have names that are hard to bear; $select knows what there is."""
    usual = set(nested().get(TASKS).json[0])
    unknown = nested("unknown-column").get(TASKS).json[0]
    assert set(unknown) - usual == {"addedLater"}
    missing = nested("missing-column")
    assert usual - set(missing.get(TASKS).json[0]) == {"taskNumber"}
    assert missing.get(TASKS, select="taskNumber").status == 400
    assert nested("retyped-column").get(TASKS).json[2]["duration"] == "3 d"
    hostile = set(nested("hostile-columns").get(TASKS).json[0]) - usual
    assert {"😊", "", "name with spaces"} <= hostile
    assert len(hostile) == 6


def test_odd_values(nested):
    """Null cursors, wide keys, long decimals, fine fractions, broken text and old dates."""
    rows = nested("null-cursor").get(TASKS).json
    assert {row["taskId"] for row in rows if row["lastModifiedOn"] is None} == {5, 10, 15}
    wide = nested("big-ids")
    assert wide.keys(TASKS, "taskId", filter=f"taskId gt {2**53 + 14}", orderby="taskId") == [
        2**53 + 15,
        2**53 + 16,
    ]
    hours = nested("long-decimals").get("Accounts/0/WorkHours", top="1").text
    assert '"hours":0.251234567890123456789012345678901234,' in hours
    assert '"lastModifiedOn":"2026-01-07T23:59:59.9994567"' in nested("fine-fractions").get(TASKS).text
    broken = nested("broken-text").get(TASKS).text
    assert broken.count('\\ud800\\u0000\\u0007"') == 1
    old = nested("old-dates").get("Accounts/0/WorkHours", top="1").text
    assert '"workDate":"\\/Date(1767225600000)\\/"' in old
    assert '"lastModifiedOn":"\\/Date(1767600000000)\\/"' in old


def test_old_dates_in_truth_are_the_same_instant(flat):
    """The milliseconds are those since 1970 in UTC, whatever the generation."""
    client, _ = flat("old-dates")
    text = client.get("tasks", filter="id eq 3").json["value"][0]["lastModifiedOn"]
    assert text == "/Date(1767830399999)/"


@pytest.mark.parametrize(
    ("fault", "by_place", "by_key"),
    [
        ("record-inserted", [1, 2, 3, 3, 4, 5], [1, 2, 3, 4, 5, 6]),
        ("record-deleted", [1, 2, 3, 5, 6, 7], [1, 2, 3, 4, 5, 6]),
        ("record-edited", [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
    ],
)
def test_truth_changes_between_pages(flat, nested, fault, by_place, by_key):
    """A row that comes or goes shifts the pages of a reader that counts, and not of one that asks by key."""
    client, _ = flat(fault)
    assert ids(walk(client, most=2)) == by_place
    keyed = nested(fault)
    first = keyed.keys(TASKS, "taskId", orderby="taskId", top="3")
    assert first + keyed.keys(TASKS, "taskId", orderby="taskId", top="3", filter="taskId gt 3") == by_key


def test_an_edited_row_has_the_newest_stamp(flat):
    """The edit is found by a reader who asks for what is new."""
    client, _ = flat("record-edited")
    walk(client)
    row = client.get("tasks", filter="id eq 1").json["value"][0]
    assert row["taskNumber"] == "1.1 (edited)"
    assert row["lastModifiedOn"] == "2026-01-07T23:59:59.999Z"


def test_permission_lost(nested):
    """From the sixth request on costs are null, financial sets forbidden, and half of the projects gone."""
    client = nested("permission-lost")
    before = [client.keys("Accounts/0/Projects", "projectId") for _ in range(5)][-1]
    assert before == [100, 101]
    assert client.keys("Accounts/0/Projects", "projectId") == [100]
    assert client.get("Accounts/0/ResourceTypes").json[0]["hourlyCost"] is None
    assert client.get("Accounts/0/Projects/-1/Tasks/-1/Revenues").status == 403


def test_clock_skew(nested):
    """Server and tokens are a quarter of an hour ahead; tokens are good all the same."""
    client = nested("clock-skew")
    answer = client.get("Accounts/0/Roles")
    assert answer.status == 200
    ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    assert 890 < ahead < 910
    assert "date" in nested().get("Accounts/0/Roles").headers
