"""One record as each measured server writes it: all five become the same row.

The servers are those of ``tests/odata/test_servers.py``: A (V4), B (V2), C (V4.01), D (V2, another), E (V4, minimal).
"""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.extract.watermark import lower_bound
from exepron_pipeline.normalise.stamps import instants

UTC = dt.UTC
ROW = {
    "thing_id": 9007199254740993,
    "cost": Decimal("48217712.5660"),
    "changed_at": dt.datetime(2025, 3, 1, 6, 30, tzinfo=UTC),
    "due_on": dt.date(2023, 12, 29),
    "at": dt.time(21, 14, 35),
    "guid": "d5ea1b5e-0000-4000-8000-00000000000a",
    "content": b"\xfb\xff\x00",
    "_account_id": "7",
    "_extra": None,
}
GUID = '"guid": "d5ea1b5e-0000-4000-8000-00000000000a"'
V4_DAY = '"dueOn": "2023-12-29", "at": "21:14:35"'
DEFERRED = '"project": {"__deferred": {"uri": "http://localhost/Things(1)/project"}}'
METADATA = '"__metadata": {"uri": "http://localhost/Things(1)", "type": "main.Things"}'
RECORDS = {
    "A": (
        "odata4",
        (
            f'"thingId": "9007199254740993", "cost": "48217712.5660", "changedAt": "2025-03-01T06:30:00.000Z",'
            f' {V4_DAY}, {GUID}, "content": "-_8A"'
        ),
    ),
    "B": (
        "odata2",
        (
            f'{METADATA}, "thingId": "9007199254740993", "cost": "48217712.5660", "dueOn": "/Date(1703808000000)/",'
            f' "changedAt": "/Date(1740810600000+0000)/", "at": "PT21H14M35S", {GUID}, "content": "-_8A", {DEFERRED}'
        ),
    ),
    "C": (
        "odata4",
        (
            f'"@odata.etag": "x", "thingId": 9007199254740993, "cost": 48217712.566, "changedAt": "2025-03-01T06:30:00Z",'
            f' {V4_DAY}, {GUID}, "content": "-_8A"'
        ),
    ),
    "C, with IEEE754Compatible": (
        "odata4",
        (
            f'"thingId": "9007199254740993", "cost": "48217712.566", "changedAt": "2025-03-01T06:30:00.0000000Z",'
            f' {V4_DAY}, {GUID}, "content": "-_8A", "project@odata.navigationLink": "Things(1)/project"'
        ),
    ),
    "D": (
        "odata2",
        (
            f'{METADATA}, "thingId": "9007199254740993", "cost": "48217712.5660", "dueOn": "\\/Date(1703808000000)\\/",'
            f' "changedAt": "\\/Date(1740810600000-0000)\\/", "at": "21:14:35", {GUID}, "content": "+/8A", {DEFERRED}'
        ),
    ),
}


@pytest.fixture
def decode(bench: Any, things: Any, column: Any) -> Any:
    """Decode one record of a server."""
    columns = [
        column("cost", "decimal(18,4)"),
        column("changed_at", "timestamp"),
        column("due_on", "date"),
        column("at", "time"),
        column("guid"),
        column("content", "binary"),
    ]

    def page(dialect: str, record: str) -> Any:
        wrapped = (
            f'{{"d": {{"results": [{{{record}}}]}}}}'
            if dialect == "odata2"
            else f'{{"value": [{{{record}}}]}}'
        )
        decoder = bench(things(*columns), dialect)
        first, second, slow = decoder(wrapped), decoder(wrapped), decoder.slow(wrapped)
        assert first.table.equals(second.table)
        assert first.table.equals(slow.table)
        return first

    return page


@pytest.mark.parametrize("server", RECORDS)
def test_all_servers_mean_the_same(decode: Any, server: str) -> None:
    """Text or number, ISO or V2, either base64, with metadata and deferred links or without: one row."""
    page = decode(*RECORDS[server])
    assert page.rejects == []
    assert page.table.to_pylist() == [ROW]


@pytest.mark.parametrize(
    ("dialect", "low", "high"),
    [
        ("odata4", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("odata2", "/Date(-62135596800000+0000)/", "/Date(253402300799999+0000)/"),
    ],
)
def test_the_ends_of_the_calendar(decode: Any, dialect: str, low: str, high: str) -> None:
    """The first and the last instant of .NET arrive as they are."""
    found = [
        decode(dialect, f'"thingId": 1, "changedAt": {json.dumps(text)}').table["changed_at"][0].as_py()
        for text in (low, high)
    ]
    assert found == [dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999000, UTC)]


@given(st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)), st.integers(0, 9), st.integers(0, 7))  # noqa: DTZ001 # in UTC by the Z
def test_a_watermark_never_runs_ahead_of_its_stamp(moment: dt.datetime, tick: int, digits: int) -> None:
    """Whatever digits are cut off, here or by the server, reading begins at or before the true instant."""
    import pyarrow as pa

    true = f"{moment.isoformat(timespec='microseconds')}{tick}"
    written = true[: 20 + digits].rstrip(".") + "Z"
    stored = instants(pa.array([written]), "UTC")[0].as_py()
    bound = lower_bound(stored, 0, None)
    assert bound is not None
    assert f"{bound.replace(tzinfo=None).isoformat()}.0000000" <= true
