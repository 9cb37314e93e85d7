"""Every value of every type arrives exactly, in the forms of every kind of server, by both paths."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UTC = dt.UTC
BERLIN = "Europe/Berlin"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
SPREAD = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)

Form = Callable[[Any], Any]


def iso(value: dt.datetime) -> str:
    """ISO 8601 in UTC with Z, a fraction only where there is one."""
    text = value.isoformat().replace("+00:00", "")
    return (text.rstrip("0") if "." in text else text) + "Z"


def ticks(value: dt.datetime) -> str:
    """The same with .NET's seven digits."""
    return value.strftime(f"{value.year:04}-%m-%dT%H:%M:%S.%f0Z")


def wall(value: dt.datetime) -> str:
    """Wall time in Berlin, without any zone."""
    local = value if value.date() in {dt.date.min, dt.date.max} else value.astimezone(ZoneInfo(BERLIN))
    return local.replace(tzinfo=None).isoformat()


def milliseconds(value: dt.datetime) -> int:
    """Milliseconds since 1970."""
    return (value - EPOCH) // dt.timedelta(milliseconds=1)


def day_stamp(value: dt.date) -> str:
    """A day as V2 knows it: midnight."""
    return f"/Date({milliseconds(dt.datetime.combine(value, dt.time(), UTC))})/"


def span(value: dt.time) -> str:
    """A time of day as V2 knows it."""
    return value.strftime("PT%HH%MM%S.%fS")


def plain(value: Any) -> Any:
    """As it is."""
    return value


def base64url(value: bytes) -> str:
    """Base64 of OData 4."""
    return base64.urlsafe_b64encode(value).decode()


def base64std(value: bytes) -> str:
    """Base64 of OData 2."""
    return base64.b64encode(value).decode()


def bare(value: Decimal) -> str:
    """A marked number: it is unquoted once the document is written."""
    return f"<{value}>"


def special(value: float) -> Any:
    """A double; what JSON has no number for is a text."""
    names = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}
    return names.get(repr(value), value)


COMMON: dict[str, Form] = {
    "int": plain,
    "decimal(38,9)": str,
    "float": special,
    "bool": plain,
    "text": plain,
    "guid": str,
    "date": str,
    "time": dt.time.isoformat,
    "timestamp": iso,
    "binary": base64url,
    "list": plain,
}
STYLES: dict[str, tuple[str, dict[str, Form]]] = {
    "A: V4, numbers as texts": ("odata4", COMMON | {"int": str}),
    "C: V4.01, numbers bare": ("odata4", COMMON | {"decimal(38,9)": bare}),
    "C: ticks": ("odata4", COMMON | {"timestamp": ticks}),
    "B: V2": (
        "odata2",
        COMMON
        | {
            "int": str,
            "date": day_stamp,
            "time": span,
            "timestamp": lambda value: f"/Date({milliseconds(value)}+0060)/",
            "list": lambda items: {"results": items},
        },
    ),
    "D: V2": ("odata2", COMMON | {"int": str, "date": day_stamp, "binary": base64std}),
    "V3, light": ("odata3", COMMON | {"int": str, "date": lambda value: f"{value}T00:00:00", "time": span}),
    "g1": ("g1", COMMON | {"timestamp": wall, "date": lambda value: f"{value}T00:00:00"}),
    "g2: bare lists, wall time": ("g2", COMMON | {"timestamp": wall, "decimal(38,9)": bare}),
    "g3": ("g3", COMMON),
}
WRAPPED: dict[str, Callable[[list[Any]], Any]] = {
    "odata4": lambda rows: {
        "@odata.context": "x",
        "@odata.count": 3,
        "value": rows,
        "@odata.nextLink": "T?1",
    },
    "odata3": lambda rows: {"odata.metadata": "x", "odata.count": "3", "value": rows},
    "odata2": lambda rows: {"d": {"results": [{"__metadata": {"uri": "x"}, **row} for row in rows]}},
    "g2": plain,
}

ENDS = [dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)]
MOMENTS = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001 # zone is given


def _cut(value: dt.datetime) -> dt.datetime:
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _certain(value: dt.datetime) -> bool:
    """True where wall time in Berlin names one instant, and in whole minutes."""
    local = value.astimezone(ZoneInfo(BERLIN))
    return local.utcoffset() == local.replace(fold=1).utcoffset() and value.year > 1900


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "decimal(38,9)": st.decimals(-(10**28), 10**28, allow_nan=False, allow_infinity=False, places=9),
    "float": st.floats().map(lambda value: value + 0.0),
    "bool": st.booleans(),
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "guid": st.uuids().map(str),
    "date": st.dates(),
    "time": st.times(),
    "timestamp": st.one_of(MOMENTS.map(_cut).filter(_certain), st.sampled_from(ENDS)),
    "binary": st.binary(max_size=20),
    "list": st.lists(st.integers(-(2**31), 2**31), max_size=3),
}
NAMES = {type_: "f" + type_.partition("(")[0].title() for type_ in VALUES}
ROWS = st.lists(
    st.fixed_dictionaries({type_: st.one_of(st.none(), made) for type_, made in VALUES.items()}), max_size=4
)


