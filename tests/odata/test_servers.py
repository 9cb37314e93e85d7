"""What independent servers were measured to do, line by line: envelopes, links, literals, errors.

A is an OData V4 server, B the adapter for V2 before it, C speaks V4.01, D V2 with Atom by default, E has
the envelope of V4 and little else. Their values are in ``tests/normalise/test_servers.py``; that they do not
lose records is in ``test_paging.py``.
"""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from exepron_pipeline.errors import (
    EntitySetMissingError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.http.problems import raise_for_status
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.filter import KeyPart, TextMatch, compare, one_of
from exepron_pipeline.odata.links import place_below
from exepron_pipeline.odata.literals import literal, stamp_forms
from exepron_pipeline.odata.page import Envelope, open_envelope
from exepron_pipeline.odata.query import KeyPart as Part
from exepron_pipeline.odata.query import Query, both
from exepron_pipeline.odata.question import Question

ROWS = [{"ID": 1}]
V2, V3, V4 = DIALECTS["odata2"], DIALECTS["odata3"], DIALECTS["odata4"]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

ANSWERS = {
    "A, link before value": (
        "odata4",
        {
            "@odata.context": "$metadata#Tasks",
            "@odata.count": 20000,
            "@odata.nextLink": "Tasks?%24select=ID&%24skiptoken=1000",
            "value": ROWS,
        },
        Envelope(20000, "Tasks?%24select=ID&%24skiptoken=1000"),
    ),
    "A, the page after an exactly full last one": (
        "odata4",
        {"@odata.context": "$metadata#Tasks", "value": []},
        Envelope(),
    ),
    "B": (
        "odata2",
        {
            "d": {
                "results": ROWS,
                "__count": "20000",
                "__next": "http://localhost:4004/v2/Tasks?$skiptoken=1000",
            }
        },
        Envelope(20000, "http://localhost:4004/v2/Tasks?$skiptoken=1000"),
    ),
    "C": (
        "odata4",
        {"value": ROWS, "@odata.count": 1500, "@odata.nextLink": "http://c/svc/Tasks?$skiptoken=500!51498"},
        Envelope(1500, "http://c/svc/Tasks?$skiptoken=500!51498"),
    ),
    "C, without the prefix": (
        "odata4",
        {"@context": "$metadata#Tasks", "@count": 1500, "value": ROWS, "@nextLink": "Tasks?$skiptoken=5"},
        Envelope(1500, "Tasks?$skiptoken=5"),
    ),
    "D": (
        "odata2",
        {"d": {"results": ROWS, "__count": 1500, "__next": {"uri": "http://d/Tasks?$skiptoken=50298L"}}},
        Envelope(1500, "http://d/Tasks?$skiptoken=50298L"),
    ),
    "D, a later page: the link drops the count": ("odata2", {"d": {"results": ROWS}}, Envelope()),
    "E, count after value": ("odata4", {"value": ROWS, "@odata.count": 1500}, Envelope(1500)),
    "V3, light": (
        "odata3",
        {"odata.metadata": "x", "odata.count": "7", "value": ROWS, "odata.nextLink": "T?$skiptoken=1"},
        Envelope(7, "T?$skiptoken=1"),
    ),
    "V3, verbose": ("odata3", {"d": {"results": ROWS, "__count": "7"}}, Envelope(7)),
    "V1": ("odata2", {"d": ROWS}, Envelope()),
    "a bare list": ("g2", ROWS, Envelope()),
    "ASP.NET's PageResult": (
        "odata3",
        {"Items": ROWS, "NextPageLink": "http://p/api/Tasks?$skip=100", "Count": 700},
        Envelope(700, "http://p/api/Tasks?$skip=100"),
    ),
    "ASP.NET's PageResult, the last page": (
        "odata4",
        {"Items": ROWS, "NextPageLink": None, "Count": None},
        Envelope(),
    ),
    "ASP.NET Core's PageResult": (
        "g2",
        {"items": ROWS, "nextPageLink": "/T?$skip=1", "count": 7},
        Envelope(7, "/T?$skip=1"),
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("spoken", [None, *sorted(DIALECTS)])
def test_an_answer_shows_how_it_is_wrapped(case: str, spoken: str | None) -> None:
    """Rows, count and link are found whatever their order, and whichever dialect was taken the service to speak."""
    name, document, envelope = ANSWERS[case]
    rows, found = open_envelope(json.loads(json.dumps(document)), {}, DIALECTS[spoken or name])
    assert found == envelope
    assert rows in (ROWS, [])


@pytest.mark.parametrize(
    "document",
    [
        {"d": {"__metadata": {"uri": "x"}, "ID": 1}},
        {"@odata.context": "$metadata#Tasks/$entity", "ID": 1},
        {"@context": "http://x/$metadata#Tasks/$entity", "ID": 1},
        {"odata.metadata": "http://x/$metadata#Tasks/@Element", "ID": 1},
    ],
)
def test_one_entity_is_one_record(document: dict[str, Any]) -> None:
    """A single entity is known by what the standards put beside it, in every dialect."""
    for dialect in DIALECTS.values():
        rows, envelope = open_envelope(document, {}, dialect)
        assert rows[0]["ID"] == 1
        assert envelope == Envelope()


@pytest.mark.parametrize(
    "document",
    [
        {"value": 1500, "@odata.count": 1500},  # E, asked with $inlinecount
        {"items": ROWS, "total": 5},
        {"Items": ROWS, "Count": 1, "Id": 7},
        {"d": {"error": "x"}},
        {"d": 5},
        {"@odata.context": "$metadata#Edm.String", "value": "x"},
    ],
)
def test_what_only_looks_like_records_is_an_error(document: object) -> None:
    """A number for the rows, and lists under names that are nobody's, are not taken for pages."""
    with pytest.raises(ResponseError):
        open_envelope(document, {}, V4)


def test_a_record_with_a_list_is_no_page() -> None:
    """Where one object may be one record, its own list named `items` makes no page of it."""
    record = {"ID": 1, "items": [{"n": 1}], "count": 1}
    assert open_envelope(record, {}, DIALECTS["g2"])[0] == [record]
    both_counts = {"value": ROWS, "count": 1}  # a member of somebody's own: records of this page, perhaps
    assert open_envelope(both_counts, {}, V4)[1] == Envelope()


@pytest.mark.parametrize(
    ("dialect", "option"),
    [
        ("odata4", "$count=true"),
        ("g3", "$count=true"),
        ("odata2", "$inlinecount=allpages"),
        ("odata3", "$inlinecount=allpages"),
    ],
)
def test_a_count_is_asked_for_in_the_only_way_that_is_not_refused(dialect: str, option: str) -> None:
    """`$inlinecount` is a 400 in V4, `$count` a 400 or silently ignored in V2; `/Set/$count` is never asked."""
    assert Query(top=1, count=True).encode(DIALECTS[dialect]) == f"$top=1&{option}"


BASE = "http://127.0.0.1:4004/odata/v4"


@pytest.mark.parametrize(
    ("link", "asked", "address"),
    [
        # A: from the service's root, though the question was nested
        (
            "Projects(1000)/tasks?%24skiptoken=20",
            "Projects(1000)/tasks",
            "Projects(1000)/tasks?%24skiptoken=20",
        ),
        ("Projects('a%20b')/tasks?x", "Projects('a b')/tasks", "Projects('a%20b')/tasks?x"),
        # the root lies below our base
        ("Tasks?%24skiptoken=1000", "main/Tasks", "main/Tasks?%24skiptoken=1000"),
        ("Projects(1)/tasks?$skiptoken=20", "main/Projects(1)/tasks", "main/Projects(1)/tasks?$skiptoken=20"),
        # RFC 3986: from the request
        ("Tasks?$skiptoken=5", "Accounts/7/Tasks", "Accounts/7/Tasks?$skiptoken=5"),
        ("?$skiptoken=5", "Accounts/7/Tasks", "Accounts/7/Tasks?$skiptoken=5"),
        # a page of something else: the root counts
        ("Others?$skiptoken=5", "Tasks", "Others?$skiptoken=5"),
        # B and D: another host, the same path
        ("http://localhost:4004/odata/v4/Tasks?$skiptoken=1", "Tasks", "Tasks?$skiptoken=1"),
        ("https://intern:8443/odata/v4/Tasks?a%2Bb", "Tasks", "Tasks?a%2Bb"),
        # a gateway with another path in front
        ("http://intern/apps/7/Tasks?$skiptoken=1", "Tasks", "Tasks?$skiptoken=1"),
        ("/apps/7/Accounts/1/Tasks?$skiptoken=1", "Accounts/1/Tasks", "Accounts/1/Tasks?$skiptoken=1"),
        # elsewhere
        ("http://intern/apps/7/Users?$skiptoken=1", "Tasks", None),
        ("http://intern/Tasks?$skiptoken=1", "Accounts/1/Tasks", None),
        ("/odata/v4/../../admin/Tasks", "Tasks", None),
        ("/odata/v4/%2e%2e/admin", "Tasks", None),
        ("../Tasks?$skiptoken=1", "Tasks", None),
    ],
)
def test_where_links_lead(link: str, asked: str, address: str | None) -> None:
    """A next page is a page of what was asked, below our base, whatever base the link was written for."""
    assert place_below(BASE, link, asked) == address


def test_a_link_is_not_added_to() -> None:
    """Options that a link dropped (D drops `$inlinecount`) are not put back: its token knows them."""
    link = "http://d/odata/v4/Tasks?$select=cost&$skiptoken=50298L"
    assert place_below(BASE, link, "Tasks") == "Tasks?$select=cost&$skiptoken=50298L"


@pytest.mark.parametrize(
    ("dialect", "type_", "value", "text"),
    [
        ("odata4", "Edm.DateTimeOffset", NEW_YEAR, "2026-01-01T00:00:00Z"),  # A, B and C take it
        (
            "odata4",
            "Edm.DateTimeOffset",
            NEW_YEAR.astimezone(timezone(timedelta(hours=1))),
            "2026-01-01T00:00:00Z",
        ),
        ("odata4", "Edm.DateTimeOffset", date(2026, 1, 1), "2026-01-01T00:00:00Z"),  # a mere date: 400 in C
        ("odata4", "timestamp", NEW_YEAR, "2026-01-01T00:00:00Z"),
        ("odata2", "Edm.DateTimeOffset", NEW_YEAR, "datetimeoffset'2026-01-01T00:00:00Z'"),
        ("odata2", "Edm.DateTime", NEW_YEAR, "datetime'2026-01-01T00:00:00'"),  # D counts wrongly otherwise
        (
            "odata2",
            "Edm.Guid",
            "d5ea1b5e-0000-0000-0000-000000000001",
            "guid'd5ea1b5e-0000-0000-0000-000000000001'",
        ),
        (
            "odata4",
            "Edm.Guid",
            "d5ea1b5e-0000-0000-0000-000000000001",
            "d5ea1b5e-0000-0000-0000-000000000001",
        ),
        ("odata2", "Edm.Decimal", Decimal("1.5"), "1.5M"),
        ("odata4", "Edm.Decimal", Decimal("1.5"), "1.5"),  # 1.5M is a 400 in A
        ("odata2", "Edm.Int64", 1, "1L"),
        ("odata4", "Edm.Int64", 1, "1"),  # 1L is a 400 in A and C
        ("odata4", "Edm.String", "O'Brien", "'O''Brien'"),
        ("odata4", "Edm.String", None, "null"),
    ],
)
def test_literals_that_are_not_refused(dialect: str, type_: str, value: object, text: str) -> None:
    """Each form is the one that the measured servers of the version took, and counted rightly."""
    assert literal(value, type_, DIALECTS[dialect]) == text


def test_a_known_type_has_one_form() -> None:
    """Where the property's type is known no other form is tried: D takes wrong forms and loses rows in silence."""
    assert stamp_forms("Edm.DateTime", V2) == ("datetime'{utc}'",)
    assert stamp_forms("Edm.DateTimeOffset", V2) == ("datetimeoffset'{utc}Z'",)
    assert stamp_forms("Edm.DateTimeOffset", V4) == ("{utc}Z",)
    assert stamp_forms("timestamp", V2) == V2.stamps


def test_functions_and_lists_that_are_not_refused() -> None:
    """`substringof` is a 501 in A and a 400 in C, `contains` is unknown to V2, `in` to all but V4.01."""
    name = KeyPart("name", "text")
    assert TextMatch(name, "contains", "x").text(V4) == "contains(name,'x')"
    assert TextMatch(name, "contains", "x").text(V2) == "substringof('x',name)"
    assert one_of(KeyPart("id"), [1, 2]).text(V4) == "id eq 1 or id eq 2"
    assert compare(name, "ne", None).text(V4) == "name ne null"


def test_blanks_and_plus_signs() -> None:
    """`+` for a blank is a 400 in A and D; a `+` that is meant is `%2B`."""
    assert Query(filter="name eq 'a+b'").encode(V4) == "$filter=name%20eq%20'a%2Bb'"


def test_nobody_sends_a_negative_or_unknown_option() -> None:
    """`$top=-1` made A send everything and C refuse; unknown options are a 400 everywhere."""
    question = Question("http://x", "Tasks", (Part("ID"),), V4, size=5)
    assert question.page(5).encode(V4) == "$orderby=ID%20asc&$top=5&$count=true"


def test_every_order_ends_with_the_key() -> None:
    """E and ASP.NET keep no order among equals: the key, once, is the last of every order."""
    key = (Part("ID"), Part("Line"))
    question = Question("http://x", "Tasks", key, V4, Query(orderby=("due desc", "Line desc")), counted=False)
    assert question.page(5).encode(V4) == "$orderby=due%20desc,Line%20desc,ID%20asc&$top=5"


def test_a_users_filter_keeps_its_meaning() -> None:
    """What is added to a condition in the service's own words never changes what it means."""
    assert both("status eq 2 OR status eq 3", "ID gt 5") == "(status eq 2 OR status eq 3) and (ID gt 5)"


ERRORS = [
    (
        404,
        {"error": {"message": "Not Found", "code": "404", "@Common.numericSeverity": 4}},
        EntitySetMissingError,
        "404 Not Found",
    ),
    (
        400,
        {"error": {"message": "Expected a whitespace but '+' found", "code": "400"}},
        RequestRejectedError,
        "whitespace",
    ),
    (
        501,
        {"error": {"message": "Function 'substringof' is not supported", "code": "501"}},
        RequestRejectedError,
        "substringof",
    ),
    (
        400,
        {
            "error": {
                "message": {"lang": "en", "value": "Bad request"},
                "code": "400",
                "innererror": {"errordetails": [{"message": "No field x"}]},
            }
        },
        RequestRejectedError,
        "Bad request. No field x",
    ),
    (
        406,
        {"error": {"code": "406", "message": "text/html is not offered"}},
        RequestRejectedError,
        "text/html",
    ),
    (
        400,
        {"error": {"code": "InvalidSystemQueryOption", "message": "$count"}},
        RequestRejectedError,
        r"\$count",
    ),
    (400, b"<error><code>x</code><message>$count</message></error>", RequestRejectedError, r"\$count"),
    (
        500,
        {"error": {"code": "TypeError", "message": "unsupported operand"}},
        ServerUnavailableError,
        "unsupported operand",
    ),
    (
        500,
        b"Error: bad filter\n    at Parser.parse (/app/parser.js:10)",
        ServerUnavailableError,
        "bad filter",
    ),
    (400, {"Message": "The query specified in the URI is not valid. No x"}, RequestRejectedError, "No x"),
    (
        400,
        {"odata.error": {"code": "", "message": {"lang": "en-US", "value": "No x"}}},
        RequestRejectedError,
        "No x",
    ),
]


@pytest.mark.parametrize(("status", "body", "error", "words"), ERRORS)
def test_errors_say_what_the_server_said(status: int, body: Any, error: type[Exception], words: str) -> None:
    """The error bodies of all servers become one line that quotes them."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(error, match=words) as caught:
        raise_for_status(Response(status, {}, content, "http://x/", 0.1), "GET Tasks")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "people"),
    [
        ([{"userId": 5, "accountId": 7}], 1),  # Node and .NET
        ({"userId": 5, "accountId": 7}, 1),  # Angular
        ([], 0),
    ],
)
def test_what_the_vendors_clients_read(document: Any, people: int) -> None:
    """The signed-in user comes as a list of one, or as one object; both were seen."""
    assert len(open_envelope(document, {}, DIALECTS["g2"])[0]) == people
