import operator
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.sandbox.functions import install
from exepron_pipeline.sandbox.generations import G2
from exepron_pipeline.sandbox.literals import modernise
from exepron_pipeline.sandbox.paging import Paging
from exepron_pipeline.sandbox.query import plan_query, read_options
from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.schema import BY_NAME

TASKS = "Accounts/0/Projects/-1/Tasks/GetAllTasks"
HOURS = "Accounts/0/WorkHours"
PREFIX = "The query specified in the URI is not valid. "


def found(connection, entity_set, **options):
    """Keys of the rows that the options leave, without a server between."""
    view = next(endpoint.view for endpoint in G2.endpoints if endpoint.view.name == entity_set)
    query = plan_query(view, {f"${name}": text for name, text in options.items()}, Paging(2000))
    rows = connection.execute(
        query.statement(["t._account = 10"]), {**query.binds, "now": "2026-01-08T23:59:59.999"}
    )
    return [row[0] for row in rows]


@pytest.fixture
def tasks(tiny):
    """Keys of tasks by a $filter."""
    install(tiny.connection)
    return lambda text, **more: found(tiny.connection, "tasks", filter=text, **more)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("taskId eq 3", [3]),
        ("taskId ne 3 and taskId lt 5", [1, 2, 4]),
        ("(taskId gt 2 and taskId le 4) or taskId ge 16", [3, 4, 16]),
        ("not (taskId gt 2)", [1, 2]),
        ("not(taskId gt 2)", [1, 2]),
        ("taskId in (1,5,77)", [1, 5]),
        ("taskId in (7)", [7]),
        ("taskName in ('Frame','a_b')", [1, 5]),
        ("taskName in ('a_b')", [5]),
        ("taskName in (null,'a_b')", [5, 12]),
        ("taskId add 1 mul 2 eq 5", [3]),
        ("(taskId add 1) mul 2 eq 6", [2]),
        ("taskId div 2 eq 3", [6, 7]),
        ("taskId mod 5 eq 0", [5, 10, 15]),
        ("taskId mul 1.5 mod 1 eq 0.5 and taskId lt 4", [1, 3]),
        ("-taskId eq -3", [3]),
        ("taskId sub 1 eq 0", [1]),
        ("isMilestone and taskId lt 4", [1, 3]),
        ("isMilestone eq false and taskId lt 4", [2]),
        ("(taskId gt 14) eq true", [15, 16]),
        ("true and taskId eq 1", [1]),
    ],
)
def test_operators(tasks, text, keys):
    """Comparison, logic, lists and arithmetic mean what OData says."""
    assert tasks(text) == keys


