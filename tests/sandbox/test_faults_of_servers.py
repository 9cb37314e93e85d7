"""What a client sees of faults that were measured on other servers."""

import pytest

TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"
NEXT, COUNT = "@odata.nextLink", "@odata.count"
FIRST = "/api/v1/tasks?$orderby=id&$count=true"
ALL = list(range(1, 17))


@pytest.fixture
def flat(serve_tiny):
    """Serves G3 with pages of five rows and these faults: a client of the service user."""
    return lambda *faults: serve_tiny("g3", limits=("page=5:split",), faults=faults)[0]


@pytest.fixture
def nested(serve_tiny):
    """Serves G2 with these faults: a client of the service user."""
    return lambda *faults, limits=(): serve_tiny("g2", limits=limits, faults=faults)[0]


def walk(client, target=FIRST):
    """All pages that next links lead through."""
    pages = []
    while target:
        pages.append(client.send("GET", target.removeprefix(client.base)).json)
        target = pages[-1].get(NEXT)
    return pages


def ids(pages):
    """Keys of all rows of the pages."""
    return [row["id"] for page in pages for row in page["value"]]


def test_plus_is_refused(nested):
    """A blank must be %20; a plus that is meant is %2B."""
    client = nested("plus-refused")
    target = f"/api/v1/{TASKS}?$orderby=taskId"
    assert client.send("GET", f"{target}+desc").status == 400
    assert client.send("GET", f"{target}%20desc").json[0]["taskId"] == 16
    assert client.send("GET", f"{target}&note=%2B").status == 200


def test_skip_without_order_is_refused(nested):
    """With an order the same skip is obeyed."""
    client = nested("skip-needs-order")
    assert client.get(TASKS, skip="14").status == 400
    assert client.keys(TASKS, "taskId", skip="14", orderby="taskId") == [15, 16]


def test_filters_fail(nested):
    """A filter ends in a stack trace; without one all rows come."""
    client = nested("filter-fails")
    answer = client.get(TASKS, filter="taskId eq 1")
    assert (answer.status, "at Tasks.Get()" in answer.text) == (500, True)
    assert len(client.get(TASKS).json) == 16


def test_atom_unless_json_is_accepted(nested):
    """The Accept header decides."""
    client = nested("atom-by-default")
    assert client.get(TASKS).headers["content-type"].startswith("application/atom+xml")
    client.headers = {"Accept": "application/json"}
    assert len(client.get(TASKS).json) == 16


def test_sealed_links(flat):
    """A next link works as it is, and not when its signs are decoded or encoded once more."""
    client = flat("link-sealed")
    assert ids(walk(client)) == ALL
    link = walk(client)[0][NEXT].removeprefix(client.base)
    for changed in (link.replace("%253C", "%3C"), link.replace("%2B", "+"), link.replace("%27", "'")):
        assert client.send("GET", changed).status == 400


def test_all_rows_in_one_answer(nested, flat):
    """Neither cap nor $top limits the answer, and no link follows."""
    assert len(nested("page-unlimited", limits=("page=5:refuse",)).get(TASKS, top="2").json) == 16
    [page] = walk(flat("page-unlimited"))
    assert len(page["value"]) == 16


def test_unstable_order(flat, nested):
    """Without a full order rows change places from request to request; with the key in it they do not."""
    client = nested("order-unstable")
    loose = [client.keys(TASKS, "taskId", orderby="isMilestone") for _ in range(3)]
    assert len({tuple(keys) for keys in loose}) == 3
    assert all(sorted(keys) == ALL and {key % 2 for key in keys[:8]} == {0} for keys in loose)
    assert client.keys(TASKS, "taskId", orderby="taskId") == ALL
    assert ids(walk(flat("order-unstable"))) == ALL
    assert ids(walk(flat("order-unstable"), "/api/v1/tasks")) != ALL


def test_a_filter_loses_rows(flat, nested):
    """A filter on an instant finds half of what it should, on each page; other filters find all."""
    since = "lastModifiedOn ge 2026-01-01T00:00:00Z"
    client = nested("filter-loses-rows")
    assert client.keys(TASKS, "taskId", filter=since, orderby="taskId") == ALL[1::2]
    assert client.keys(TASKS, "taskId", filter="taskId gt 14", orderby="taskId") == [15, 16]
    pages = walk(flat("filter-loses-rows"), f"{FIRST}&$filter={since.replace(' ', '%20')}")
    assert ids(pages) == ALL[1::2]
    assert pages[0][COUNT] == 8


def test_a_link_passes_over_a_row(flat):
    """A row is missing after each page; only the count tells."""
    pages = walk(flat("link-past-row"))
    assert ids(pages) == [key for key in ALL if key not in {6, 12}]
    assert {page[COUNT] for page in pages} == {16}


def test_odd_counts(flat):
    """Counts are too high, stand on the first page only, or take the place of the rows."""
    pages = walk(flat("count-too-high"))
    assert (ids(pages), pages[0][COUNT]) == (ALL, 17)
    assert [page.get(COUNT) for page in walk(flat("count-forgotten"))] == [16, None, None, None]
    client = flat("count-for-rows")
    assert client.send("GET", FIRST).json == {"value": 16}
    assert len(client.get("tasks").json["value"]) == 5


def test_odd_numbers_and_stamps(nested):
    """Whole numbers come as text; stamps lose a fraction by which filters still tell them apart."""
    row = nested("numbers-as-text").get(TASKS, top="1").json[0]
    assert (row["taskId"], row["duration"], row["remainingDuration"]) == ("1", "1", "0")
    client = nested("coarse-stamps")
    row = client.get(TASKS, filter="taskId eq 3").json[0]
    assert row["lastModifiedOn"] == "2026-01-07T23:59:59"
    newer = client.keys(TASKS, "taskId", filter="lastModifiedOn gt 2026-01-07T23:59:59Z", orderby="taskId")
    assert newer == [3, 7, 11, 15]
