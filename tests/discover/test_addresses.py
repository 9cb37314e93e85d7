"""Addresses become paths with variables; nothing of anybody is left in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.discover.addresses import read_addresses

BASE = "https://api.example.com/api/v1"
OURS = {"accountId": "4711", "userId": "99"}
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def ways(*urls, base=BASE, known=OURS):
    """The ways of each list that the addresses name."""
    found = read_addresses(urls, base, known)
    return [[way.path for way in each.ways] for each in found.lists]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("projects", ["projects"]),
        ("projects?$top=5&access_token=abc#frag", ["projects"]),
        ("Accounts/4711/Projects", ["Accounts/{accountId}/Projects"]),
        ("Accounts/815/Projects", ["Accounts/{accountId}/Projects"]),
        ("Accounts/0/Users", ["Accounts/{accountId}/Users"]),
        ("Accounts/815/Users/77/Projects", ["Accounts/{accountId}/Users/{userId}/Projects"]),
        ("t/4711/things", ["t/{accountId}/things"]),
        ("Accounts/815/Projects/-1/Tasks/GetAllTasks", ["Accounts/{accountId}/Projects/-1/Tasks/GetAllTasks"]),
        ("Accounts/1/Projects/12/Buffers", ["Accounts/{accountId}/Projects/-1/Buffers", "Accounts/{accountId}/Projects/{projectId}/Buffers"]),
        ("Accounts/1/Projects/12/Tasks/3/Notes", ["Accounts/{accountId}/Projects/-1/Tasks/-1/Notes"]),
        (f"teams/{GUID}/members", ["teams/-1/members"]),
        ("projects/12", ["projects"]),
        (f"projects/{GUID}/", ["projects"]),
        ("Projects(12)/Tasks", ["Projects(-1)/Tasks", "Projects({projectId})/Tasks"]),
        ("Projects(12)", ["Projects"]),
        ("Projects/$count", ["Projects"]),
        ("v2/projects", ["v2/projects"]),
        ("projects;jsessionid=ABC123", ["projects"]),
        ("people/anna%40example.com/tasks", ["people/-1/tasks"]),
        ("s/eyJhbGciOiJIUzI1NiJ9.e30.x/tasks", ["s/-1/tasks"]),
        ("share/k3yk3yk3yk3yk3yk3yk3y/tasks", ["share/-1/tasks"]),
    ],
)  # fmt: skip
def test_variables_are_recognised(path, expected):
    """Ids of whomever become variables or the wildcard; queries, tokens and sessions are dropped."""
    assert ways(f"{BASE}/{path}") == [expected]


def test_calls_are_compared():
    """Words that differ in nothing but digits are values; words that differ otherwise are lists of their own."""
    assert ways(f"{BASE}/plans/phase1/gates", f"{BASE}/plans/phase2/gates") == [["plans/-1/gates"]]
    assert ways(f"{BASE}/plans/phase1/gates") == [["plans/phase1/gates"]]
    assert ways(f"{BASE}/portfolio/members", f"{BASE}/portfolio/rights") == [
        ["portfolio/members"],
        ["portfolio/rights"],
    ]


def test_the_same_list_comes_once():
    """Many calls of one list, by whatever case, are one list."""
    urls = [f"{BASE}/Accounts/{n}/Projects?$skip={n}" for n in range(300)]
    assert ways(*urls, f"{BASE}/accounts/5/projects") == [["Accounts/{accountId}/Projects"]]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/api/v1/projects",
        "HTTPS://API.example.com/API/v1/projects",
        "https://user:pass@api.example.com:8443/api/v1/projects",
        "https://gateway.example/exepron/api/v1/projects?x=1",
        "/api/v1/projects",
        "projects",
    ],
)
def test_other_hosts_are_matched_by_the_base_path(url):
    """Whatever host a call went to, and whatever a gateway has in front: the path below the base counts."""
    assert ways(url) == [["projects"]]


def test_the_others_are_named_by_their_hosts_alone():
    """Addresses that cannot be matched are counted by host; nothing else of them is told."""
    urls = [
        "https://a:b@cdn.example/x/secret?t=1",
        "https://cdn.example/y",
        "mailto:someone@x",
        "http://[",
        "",
    ]
    found = read_addresses(urls, BASE, OURS)
    assert found.lists == ()
    assert found.elsewhere == {"cdn.example": 2, "an address without a host": 2}


def test_what_describes_is_no_list():
    """Metadata and batches are no lists."""
    assert ways(f"{BASE}/$metadata", f"{BASE}/odata/$batch") == []


def test_unknown_accounts_stay_variables_that_are_told():
    """Where the service does not tell our account, the account of the address is asked for, and not written down."""
    [named] = read_addresses([f"{BASE}/Accounts/815/Projects"], BASE, {}).lists
    [way] = named.ways
    assert (way.path, way.values) == ("Accounts/{accountId}/Projects", {"accountId": "815"})
    assert "815" not in repr(way)


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=4), st.integers(10, 10**12), st.uuids())
def test_no_id_is_left(words, number, guid):
    """Whatever stands around it, a number or GUID of an address is in no path."""
    for secret in (str(number), str(guid)):
        url = f"{BASE}/{'/'.join([*words, secret, 'things'])}"
        for each in read_addresses([url], BASE, {}).lists:
            assert all(secret not in way.path.split("/") for way in each.ways)