def test_null(tasks):
    """Null is a value to eq and ne; other comparisons with it are false, and their negation true."""
    without = [5, 10, 15]
    assert tasks("remainingDuration eq null") == without
    assert tasks("null eq remainingDuration") == without
    assert tasks("remainingDuration ne null and taskId lt 6") == [1, 2, 3, 4]
    assert 5 in tasks("remainingDuration ne 1")
    assert 5 not in tasks("remainingDuration ge 0")
    assert 5 in tasks("not (remainingDuration ge 0)")
    assert 5 in tasks("(remainingDuration ge 0) eq false")
    assert tasks("remainingDuration gt null") == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("contains(taskName,'%')", [3]),
        ("contains(taskName,'_')", [5]),
        ("startswith(taskName,'100%')", [3]),
        ("startswith(taskName,'a_')", [5]),
        ("endswith(taskName,'%')", []),
        ("contains(taskName,'''')", [2]),
        ("taskName eq 'O''Brien''s weld'", [2]),
        ("startswith(taskName,'O''')", [2]),
        ("contains(taskName,'\"')", [9]),
        ("contains(taskName,'\\')", [10]),
        ("contains(taskName,'DROP TABLE')", [16]),
        ("taskName eq ''' OR 1=1 --'", []),
        ("contains(taskName,'; DROP TABLE tasks;--')", [16]),
        ("taskName eq ''", [11]),
        ("taskName eq 'NULL'", [14]),
        ("taskName eq 'x, y (z)'", [13]),
        ("endswith(taskName,' ')", [15]),
        ("endswith(taskName,'検査')", [8]),
        ("endswith(taskName,'xxxxxxxxxxFrame')", []),
        ("endswith(taskName,'') and taskId lt 3", [1, 2]),
        ("contains(tolower(taskName),'prüfung ölkühler')", [7]),
        ("toupper(taskName) eq 'PRÜFUNG ÖLKÜHLER'", [7]),
        ("trim(taskName) eq 'trailing'", [15]),
        ("length(taskName) eq 2", [8]),
        ("indexof(taskName,'done') eq 5", [3]),
        ("indexof(taskName,'zzz') eq -1 and taskId eq 1", [1]),
        ("substring(taskName,4) eq '% done'", []),
        ("substring(taskName,3) eq '% done'", [3]),
        ("substring(taskName,0,3) eq '100'", [3, 4]),
        ("substring(taskName,-5,3) eq '100'", [3, 4]),
        ("concat(taskName,'!') eq 'Frame!'", [1]),
        ("substringof('O''Br',taskName)", [2]),
        ("substringof('or (1L) 2.5M datetime', taskName)", []),
    ],
)
def test_texts(tasks, text, keys):
    """Text functions take wildcards, quotes and SQL as plain text."""
    assert tasks(text) == keys


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("lastModifiedOn eq 2026-01-06T09:30:00.12Z", 4),
        ("lastModifiedOn eq 2026-01-06T10:30:00.120+01:00", 4),
        ("lastModifiedOn ge 2026-01-06T09:30:00.1200001Z", 8),
        ("lastModifiedOn gt 2026-01-06T09:30:00.1205Z", 4),
        ("lastModifiedOn lt 2026-01-06T09:30:00.12", 8),
        ("lastModifiedOn lt 2026-01-06", 8),
        ("lastModifiedOn ge datetime'2026-01-06T09:30:00'", 8),
        ("lastModifiedOn ge datetimeoffset'2026-01-06T09:30:00.12Z'", 8),
        ("lastModifiedOn ge datetimeoffset'2026-01-08T00:29:59.999+00:30'", 4),
        ("lastModifiedOn ge datetime'2026-01-06'", 8),
        ("lastModifiedOn le now()", 16),
        ("lastModifiedOn gt mindatetime() and lastModifiedOn lt maxdatetime()", 16),
        ("year(lastModifiedOn) eq 2026 and month(lastModifiedOn) eq 1 and day(lastModifiedOn) eq 5", 8),
        ("hour(lastModifiedOn) eq 9 and minute(lastModifiedOn) eq 30 and second(lastModifiedOn) eq 0", 4),
        ("date(lastModifiedOn) eq 2026-01-07", 4),
        ("lastModifiedOn in (2026-01-06T09:30:00.12Z,2026-01-01)", 4),
    ],
)
def test_moments(tasks, text, count):
    """Stamps are compared in UTC, whatever the form and offset of the literal."""
    assert len(tasks(text)) == count


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("hours eq 0.5", [2]),
        ("hours eq 0.50M", [2]),
        ("hours lt 1 and hours ge 0.75", [3]),
        ("hours gt 2.5 and hours lt 3.5d", [11, 12, 13]),
        ("hours eq 2L", [8]),
        ("hours in (0.25,10)", [1]),
        ("floor(hours) eq 1 and ceiling(hours) eq 2 and round(hours) eq 1", [5]),
        ("workDate eq 2026-01-02", [2]),
        ("workDate ge 2026-01-15T00:00:01Z", [16]),
        ("workDate ge 2026-01-15T00:00:00Z", [15, 16]),
        ("workDate eq datetime'2026-01-02T00:00:00'", [2]),
    ],
)
def test_decimals_and_dates(tiny, text, keys):
    """Decimals compare as numbers (2.5 before 10), dates with dates and with instants at their midnight."""
    install(tiny.connection)
    assert found(tiny.connection, "work_hours", filter=text) == keys


