import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SPREAD = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)

GOOD: dict[str, list[str]] = {
    "text": ['"a"', '""', '"\\u00e9\\n"', '"007"', "7", "1.50", '"a\x01\tb"'],
    "int": ["0", "-7", '"12"', "12.0", "1e2"],
    "decimal(9,2)": ["1.5", '"1.50"', "7", "-0"],
    "float": ["1", "1.5", "-0", "-0.0", '"2.5"', "0.1", '"-INF"'],
    "bool": ["true", "false", '"true"'],
    "date": ['"2025-01-31"', '"2025-01-31T08:00:00"', '"/Date(0)/"'],
    "time": ['"08:00:00"', '"08:00"', '"08:00:00.1234567"', '"PT8H"'],
    "timestamp": [
        '"2025-01-31T08:00:00Z"',
        '"2025-01-31T08:00:00.1234567"',
        '"2025-01-31T08:00:00.12+02:00"',
        '"0001-01-01T00:00:00"',
        '"/Date(1703808000000)/"',
        '"/Date(1703808000000+0060)/"',
        '"2025-10-26T02:30:00"',
        '"2025-03-30T02:30:00.5"',
        '"/Date(1743301800000)/"',
        '"0001-01-01T00:00:00+01:00"',
        '"2025-01-31T08:00:00.1234560Z"',
    ],
    "binary": ['"AAEC"', '"-_8"'],
    "variant": ['"a"', "1", "1.5", "true", '"1"', "[1]"],
    "json": ['"a\\"b"', "1", "1.50", "false", '{"b":1,"a":null}'],
}
BAD: dict[str, list[str]] = {
    "text": ["true", "{}"],
    "int": ['"x"', "9223372036854775808", "1.5"],
    "decimal(9,2)": ["1.005", "12345678", "1e7", "NaN", "true"],
    "float": ["1e400", "NaN", '"x"'],
    "bool": ["1", '"yes"'],
    "date": ['"2025-13-01"', '""'],
    "time": ['"25:00:00"', "8"],
    "timestamp": ['"soon"', "5"],
    "binary": ['"!"'],
    "variant": ["NaN"],
    "json": ['"\\ud800"'],
}
LINK = '"Things?$skip=1"'
UNKNOWN = ["1", "null", "1.0", '"x"', '"1"', '"a\\\\b"', "true", "[1, {}]", '{"a": null}', "NaN", "1e99"]
ITEM = ["null", '{"n": 1}', '{"n": "2", "odd": 1}', '{"n": null, "s": "x"}', "{}", '{"n": "x"}', "5"]
LISTS = st.one_of(
    st.none(),
    st.lists(st.sampled_from(ITEM[:5]), max_size=3).map(lambda items: "[" + ",".join(items) + "]"),
    st.sampled_from(["null", "[]", "5", '{"results": [{"n": 1}]}', '{"__deferred": {"uri": "x"}}', "[5]"]),
)
NESTED = st.sampled_from(
    [None, "null", '{"name": "A"}', '{"name": "B", "age": 5}', "{}", '"x"', '{"phone": "5"}']
)
ASIDE = st.sampled_from(["null", "1", '"x"', '{"a": [1.5]}', '{"uri": "x"}', "[]"])
MEMBERS = st.dictionaries(
    st.sampled_from(["@odata.context", "@odata.count", "odata.count", "@odata.nextLink", "__count", "other"]),
    st.sampled_from(["5", '"5"', '"Things?$skip=1"', "null"]),
    max_size=3,
)


def _name(type_: str) -> str:
    return "f_" + type_.partition("(")[0]


def _wire(type_: str) -> str:
    return "f" + type_.partition("(")[0].title()


@st.composite
def records(draw: st.DrawFn, forms: dict[str, list[str]], messy: bool) -> str:
    """One record as JSON text: fields of every type, present or not, and what else a record may hold."""
    members = {"thingId": draw(st.sampled_from(["1", "2", "30"] + ['"4"', "null", "5.5"] * messy))}
    for name, texts in forms.items():
        if draw(st.booleans()):
            members[name] = draw(st.sampled_from(texts))
    for name, values in {"items": LISTS, "manager": NESTED}.items():
        text = draw(values) if messy else None
        if text is not None:
            members[name] = text
    for name in ("owner", "@odata.etag", "__metadata"):
        if draw(st.booleans()):
            members[name] = draw(ASIDE)
    texts = [f'"{name}": {text}' for name, text in members.items()]
    if messy and draw(st.integers(0, 9)) == 0:
        texts.append(draw(st.sampled_from(texts)))
    return "{" + ", ".join(texts) + "}"


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, str]:
    """A dialect, and a page in one of its envelopes; tidy pages write each field in one form only."""
    messy = draw(st.booleans())
    forms = {_wire(type_): texts + BAD[type_] * messy for type_, texts in GOOD.items()}
    forms |= {"unknown": UNKNOWN, "näch\\n": UNKNOWN, "secret": ['"x"', "5"]}
    if not messy:
        forms = {name: [draw(st.sampled_from(texts)), "null"] for name, texts in forms.items()}
    rest = [st.sampled_from(["null", "5", "[]"])] * messy
    rows = draw(st.lists(st.one_of(records(forms, messy), *rest), max_size=6))
    text = "[" + draw(st.sampled_from([",", " ,\n"])).join(rows) + "]"
    dialect = draw(st.sampled_from(["g2", "g3", "odata2", "odata3", "g1", "odata4"]))
    beside = "".join(f', "{name}": {value}' for name, value in draw(MEMBERS).items())
    if dialect == "g2":
        return dialect, text
    if dialect == "odata4":
        return (
            dialect,
            f'{{"Items": {text}, "NextPageLink": {draw(st.sampled_from(["null", LINK]))}, "Count": 5}}',
        )
    if dialect == "odata2":
        return dialect, f'{{"d": {{"results": {text}{beside}}}}}'
    return dialect, f'\n{{ "value" : {text}{beside} }}\n'


