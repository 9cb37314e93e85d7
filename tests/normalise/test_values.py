import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

One = Callable[..., Any]
UTC = dt.UTC
ALWAYS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("5", "int", 5),
        ('"9223372036854775807"', "int", 2**63 - 1),
        ("-9223372036854775808", "int", -(2**63)),
        ("12.0", "int", 12),
        ("1e3", "int", 1000),
        ("5", "decimal(18,2)", Decimal("5.00")),
        ("12.5", "decimal(18,2)", Decimal("12.50")),
        ("12.500", "decimal(18,2)", Decimal("12.50")),
        ('"48217712.5600"', "decimal(18,2)", Decimal("48217712.56")),
        (
            "12345678901234567890123456789012345678",
            "decimal(38,0)",
            Decimal(12345678901234567890123456789012345678),
        ),
        ("1.1", "float", 1.1),
        ('"1.1"', "float", 1.1),
        ("-0", "float", 0.0),
        ("1e-400", "float", 0.0),
        ('"INF"', "float", float("inf")),
        ('"-INF"', "float", float("-inf")),
        ('"Infinity"', "float", float("inf")),
        ('"x\\u0000\\ud83d\\ude00"', "text", "x\x00😀"),
        ('""', "text", ""),
        ("12", "text", "12"),
        ("1.50", "text", "1.5"),
        ("true", "bool", True),
        ('"false"', "bool", False),
        ('"a\tb\nc\x01\x7f"', "text", "a\tb\nc\x01\x7f"),
        ('"2025-12-29"', "date", dt.date(2025, 12, 29)),
        ('"2025-12-29T17:00:00"', "date", dt.date(2025, 12, 29)),
        ('"2025-12-29T23:00:00.1234567-05:00"', "date", dt.date(2025, 12, 29)),
        ('"/Date(1703808000000)/"', "date", dt.date(2023, 12, 29)),
        ('"\\/Date(-1)\\/"', "date", dt.date(1969, 12, 31)),
        ('"0001-01-01T00:00:00"', "date", dt.date(1, 1, 1)),
        ('"21:14:35"', "time", dt.time(21, 14, 35)),
        ('"21:14:35.1234567"', "time", dt.time(21, 14, 35, 123456)),
        ('"PT21H14M35S"', "time", dt.time(21, 14, 35)),
        ('"PT1H0.5S"', "time", dt.time(1, 0, 0, 500000)),
        ('"-_8="', "binary", b"\xfb\xff"),
        ('"+/8"', "binary", b"\xfb\xff"),
        ('"2025-03-01T06:30:00Z"', "timestamp", dt.datetime(2025, 3, 1, 6, 30, tzinfo=UTC)),
        ('"2025-03-01T06:30:00.1234567+01:00"', "timestamp", dt.datetime(2025, 3, 1, 5, 30, 0, 123456, UTC)),
        ('"2025-03-01T06:30:00.123456789Z"', "timestamp", dt.datetime(2025, 3, 1, 6, 30, 0, 123456, UTC)),
        ('"2025-03-01"', "timestamp", dt.datetime(2025, 3, 1, tzinfo=UTC)),
        ('"/Date(1740810600123+0060)/"', "timestamp", dt.datetime(2025, 3, 1, 6, 30, 0, 123000, UTC)),
        ('"/Date(-62135596800000)/"', "timestamp", dt.datetime(1, 1, 1, tzinfo=UTC)),
        ('"9999-12-31T23:59:59.9999999Z"', "timestamp", dt.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
        ('{"b": 1.50, "a": ["ü", null, true]}', "json", '{"a":["ü",null,true],"b":1.5}'),
        ('"x"', "json", '"x"'),
        ('{"__metadata": {"type": "A"}, "b": {"@odata.type": "#B", "c": 1}}', "json", '{"b":{"c":1}}'),
        ('{"__deferred": {"uri": "x"}}', "json", None),
        ('{"results": [{"__metadata": {}, "a": 1}]}', "json", '[{"a":1}]'),
        ('"P1DT8H0.5S"', "text", "P1DT8H0.5S"),
        ('"Yellow,Red"', "text", "Yellow,Red"),
        ('"a\\"b\\n"', "json", '"a\\"b\\n"'),
        ('"007"', "variant", "007"),
        ("7", "variant", "7"),
        ("true", "variant", "true"),
        ("[1, 2]", "variant", "[1,2]"),
        ("null", "decimal(9,3)", None),
    ],
)
def test_value_is_exact(one: One, text: str, type_: str, expected: Any) -> None:
    """Every form that services use gives the exact value, by the fast and by the slow path."""
    assert one(text, type_) == expected


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("12.7", "int"),
        ("9223372036854775808", "int"),
        ("1e999999", "int"),
        ("true", "int"),
        ('"1_000"', "int"),
        ('""', "int"),
        ("1.005", "decimal(18,2)"),
        ("12345678901234567", "decimal(18,2)"),
        ('" 5"', "decimal(18,2)"),
        ("NaN", "float"),
        ("Infinity", "float"),
        ('"nan"', "float"),
        ('"inf"', "float"),
        ('"NaN"', "int"),
        ('"INF"', "decimal(18,2)"),
        ("1e400", "float"),
        ("1", "bool"),
        ("true", "text"),
        ("[1]", "text"),
        ('"\\ud800"', "text"),
        ('"2025-02-30"', "date"),
        ('"29.12.2025"', "date"),
        ('"2025-12-29Tx"', "date"),
        ("20251229", "date"),
        ('"24:00:00"', "time"),
        ('"PT25H"', "time"),
        ('"PT"', "time"),
        ('"2025-03-01T25:00:00Z"', "timestamp"),
        ('"/Date(99999999999999999)/"', "timestamp"),
        ('"/Date(999999999999999)/"', "timestamp"),
        ('"yesterday"', "timestamp"),
        ('"a"', "binary"),
        ('"a b="', "binary"),
        ("NaN", "json"),
        ("[NaN]", "variant"),
        ('"\\udc00"', "variant"),
    ],
)
def test_misfit_is_rejected(one: One, text: str, type_: str) -> None:
    """What does not fit its type is never bent until it does: the record is rejected and says why."""
    assert str(one(text, type_)).startswith("field: ")