def test_navigation_path(tiny):
    """A filter and an order may reach through a navigation property."""
    install(tiny.connection)
    assert found(tiny.connection, "projects", filter="projectManager/userName eq 'Ann'") == [100]
    assert found(tiny.connection, "projects", orderby="projectManager/userName desc") == [100, 101]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "taskId eq", "eq 3", "taskId = 3", "taskId eq 3)", "((taskId eq 3)", "taskId eq 'x", "taskId",
        "nothing eq 3", "taskid eq 3", "taskId eq '3'", "taskName eq 3", "lastModifiedOn ge '2026-01-01'",
        "isMilestone gt true", "taskId and taskId", "taskName add 1 eq 2", "contains(taskId,'3')", "contains(taskName)",
        "frobnicate(taskName)", "matchesPattern(taskName,'a')", "contains(taskName,'a','b')", "f(a=1,b=2,c=3)",
        "lastModifiedOn ge 2026-02-31", "lastModifiedOn ge 9999-12-31T23:59:59-01:00", "lastModifiedOn ge datetime'x'",
        "tasks/any(t:t/taskId eq 1)", "projectManager/userName eq 'x'", "a/b/c eq 1", "taskId in 3", "taskId in ()",
        "taskId in ('a')", "$it eq 3", "taskId eq 3; DROP TABLE tasks", "taskId eq 3 or", "not", "taskId eq \u2028",
        "geography'POINT(0 0)' eq 1", "taskId eq duration'PT1H'", "rowid eq 1", "_account eq 20", "t.taskId eq 1",
        "cast(taskId,Edm.String) eq '1'", "taskId eq (1,2)", "-taskName eq 1", "taskId eq " + "(" * 500,
        " or ".join(f"taskId eq {n}" for n in range(40)), " or ".join(["taskId eq 1"] * 1500), "not " * 300 + "isMilestone",
    ],
)  # fmt: skip
def test_what_cannot_be_obeyed_is_400(service, text):
    """A filter that cannot be parsed, typed or afforded is 400 with a message, never a 500."""
    answer = service.get(TASKS, filter=text)
    assert answer.status == 400
    assert answer.json["error"]["message"].startswith(PREFIX)


def test_node_limit_spares_lists(tasks):
    """Twenty alternatives and a long list pass; the limit is on nodes, as MaxNodeCount."""
    assert len(tasks(" or ".join(f"taskId eq {n}" for n in range(20)))) == 16
    assert len(tasks(f"taskId in ({','.join(str(n) for n in range(2000))})")) == 16


def test_huge_numbers_are_numbers(tasks):
    """A whole number beyond 64 bits compares as what it is."""
    assert len(tasks(f"taskId lt {10**30}")) == 16
    assert tasks(f"taskId gt {10**30}") == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top": "-1"}, "Invalid value '-1' for $top"),
        ({"top": "ten"}, "Invalid value 'ten' for $top"),
        ({"skip": "-1"}, "Invalid value '-1' for $skip"),
        ({"skip": "99999999999999999999"}, "Invalid value"),
        ({"count": "yes"}, "Invalid value 'yes' for $count"),
        ({"select": "nothing"}, "Could not find a property named 'nothing'"),
        ({"select": ""}, "empty name"),
        ({"select": "taskId,,taskName"}, "empty name"),
        ({"orderby": "nothing desc"}, "Could not find a property named 'nothing'"),
        ({"orderby": "taskId,"}, "empty clause"),
        ({"orderby": "taskId descending"}, "Syntax error"),
        ({"orderby": ",".join(["taskId"] * 6)}, "The number of clauses in $orderby"),
        ({"expand": "projectManager"}, "Cannot expand 'projectManager'"),
        ({"inlinecount": "allpages"}, "The query parameter '$inlinecount' is not supported."),
        ({"search": "x"}, "'$search' is not supported"),
        ({"Top": "1"}, "'$Top' is not supported"),
        ({"format": "json"}, "'$format' is not supported"),
    ],
)
def test_options_that_cannot_be_obeyed(service, options, message):
    """An unknown option or a wrong value is 400 and says which; nothing is ignored in silence."""
    answer = service.get(TASKS, **options)
    assert answer.status == 400
    assert message in answer.json["error"]["message"]


