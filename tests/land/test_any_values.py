"""Whatever the values are, and however they are cut into loads and pages, the same is landed."""

import itertools
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exepron_pipeline.catalogue.model import Child, Column, EntitySet
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Load

FEW = settings(max_examples=max(8, settings.default.max_examples // 2))
START = datetime(2026, 1, 5, 12, tzinfo=UTC)

TYPES = {
    "area": ("text", pa.string()),
    "code": ("text", pa.string()),
    "number": ("int", pa.int64()),
    "price": ("decimal(38,9)", pa.decimal128(38, 9)),
    "share": ("float", pa.float64()),
    "is_open": ("bool", pa.bool_()),
    "due_on": ("date", pa.date32()),
    "starts_at": ("time", pa.time64("us")),
    "seen_at": ("timestamp", pa.timestamp("us", "UTC")),
    "note": ("text", pa.string()),
    "picture": ("binary", pa.binary()),
    "moved_at": ("timestamp", pa.timestamp("us", "UTC")),
}
COLUMNS = tuple(Column(name=name, type=kind, description="A column.") for name, (kind, _) in TYPES.items())
ITEM = (
    Column(name="word", type="text", description="A word."),
    Column(name="amount", type="decimal(18,2)", description="An amount."),
)
THINGS = EntitySet(
    name="things", description="Things.", evidence="confirmed", key=("area", "code"), cursor="moved_at",
    columns=COLUMNS, children=(Child(name="parts", description="Parts.", columns=ITEM),),
)  # fmt: skip
SCHEMA = pa.schema(
    {name: kind for name, (_, kind) in TYPES.items()} | {"_account_id": pa.string(), "_extra": pa.string()}
)
ITEMS = pa.schema(
    {
        "area": pa.string(), "code": pa.string(), "_position": pa.int64(), "word": pa.string(),
        "amount": pa.decimal128(18, 2), "_account_id": pa.string(),
    }
)  # fmt: skip

keys = st.tuples(
    st.sampled_from(["", "a", "A", "\u00e4", "a\u0308", "\u00df"]), st.sampled_from(["x", "X", " "])
)
amounts = st.decimals(-(10**15), 10**15, places=2)
things = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "price": st.none() | st.decimals(-(10**18), 10**18, places=9),
        "share": st.none() | st.floats() | st.sampled_from([0.0, -0.0, float("nan")]),
        "is_open": st.none() | st.booleans(),
        "due_on": st.none() | st.dates(),
        "starts_at": st.none() | st.times(),
        "seen_at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "note": st.none()
        | st.text(max_size=4)
        | st.sampled_from(["e\u0301", "\u00e9", "'", '"', "", "\U0001f600"]),
        "picture": st.none() | st.binary(max_size=3),
        "_extra": st.none() | st.sampled_from(["{}", '{"a": null}', '{"\u00e4": 1.0}']),
        "parts": st.none()
        | st.lists(st.tuples(st.none() | st.text("aA", max_size=1), st.none() | amounts), max_size=3),
    }
)
histories = st.lists(st.tuples(keys, things, st.sampled_from([0, 0, 1, 60])), min_size=1, max_size=7)
beginnings = st.sampled_from([START, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])


def records_of(history, begin, account):
    """Records in the order of their stamps, of which some are equal; where the area is empty there are none."""
    found, moment = [], begin
    for (area, code), thing, minutes in history:
        moment += timedelta(minutes=minutes)
        stamp = moment if area else None
        found.append({**thing, "area": area, "code": code, "moved_at": stamp, "_account_id": account})
    return found


def pages_of(records, size):
    """Pages of at most so many records, none with the same key twice."""
    pages = [[]]
    for record in records:
        if len(pages[-1]) == size or any(key_of(record) == key_of(each) for each in pages[-1]):
            pages.append([])
        pages[-1].append(record)
    return pages


def key_of(record):
    """Its key."""
    return record["area"], record["code"]


def load_of(desk, pages):
    """A load of these pages, none of which is empty."""
    items = [
        [
            {**record, "_position": place, "word": word, "amount": amount}
            for record in page
            for place, (word, amount) in enumerate(record["parts"] or [])
        ]
        for page in pages
    ]
    return Load(
        "load", THINGS, COLUMNS, pages[0][0]["_account_id"], "incremental", next(desk.moments),
        [pa.Table.from_pylist(page, SCHEMA) for page in pages],
        children={"parts": [pa.Table.from_pylist(page, ITEMS) for page in items]},
        fetched=sum(map(len, pages)), evidence="exhausted", complete=True,
    )  # fmt: skip


def content(con, account):
    """What core and the current rows of history hold of an account, as text."""
    ours = {
        "core": ("_account_id, _load_id, _loaded_at", "true"),
        "history": (
            "_account_id, _load_id, _op, _valid_from, _known_from",
            "_valid_to IS NULL AND _known_to IS NULL AND _op <> 'delete'",
        ),
    }
    return {
        (schema, table): con.sql(
            f"SELECT t::VARCHAR FROM (SELECT * EXCLUDE ({left_out}) FROM {schema}.{table} "
            f"WHERE _account_id = '{account}' AND {condition}) t ORDER BY 1"
        ).fetchall()
        for schema, (left_out, condition) in ours.items()
        for table in ("things", "things__parts")
    }


@pytest.fixture(scope="module")
def one_desk(new_desk):
    """One warehouse for all examples, each of which lands in accounts of its own."""
    desk = new_desk()
    desk.accounts = map(str, itertools.count())
    return desk


@FEW
@given(
    history=histories, begin=beginnings, sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)), data=st.data()
)
def test_no_split_matters_whatever_the_values(one_desk, history, begin, sizes, data):
    """One load or many, small pages or large, some landed twice; of equal stamps the last that came stays."""
    whole, parts = next(one_desk.accounts), next(one_desk.accounts)
    with one_desk.open() as con:
        records = records_of(history, begin, whole)
        land(con, load_of(one_desk, pages_of(records, sizes[0])))
        wanted = content(con, whole)
        found = con.sql(
            f"SELECT area, code, note, number FROM core.things WHERE _account_id = '{whole}'"
        ).fetchall()
        last = {key_of(record): record for record in records}
        assert {row[:2]: row[2:] for row in found} == {
            key: (record["note"], record["number"]) for key, record in last.items()
        }
        records = records_of(history, begin, parts)
        cuts = sorted(data.draw(st.sets(st.integers(1, len(records) - 1), max_size=3))) if records[1:] else []
        for place, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            pages = pages_of(records[place:end], sizes[1])
            for _ in range(data.draw(st.integers(1, 2))):
                done = land(con, load_of(one_desk, pages))
        assert content(con, parts) == wanted
        again = land(con, load_of(one_desk, pages))
        assert (again.inserted, again.updated) == (0, 0)
        assert content(con, parts) == wanted
    stamps = [record["moved_at"] for record in records if record["moved_at"]]
    assert done.watermark_after == max(stamps, default=None)
    assert done.live_rows == len(last)
