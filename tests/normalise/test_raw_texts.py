"""What a stamp says beyond the instant that is stored is kept in ``_extra``."""

import json
from typing import Any

import pytest


@pytest.fixture
def kept(bench: Any, things: Any, column: Any) -> Any:
    """Decode one stamp by both paths; give what `_extra` keeps of it."""

    def decode(text: str, zone: str = "UTC", type_: str = "timestamp", **more: Any) -> Any:
        decoder = bench(things(column("field", type_, **more)), zone=zone)
        body = json.dumps([{"thingId": 1, "field": text}, {"thingId": 2, "field": None}])
        quick, slow = decoder(body), decoder.slow(body)
        assert quick.table.equals(slow.table)
        assert not quick.rejects
        first, second = quick.table["_extra"].to_pylist()
        assert second is None
        return json.loads(first) if first else None

    return decode


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2025-03-01T06:30:00.1234567Z", "UTC"),  # a tick of 100 ns
        ("2025-03-01T06:30:00.0000001", "UTC"),
        ("2025-03-01T06:30:00.1234567+01:00", "Europe/Berlin"),
        ("2025-10-26T02:30:00", "Europe/Berlin"),  # comes twice
        ("2025-03-30T02:30:00", "Europe/Berlin"),  # never comes
        ("/Date(1761445800000)/", "Europe/Berlin"),
        ("0001-01-01T00:00:00+01:00", "UTC"),  # before the calendar
        ("9999-12-31T23:59:59-01:00", "UTC"),
    ],
)
def test_what_the_instant_does_not_tell_is_kept(kept: Any, text: str, zone: str) -> None:
    """Digits below microseconds, doubtful wall time, and what lies outside of the calendar stay readable."""
    assert kept(text, zone) == {"field": text}


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2025-03-01T06:30:00Z", "Europe/Berlin"),
        ("2025-03-01T06:30:00", "Europe/Berlin"),
        ("2025-03-01T06:30:00.123456", "Europe/Berlin"),
        ("2025-03-01T06:30:00.1234560Z", "UTC"),
        ("2025-10-26T02:30:00+01:00", "Europe/Berlin"),
        ("/Date(1761445800000+0060)/", "Europe/Berlin"),
        ("2025-10-26T02:30:00", "UTC"),
        ("0001-01-01T00:00:00", "Europe/Berlin"),
        ("0001-01-01T00:00:00+00:00", "UTC"),
        ("9999-12-31T23:59:59.999999Z", "Europe/Berlin"),
    ],
)
def test_what_the_instant_tells_is_not_kept_twice(kept: Any, text: str, zone: str) -> None:
    """Where instant and zone give the text back, `_extra` stays empty."""
    assert kept(text, zone) is None


def test_times_of_day_keep_their_ticks(kept: Any) -> None:
    """A time of day is cut to microseconds as an instant is."""
    assert kept("21:14:35.1234567", type_="time", zone="Europe/Berlin") == {"field": "21:14:35.1234567"}
    assert kept("21:14:35.123456", type_="time", zone="Europe/Berlin") is None


def test_personal_stamps_are_not_kept_beside(kept: Any) -> None:
    """`_extra` holds no personal value, whatever the policy."""
    assert kept("2025-03-01T06:30:00.1234567Z", personal="name") is None


def test_a_nested_stamp_is_kept_by_its_whole_name(bench: Any, things: Any, column: Any) -> None:
    """The name in `_extra` is the wire name with its dots, beside what no column takes."""
    decode = bench(things(column("left_on", "timestamp", wire="manager.leftOn")))
    body = '[{"thingId": 1, "x": 5, "manager": {"leftOn": "2025-03-01T06:30:00.1234567Z"}}]'
    for _ in range(2):
        extra = decode(body).table["_extra"].to_pylist()
        assert extra == ['{"manager.leftOn":"2025-03-01T06:30:00.1234567Z","x":5}']


def test_pages_with_ticks_stay_quick(bench: Any, things: Any, column: Any) -> None:
    """Keeping texts needs no Python object for a record."""
    decode = bench(things(column("field", "timestamp")), zone="Europe/Berlin")
    body = json.dumps([{"thingId": i, "field": "2025-10-26T02:30:00.1234567"} for i in range(3)])
    assert decode.is_fast(body)