@pytest.fixture
def everything(things: Any, column: Any) -> Any:
    """An entity set with a column of each type, a nested object, a nested list and a navigation."""
    columns = [column(_name(type_), type_, wire=_wire(type_)) for type_ in GOOD]
    columns += [
        column("manager_name", wire="manager.name"),
        column("manager_phone", wire="manager.phone", personal="contact"),
    ]
    columns.append(column("secret", personal="contact"))
    items = {"name": "items", "description": "", "columns": [column("n", "int"), column("s", "text")]}
    return things(*columns, children=[items], navigation=("owner",))


def same(one: Any, other: Any) -> bool:
    """Compare two pages wholly."""
    assert one.table.equals(other.table), (one.table.to_pylist(), other.table.to_pylist())
    assert one.children.keys() == other.children.keys()
    assert all(one.children[name].equals(other.children[name]) for name in one.children), one.children
    assert one.rejects == other.rejects
    assert (one.rows, one.first_key, one.last_key) == (other.rows, other.first_key, other.last_key)
    assert one.keys_ascending == other.keys_ascending
    return bool(one.envelope == other.envelope)


@SPREAD
@given(
    data=st.lists(pages(), min_size=1, max_size=3),
    policy=st.sampled_from(["keep", "contact-dropped", "hash"]),
)
def test_both_paths_agree(bench: Any, everything: Any, data: list[tuple[str, str]], policy: str) -> None:
    """Whatever a page holds and whatever pages came before, the decoder gives what the slow path gives."""
    dialect = data[0][0]
    decode = bench(everything, dialect, personal=policy, hash_key=b"k" * 32, zone="Europe/Berlin")
    for text in [text for name, text in data if name == dialect] * 2:
        assert same(decode(text), decode.slow(text))


@SPREAD
@given(data=pages())
def test_pages_follow_the_contract(bench: Any, everything: Any, data: tuple[str, str]) -> None:
    """Each page has the same schema, no record is lost, and tables are valid down to their bytes."""
    from exepron_pipeline.normalise.contract import child_schema, page_schema

    page = bench(everything, data[0], personal="contact-dropped")(data[1])
    assert page.table.schema == page_schema(everything, "contact-dropped")
    assert page.children["items"].schema == child_schema(
        everything, everything.children[0], "contact-dropped"
    )
    assert page.table.num_rows + len(page.rejects) == page.rows
    page.table.validate(full=True)
    page.children["items"].validate(full=True)
    assert "secret" not in "".join(text or "" for text in page.table["_extra"].to_pylist())


PLAIN = [
    {"thingId": i, "fText": "x", "fTimestamp": "2025-01-31T08:00:00", "items": [{"n": 1}]} for i in range(3)
]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"fTimestamp": "2025-01-31T08:00:00.1234567Z"},
        {"fTimestamp": "/Date(1703808000000)/"},
        {"fDate": "2025-01-31T00:00:00"},
        {"fInt": "5", "fDecimal": "5.5"},
        {"fInt": 5.0, "fDecimal": 5},
        {"fBinary": "AAEC", "fTime": "PT8H"},
        {"unknown": 5, "other": 'x"y', "third": True, "fourth": None},
        {"fVariant": 5, "fJson": "x"},
        {"owner": {"name": "x", "age": 1.5}, "@odata.etag": "x", "__metadata": {"uri": "x"}},
        {"secret": [1, 2]},
    ],
)
@pytest.mark.parametrize("dialect", ["g2", "g3", "odata2"])
def test_fast_path_is_taken(bench: Any, everything: Any, dialect: str, more: dict[str, Any]) -> None:
    """Usual pages need no Python object for a record, once the decoder has seen one of the kind."""
    decode = bench(everything, dialect, personal="contact-dropped")
    rows = [row | more for row in PLAIN]
    shaped = {"g2": rows, "g3": {"@odata.count": 3, "value": rows}, "odata2": {"d": {"results": rows}}}[
        dialect
    ]
    body = json.dumps(shaped)
    page = decode(body)
    assert page.table.num_rows == 3
    assert decode.is_fast(body)


def test_teaching_does_not_harm_other_pages(bench: Any, things: Any) -> None:
    """A field that was a number on one page and a text on the next keeps both forms."""
    decode = bench(things())
    bodies = [
        '[{"thingId": 1, "x": 7}]',
        '[{"thingId": 1, "x": "007"}]',
        '[{"thingId": 1, "x": null}]',
        '[{"thingId": 1}]',
    ]
    texts = [decode(body).table["_extra"][0].as_py() for body in [*bodies, *bodies]]
    assert texts == ['{"x":7}', '{"x":"007"}', None, None] * 2


def test_threads_may_share_a_decoder(bench: Any, everything: Any) -> None:
    """Pages decoded at the same time give what they give one after the other."""
    from concurrent.futures import ThreadPoolExecutor

    decode = bench(everything)
    bodies = [json.dumps([row | {f"x{i % 5}": i} for row in PLAIN]) for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        tables = [page.table for page in pool.map(decode, bodies)]
    assert all(table.equals(decode.slow(body).table) for table, body in zip(tables, bodies, strict=True))


def test_a_large_page_is_one_table(bench: Any, things: Any, column: Any) -> None:
    """Ten megabytes of one page decode, records in order."""
    body = json.dumps([{"thingId": i, "note": "x" * 1000} for i in range(10_000)])
    page = bench(things(column("note")))(body)
    assert page.table["thing_id"].to_pylist() == list(range(10_000))
    assert page.table["note"].type == pa.string()