def test_option_twice():
    """An option that comes twice is refused."""
    with pytest.raises(BadQuery, match="more than once"):
        read_options([("$top", "1"), ("$top", "2")], G2.options)


def test_other_parameters_are_nobodys(service):
    """A parameter without $ is passed over."""
    assert service.send("GET", f"/api/v1/{TASKS}?top=1&x=y").status == 200


def test_order_and_window(service):
    """$orderby, $skip and $top make a window; ties stay in storage order; null comes first."""
    assert service.keys(TASKS, "taskId", orderby="taskId desc", skip="2", top="3") == [14, 13, 12]
    assert service.keys(TASKS, "taskId", orderby="status desc, taskId", top="3") == [2, 5, 8]
    assert service.keys(TASKS, "taskId", orderby="remainingDuration asc,taskId", top="4") == [5, 10, 15, 1]
    assert service.keys(TASKS, "taskId", orderby="lastModifiedOn", top="8") == [1, 4, 5, 8, 9, 12, 13, 16]
    assert service.keys(HOURS, "workHourId", orderby="hours desc", top="2") == [16, 15]
    assert service.keys(
        TASKS, "taskId", orderby="length(taskName) desc,indexof(taskName,','),taskId", top="1"
    ) == [16]
    assert service.keys(TASKS, "taskId", top="0") == []
    assert service.keys(TASKS, "taskId", skip="1000") == []
    assert service.get("Accounts/0/Projects", skip="1000", expand="projectManager").text == "[]"


def test_select_keeps_the_order_of_the_model(service):
    """Columns come in the model's order, and keys only when asked for."""
    row = service.get(TASKS, select="taskName, status", top="1").json[0]
    assert list(row) == ["taskName", "status"]
    assert len(service.get(TASKS, select="*", top="1").json[0]) == len(BY_NAME["tasks"].fields)


def test_keyset_walk_is_complete(service):
    """A walk by key in small pages, to an empty one, gives every row once."""
    seen, last = [], 0
    while keys := service.keys(TASKS, "taskId", filter=f"taskId gt {last}", orderby="taskId", top="5"):
        seen += keys
        last = keys[-1]
    assert seen == list(range(1, 17))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a eq 12L", "a eq 12"),
        ("a eq 1.5M and b eq 2f", "a eq 1.5 and b eq 2"),
        ("a eq -1.5e3d", "a eq -1.5e3"),
        ("a12L eq 1", "a12L eq 1"),
        ("a eq '12L and datetime''x'''", "a eq '12L and datetime''x'''"),
        ("a ge datetime'2026-01-01T00:00:00'", "a ge 2026-01-01T00:00:00"),
        ("a eq guid'0f8fad5b-d9cb-469f-a165-70867728950d'", "a eq 0f8fad5b-d9cb-469f-a165-70867728950d"),
        ("a eq 0f8fad5b-d9cb-469f-a165-70867728950d", "a eq 0f8fad5b-d9cb-469f-a165-70867728950d"),
        ("a ge 2026-01-01T00:00:00Z", "a ge 2026-01-01T00:00:00Z"),
        ("substringof('x',a)", "v3.substringof('x',a)"),
        ("mysubstringof('x',a)", "mysubstringof('x',a)"),
        ("a in (12L)", "a in (12,)"),
        ("a in (1,2)", "a in (1,2)"),
    ],
)
def test_old_literals_are_rewritten(old, new):
    """OData 2 and 3 forms become OData 4; quoted text and names that look alike stay."""
    assert modernise(old) == new


