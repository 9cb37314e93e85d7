"""Lists that addresses name: which way is taken, whose set they are, how their answers are wrapped."""

import json
from urllib.parse import urlsplit

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.discover.addresses import read_addresses
from exepron_pipeline.discover.difference import difference
from exepron_pipeline.discover.discovery import Discovery
from exepron_pipeline.discover.frugal import AskedEnoughError, Frugal
from exepron_pipeline.discover.write import catalogue_text, laid_over, proposed
from exepron_pipeline.errors import EntitySetMissingError
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.looker import Looker
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.wrapped import find_link, find_rows

BUFFERS = [
    {"bufferId": n, "projectId": 7, "bufferType": "feeding", "bufferSize": 2.5, "bufferRemaining": 1.5, "bufferPenetration": 40.0}
    for n in range(1, 9)
]  # fmt: skip


@pytest.fixture
def served(fake):
    """Makes a service of lists by path; others are not there."""

    class Served:
        base_url, requests, in_flight = fake.BASE, 0, 1

        def __init__(self, places, wrap=None):
            self.places = {path: fake.FakeService(rows) for path, rows in places.items()}
            self.wrap = wrap

        def get(self, address, headers=None, *, until=None):
            self.requests += 1
            found = self.places.get(urlsplit(address).path)
            if found is None:
                raise EntitySetMissingError(f"GET {address}: 404")
            response = found.get(address)
            if not self.wrap:
                return response
            body = json.dumps(self.wrap(json.loads(response.body), len(found.records))).encode()
            return Response(200, {}, body, address, 0.0)

    return Served


def found(service, *paths, built_in=None, dialect="odata4", known=None):
    """The discovery, and its findings at these paths."""
    named = read_addresses(paths, service.base_url, known or {})
    discovery = Discovery(service, DIALECTS[dialect], known or {}, built_in)
    return discovery, discovery.of_addresses(named.lists)


def test_all_at_once_else_one_by_one(served):
    """The wildcard is taken where it answers; else the path is asked once for each project, as the address showed."""
    rows = [{"id": n, "name": "x"} for n in range(1, 5)]
    _, [wide] = found(served({"Projects/-1/Notes": rows}), "Projects/12/Notes")
    _, [narrow] = found(served({"Projects/12/Notes": rows}), "Projects/12/Notes")
    _, [neither] = found(served({}), "Projects/12/Notes")
    assert (wide.described.path, wide.problem) == ("Projects/-1/Notes", "")
    assert (narrow.described.path, narrow.problem) == ("Projects/{projectId}/Notes", "")
    assert "404" in neither.problem


def test_a_set_of_the_catalogue_takes_its_place(served):
    """Records with a proposed set's key and fields are that set, wherever they were found: its path is what changes."""
    built_in = load_catalogue()
    service = served({"Accounts/5/Reserves": BUFFERS})
    discovery, findings = found(
        service, "Accounts/77/Reserves", built_in=built_in, dialect="g2", known={"accountId": "5"}
    )
    entries = discovery.entries(findings)
    assert entries["buffers"]["path"] == "Accounts/{accountId}/Reserves"
    after = proposed(catalogue_text(entries, head=["made"], replace=False))
    [line] = difference(built_in, after)
    assert line.startswith("~ buffers: path ")
    assert line.endswith("Accounts/{accountId}/Reserves")
    assert after.entity_sets["buffers"].columns == built_in.entity_sets["buffers"].columns


def test_more_addresses_add_to_a_catalogue(served, tmp_path):
    """What a catalogue in use says stays, and columns that are new are added to it."""
    place = tmp_path / "mine.yaml"
    place.write_text(
        "replace: true\nentity_sets:\n  things:\n    key: id\n    path: Things\n    note: mine\n    columns: {id: int}\n  gone: null\n"
    )
    place.write_text(place.read_text().replace("  gone: null\n", ""))
    rows = [{"id": n, "weight": n} for n in range(1, 9)]
    discovery, findings = found(
        served({"Things": rows, "Others": rows}), "Things", "Others", built_in=load_catalogue(place)
    )
    entries, replace = laid_over(place, discovery.entries(findings))
    after = proposed(catalogue_text(entries, head=["made"], replace=replace))
    assert difference(load_catalogue(place), after) == [
        "+ others: at Others, 2 columns, key id, read whole",
        "~ things: + weight",
    ]
    assert after.entity_sets["things"].note == "mine"


WRAPS = {
    "data.records": lambda rows, total: {"data": {"records": rows}, "meta": {"matched": total, "page": len(rows)}},
    "results": lambda rows, total: {"ok": True, "results": rows, "total": total, "shown": len(rows)},
    "payload.list.rows": lambda rows, total: {"payload": {"list": {"rows": rows}, "total": total}, "warnings": []},
}  # fmt: skip


@pytest.mark.parametrize("place", WRAPS)
def test_records_are_found_in_a_wrapping_of_the_service_s_own(served, place):
    """The one list of records is found by its shape; the number that does not depend on the question is the count."""
    service = served({"Things": [{"id": n, "name": f"n{n}"} for n in range(1, 90)]}, WRAPS[place])
    _, [things] = found(service, "Things")
    assert things.problem == ""
    assert things.envelope["records"] == place
    assert things.capabilities.records == 89


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"details": [{"code": 1}]}},
        {"a": [{"x": 1}], "b": [{"y": 1}]},
        {"a": [1, 2]},
        {"a": {"b": {"c": {"d": [{"x": 1}]}}}},
        {},
    ],
)
def test_what_is_no_list_is_none(document):
    """Errors, several lists, lists of plain values, and what lies too deep are no records."""
    assert find_rows(document) is None


def test_next_links_are_those_of_the_same_list():
    """A link leads on when it is one of the same list with a query; itself, the first and others are none."""
    base = "https://api.example.com/v1"
    document = {
        "rows": [{}],
        "links": {"self": f"{base}/things?x=1", "next": f"{base}/things?x=2", "help": f"{base}/help?x=2"},
    }
    assert find_link(document, "rows", base, "things") == "links.next"
    assert find_link({"rows": [], "more": None}, "rows", base, "things") is None


def test_a_list_that_is_wrapped_as_odata_does_needs_no_word(served):
    """Where the standard's form is found, nothing is written of it."""
    looker = Looker(
        served({"Things": [{"id": 1}]}, lambda rows, total: {"value": rows}), "Things", DIALECTS["odata4"]
    )
    assert looker.ask(Query())[0] == [{"id": 1}]
    assert looker.wrapping is None


def test_a_discovery_asks_so_much_and_no_more(served):
    """When the questions are used up, the sets that are left are named, and nothing more is sent."""
    service = served({f"Things{name}": [{"id": n, "name": "x"} for n in range(9)] for name in "abc"})
    frugal = Frugal(service, most=7)
    named = read_addresses(["Thingsa", "Thingsb", "Thingsc"], service.base_url, {})
    findings = Discovery(frugal, DIALECTS["odata4"], {}).of_addresses(named.lists)
    assert service.requests == 7
    assert [bool(each.problem) for each in findings] == [False, False, True]
    assert "at most 7 questions" in findings[-1].problem
    with pytest.raises(AskedEnoughError):
        frugal.get("Things")
