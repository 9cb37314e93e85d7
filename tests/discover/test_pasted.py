"""Whatever people paste, only addresses that were asked for data come of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.discover.addresses import read_addresses
from exepron_pipeline.discover.pasted import read_pasted

BASE = "https://api.example.com/api/v1"
URL = f"{BASE}/projects"
SECRETS = "-H 'Authorization: Bearer hush' -H 'Cookie: sid=hush; x=https://hush.example/' -H 'Referer: https://app.example/hush'"


def paths(*texts):
    """The paths of the lists that texts name."""
    named = read_addresses(read_pasted(texts).addresses, BASE, {"accountId": "4711"})
    return [way.path for each in named.lists for way in each.ways]


@pytest.mark.parametrize(
    "text",
    [
        f"curl '{URL}?$top=5' {SECRETS} --compressed",
        f"curl {SECRETS} --url '{URL}'",
        f'curl "{URL}?^%^24top=5^&x=1" ^\n  -H "Accept: */*" ^\n  --compressed',
        f"curl -G {URL} --data-urlencode '$top=5'",
        f'fetch("{URL}", {{"referrer": "https://app.example/hush", "body": null, "method": "GET"}});',
        f'Invoke-WebRequest -UseBasicParsing -Uri "{URL}" `\n-WebSession $session',
        f'$session.Cookies.Add("https://hush.example/")\nInvoke-WebRequest -Uri "{URL}" -Headers @{{"a"="b"}}',
        "GET /api/v1/projects?$top=5 HTTP/1.1\nHost: api.example.com",
        '10.0.0.1 - - [01/Dec/2026] "GET /api/v1/projects?$top=1 HTTP/1.1" 200 12',
        f'"url": "{URL}?access_token=hush",',
        f"See <{URL}>.",
        f"({URL})",
        f"view-source:{URL}",
        f"{BASE}/projects%3F%24top%3D5",
        f"{BASE}/projects&$top=5",
        f"{BASE}/x/../projects/./",
        "api.example.com/api/v1/projects",
        "localhost:8080/api/v1/projects",
        "'../projects',",
    ],
)
def test_the_address_is_found(text):
    """A command, a line of a log, a quotation, an address with signs around it: the list is the same."""
    assert paths(text) == ["projects"]


def test_several_at_once():
    """One text may hold several addresses, with blanks, commas or lines between."""
    assert paths(f"{URL}, {BASE}/tasks\n{BASE}/users") == ["projects", "tasks", "users"]
    assert paths("projects tasks, users") == ["projects", "tasks", "users"]


@pytest.mark.parametrize(
    "text",
    [
        f"curl -X POST {URL} -d 'password=hush'",
        f"curl '{URL}' --data-raw '{{\"password\":\"hush\"}}'",
        f'fetch("{URL}", {{"body": "{{}}", "method": "POST"}});',
        f'Invoke-WebRequest -Uri "{URL}" -Method "DELETE"',
        "POST /api/v1/projects HTTP/1.1",
    ],
)
def test_what_changes_something_is_counted(text):
    """A call that was no question for data is counted, and nothing of it is taken."""
    found = read_pasted([text])
    assert (found.addresses, found.written) == ((), 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BASE}/Projects(ID=1,Name='x y')/Tasks", ["Projects(-1)/Tasks", "Projects({projectId})/Tasks"]),
        (f"{BASE}/Projects(guid'0f8fad5b-d9cb-469f-a165-70867728950e')", ["Projects"]),
        ("Accounts/{accountId}/Projects", ["Accounts/{accountId}/Projects"]),
        ("Accounts/<id>/Projects", ["Accounts/{accountId}/Projects"]),
        ("Data.svc/Projects", ["Data.svc/Projects"]),
        (f"{BASE}/people/anna.berg/tasks", ["people/-1/tasks"]),
        (f"{BASE}/../admin", []),
        ("", []),
    ],
)
def test_what_belongs_to_the_address_stays(text, expected):
    """Keys in brackets, variables of a documentation, folders with dots; what leads out of the base is none of ours."""
    assert paths(text) == expected


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    """Nothing that is pasted is an error, and no address has a blank or a quote around it."""
    found = read_pasted([text, f"curl {text}", f'"{URL}" {text}'])
    assert all(each == each.strip(" \"'`<>") for each in found.addresses)
    read_addresses(found.addresses, BASE, {})