def test_not_a_number_is_a_value_of_a_double(one: One) -> None:
    """OData writes NaN as a text; as a bare word it is no JSON."""
    assert str(one('"NaN"', "float")) == "nan"


def test_number_is_never_rounded_into_a_float(one: One) -> None:
    """A long integer next to a fraction keeps all its digits."""
    assert one("9007199254740993", "int") == 9007199254740993
    assert one("0.1234567890123456789012345678", "decimal(38,28)") == Decimal(
        "0.1234567890123456789012345678"
    )


@ALWAYS
@given(value=st.integers(-(2**63), 2**63 - 1), quoted=st.booleans())
def test_whole_numbers_survive(one: One, value: int, quoted: bool) -> None:
    """Every 64-bit number arrives, as a number and as a text."""
    assert one(f'"{value}"' if quoted else str(value), "int") == value


@ALWAYS
@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**13, min_value=-(10**13))
)
def test_decimals_survive(one: One, value: Decimal) -> None:
    """Every decimal of the column's scale arrives exactly."""
    assert one(str(value), "decimal(18,4)") == value


@ALWAYS
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive(one: One, value: float) -> None:
    """A double's shortest text gives the same double."""
    assert one(json.dumps(value), "float") == value


@ALWAYS
@given(value=st.text(st.characters(exclude_categories=["Cs"])), ascii_only=st.booleans())
def test_texts_survive(one: One, value: str, ascii_only: bool) -> None:
    """Every text arrives, escaped or not; as `json` it is its own JSON text."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert one(text, "text") == value
    assert one(text, "json") == json.dumps(value, ensure_ascii=False)


@ALWAYS
@given(value=st.binary(max_size=40))
def test_bytes_survive(one: One, value: bytes) -> None:
    """Base64 of both alphabets gives the same bytes."""
    import base64

    assert one(f'"{base64.b64encode(value).decode()}"', "binary") == value
    assert one(f'"{base64.urlsafe_b64encode(value).decode().rstrip("=")}"', "binary") == value


@ALWAYS
@given(
    value=st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)),  # noqa: DTZ001 # zones are added below
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_instants_survive(one: One, value: dt.datetime, minutes: int) -> None:
    """An instant with an offset is that instant in UTC."""
    stamp = value.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
    assert one(f'"{stamp.isoformat()}"', "timestamp", "Europe/Berlin") == stamp.astimezone(UTC)


@ALWAYS
@given(
    value=st.datetimes(dt.datetime(1902, 1, 1), dt.datetime(2199, 1, 1)),  # noqa: DTZ001 # wall time on purpose
    zone=st.sampled_from(ZONES),
)
def test_wall_time_is_taken_in_the_zone(one: One, value: dt.datetime, zone: str) -> None:
    """A stamp without offset means the wall clock of the set zone, summer time included, also after 2037."""
    expected = value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert one(f'"{value.isoformat()}"', "timestamp", zone) == expected
    whole = value.replace(microsecond=0)
    milliseconds = int((whole - dt.datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001 # wall time
    expected = whole.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert one(f'"/Date({milliseconds})/"', "timestamp", zone) == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999"])
def test_no_date_stays_no_date(one: One, text: str, zone: str) -> None:
    """.NET's MinValue and MaxValue belong to no zone and are the same everywhere."""
    assert one(f'"{text}"', "timestamp", zone) == one(f'"{text}Z"', "timestamp", "UTC")


def test_wall_time_in_the_gap_and_twice(one: One) -> None:
    """Wall time that does not exist moves on by the gap; wall time that comes twice is the first."""
    assert one('"2025-03-30T02:30:00"', "timestamp", "Europe/Berlin") == dt.datetime(
        2025, 3, 30, 1, 30, tzinfo=UTC
    )
    assert one('"2025-10-26T02:30:00"', "timestamp", "Europe/Berlin") == dt.datetime(
        2025, 10, 26, 0, 30, tzinfo=UTC
    )


def test_offset_beyond_the_calendar_stops_at_its_end(one: One) -> None:
    """An offset that would lead out of the years 1 to 9999 gives the calendar's end."""
    assert one('"0001-01-01T00:00:00+01:00"', "timestamp") == dt.datetime(1, 1, 1, tzinfo=UTC)
    assert one('"9999-12-31T23:59:59-01:00"', "timestamp").year == 9999


def test_forms_may_mix_in_one_column(bench: Any, things: Any, column: Any) -> None:
    """One page may hold stamps of every form; none of them costs a record."""
    forms = [
        "2025-03-01T06:30:00Z",
        "2025-03-01T07:30:00",
        "/Date(1740810600000)/",
        "2025-03-01T06:30:00.1234567Z",
    ]
    body = json.dumps([{"thingId": i, "field": form} for i, form in enumerate(forms)])
    page = bench(things(column("field", "timestamp")))(body)
    assert not page.rejects
    assert [value.hour for value in page.table["field"].to_pylist()] == [6, 7, 6, 6]