def document(style: str, rows: list[dict[str, Any]]) -> str:
    """Write rows as a kind of server does."""
    dialect, forms = STYLES[style]
    written = [
        {"thingId": number}
        | {NAMES[type_]: None if value is None else forms[type_](value) for type_, value in row.items()}
        for number, row in enumerate(rows)
    ]
    text = json.dumps(WRAPPED.get(dialect, WRAPPED["odata4"])(written))
    for row in rows:
        number = row["decimal(38,9)"]
        text = text.replace(f'"<{number}>"', str(number))
    return text


def same(one: Any, other: Any) -> bool:
    """Equal, of one type, and NaN is NaN."""
    return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 # only NaN differs from itself


@pytest.fixture
def decoder(bench: Any, things: Any, column: Any) -> Callable[[str], Any]:
    """A decoder of a set with a column of each type, and a list of numbers."""
    columns = [
        column(NAMES[type_].lower(), "text" if type_ == "guid" else type_, wire=NAMES[type_])
        for type_ in VALUES
        if type_ != "list"
    ]
    items = {"name": "items", "description": "", "wire": "fList", "columns": [column("n", "int", wire=".")]}
    return lambda dialect: bench(things(*columns, children=[items]), dialect, zone=BERLIN)


@pytest.mark.parametrize("style", STYLES)
@SPREAD
@given(rows=ROWS)
def test_every_value_arrives(decoder: Callable[[str], Any], style: str, rows: list[dict[str, Any]]) -> None:
    """What a server of any kind sends is what stands in the tables, whichever path reads it."""
    decode = decoder(STYLES[style][0])
    body = document(style, rows)
    for page in (decode(body), decode(body), decode.slow(body)):
        assert page.rejects == []
        found = page.table.to_pylist()
        for number, row in enumerate(rows):
            for type_ in VALUES.keys() - {"list"}:
                assert same(found[number][NAMES[type_].lower()], row[type_]), type_
            assert found[number]["_extra"] is None
        items = [(row["thing_id"], row["n"]) for row in page.children["items"].to_pylist()]
        assert items == [(number, n) for number, row in enumerate(rows) for n in row["list"] or ()]


def test_the_forms_are_those_that_were_measured() -> None:
    """The writers above give what the servers gave."""
    moment = dt.datetime(2025, 3, 1, 6, 30, tzinfo=UTC)
    assert iso(moment) == "2025-03-01T06:30:00Z"
    assert ticks(moment) == "2025-03-01T06:30:00.0000000Z"
    assert wall(moment) == "2025-03-01T07:30:00"
    assert milliseconds(moment) == 1740810600000
    assert milliseconds(ENDS[1]) == 253402300799999
    assert milliseconds(ENDS[0]) == -62135596800000
    assert day_stamp(dt.date(2023, 12, 29)) == "/Date(1703808000000)/"
    assert span(dt.time(21, 14, 35)) == "PT21H14M35.000000S"


def test_a_number_of_38_digits_keeps_them(bench: Any, things: Any, column: Any) -> None:
    """C writes 38 digits as a bare number: none is lost, in a column, as JSON, and beyond the contract."""
    number = "12345678901234567890123456789.123456789"
    body = f'[{{"thingId": 1, "cost": {number}, "blob": [{number}], "other": {number}, "big": 9007199254740993}}]'
    decode = bench(things(column("cost", "decimal(38,9)"), column("blob", "json")))
    for page in (decode(body), decode(body), decode.slow(body)):
        (row,) = page.table.to_pylist()
        assert row["cost"] == Decimal(number)
        assert row["blob"] == f"[{number}]"
        assert row["_extra"] == f'{{"big":9007199254740993,"other":{number}}}'


def test_one_column_may_be_text_on_one_page_and_number_on_the_next(
    bench: Any, things: Any, column: Any
) -> None:
    """The catalogue's type counts, not the first value that comes."""
    decode = bench(things(column("cost", "decimal(18,4)"), column("big", "int")))
    for value in ("48217712.5660", '"48217712.5660"', "48217712.566"):
        for big in ("9007199254740993", '"9007199254740993"'):
            (row,) = decode(f'[{{"thingId": 1, "cost": {value}, "big": {big}}}]').table.to_pylist()
            assert (row["cost"], row["big"]) == (Decimal("48217712.5660"), 9007199254740993)