# A filter as text beside the same condition in Python

ROWS_TEXT = st.text(st.sampled_from("aAbB%_'\"\\ ;-ÄßÉ検,()"), max_size=6)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 10**9).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "taskName": st.none() | ROWS_TEXT,
            "duration": st.integers(-5, 20),
            "remainingDuration": st.none() | st.integers(-5, 20),
            "isMilestone": st.booleans(),
            "lastModifiedOn": MOMENTS,
        }
    ),
    max_size=8,
)
COMPARISONS = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


def quoted(text):
    """Text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def comparison(name, literal_and_value, word):
    """A property against a literal."""
    literal, value = literal_and_value
    if word in ("eq", "ne"):
        return f"{name} {word} {literal}", lambda row: (row[name] == value) == (word == "eq")
    return (
        f"{name} {word} {literal}",
        lambda row: None not in (row[name], value) and COMPARISONS[word](row[name], value),
    )


def moment_literal(moment, offset):
    """An instant as a literal with an offset in minutes."""
    local = moment + timedelta(minutes=offset)
    zone = "Z" if offset == 0 else f"{'+-'[offset < 0]}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    return f"{local.replace(tzinfo=None).isoformat(timespec='milliseconds')}{zone}", moment


def text_function(function, text):
    """A text function over the task's name."""
    test = {"contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[function]
    return (
        f"{function}(taskName,{quoted(text)})",
        lambda row: row["taskName"] is not None and test(row["taskName"], text),
    )


WORDS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
NUMBERS = st.integers(-5, 20).map(lambda n: (str(n), n)) | st.just(("null", None))
LEAVES = st.one_of(
    st.builds(comparison, st.sampled_from(["duration", "remainingDuration"]), NUMBERS, WORDS),
    st.builds(comparison, st.just("taskName"), ROWS_TEXT.map(lambda t: (quoted(t), t)), WORDS),
    st.builds(
        comparison,
        st.just("lastModifiedOn"),
        st.builds(moment_literal, MOMENTS, st.integers(-720, 840)),
        WORDS,
    ),
    st.builds(text_function, st.sampled_from(["contains", "startswith", "endswith"]), ROWS_TEXT),
    st.just(("isMilestone", lambda row: row["isMilestone"])),
    st.just(("remainingDuration in (1,null,3)", lambda row: row["remainingDuration"] in (1, None, 3))),
    st.just(("duration add 2 mul 3 gt 7", lambda row: row["duration"] + 6 > 7)),
)


def both(left, right):
    """Two conditions joined by and."""
    return f"({left[0]}) and ({right[0]})", lambda row: left[1](row) and right[1](row)


def either(left, right):
    """Two conditions joined by or."""
    return f"({left[0]}) or ({right[0]})", lambda row: left[1](row) or right[1](row)


def neither(inner):
    """A condition denied."""
    return f"not ({inner[0]})", lambda row: not inner[1](row)


CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(neither, inner),
    max_leaves=8,
)


@given(ROWS, CONDITIONS)
def test_filter_keeps_the_rows_that_python_would(rows, condition):
    """Any filter keeps exactly the rows for which the same condition in Python is true."""
    text, test = condition
    connection = sqlite3.connect(":memory:")
    install(connection)
    names = BY_NAME["tasks"].field_names
    connection.execute(f'CREATE TABLE "tasks" ({", ".join(names)}, _account)')
    for number, row in enumerate(rows):
        stored = {
            **row,
            "taskId": number,
            "lastModifiedOn": f"{row['lastModifiedOn']:%Y-%m-%dT%H:%M:%S.%f}"[:23],
        }
        values = [stored.get(name) for name in names]
        connection.execute(f'INSERT INTO "tasks" VALUES ({", ".join("?" * len(names))}, 10)', values)
    try:
        assert found(connection, "tasks", filter=text) == [n for n, row in enumerate(rows) if test(row)]
    finally:
        connection.close()
