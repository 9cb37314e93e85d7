"""Contracts that follow each other: rows that are the same stay, and the tables are what the last contract says."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exepron_pipeline.catalogue.model import Child, Column, EntitySet
from exepron_pipeline.land.load import Load
from exepron_pipeline.normalise import Decoder
from exepron_pipeline.normalise.contract import columns_of
from exepron_pipeline.odata.dialect import DIALECTS

RECORDS = [
    {
        "id": 1,
        "a": 5,
        "b": 1.50,
        "c": "x",
        "d": {"e": True, "f": "2026-01-01"},
        "l": [{"m": 1, "n": "z"}, {"m": 2}],
    },
    {"id": 2, "a": 7, "b": 2, "c": None, "d": {"f": "2026-02-01"}, "l": []},
    {"id": 3, "a": -1, "b": 0.25, "c": "7", "l": [{"n": "y"}]},
]
TYPES = {
    "a": ["int", "decimal(21,2)", "text"],
    "b": ["decimal(18,2)", "decimal(22,4)", "text"],
    "c": ["text"],
    "e": ["bool", "variant"],
    "f": ["date", "text"],
    "m": ["int", "text"],
    "n": ["text"],
}
"""Types of each column, each wider than the former."""

WIRES = {"e": "d.e", "f": "d.f"}


def contract(types: dict[str, str], *, with_list: bool) -> EntitySet:
    """An entity set of these columns."""
    columns = tuple(
        Column(name=name, type=type_, description="", wire=WIRES.get(name, name))
        for name, type_ in {"id": "int", **types}.items()
        if name not in {"m", "n"}
    )
    item = tuple(
        Column(name=name, type=type_, description="", wire=name)
        for name, type_ in ({"m": "int"} | types).items()
        if name in {"m", "n"}
    )
    children = (Child(name="l", description="", wire="l", columns=item),) if with_list else ()
    return EntitySet(
        name="things", description="", evidence="confirmed", key=("id",), columns=columns, children=children
    )


def load_of(entity_set: EntitySet, desk: Any, records: list[dict[str, Any]], **more: Any) -> Load:
    """Decode a page of records, as a read would, and make a load of it."""
    decoder = Decoder(entity_set, generation="g3", dialect=DIALECTS["g3"], account_id="17", personal="keep")
    page = decoder(json.dumps({"value": records}).encode(), {})
    assert page.rejects == []
    usual: dict[str, Any] = {
        "load_id": "load",
        "entity_set": entity_set,
        "columns": columns_of(entity_set, "keep"),
        "account_id": "17",
        "mode": "full",
        "started_at": next(desk.moments),
        "tables": [page.table],
        "children": {name: [items] for name, items in page.children.items()},
        "fetched": page.rows,
        "complete": True,
        "unknown": page.unknown,
        "decoder": decoder,
    }
    return Load(**{**usual, **more})


def rows(desk: Any, entity_set: EntitySet, schema: str = "core") -> list[Any]:
    """What the tables hold under a contract."""
    names = ", ".join(f'"{column.name}"::VARCHAR' for column in entity_set.columns)
    now = "" if schema == "core" else "_as_of(now(), now())"
    found = desk.rows(f"SELECT {names}, _extra::VARCHAR, _row_hash FROM {schema}.things{now} ORDER BY id")
    if entity_set.children:
        items = ", ".join(f"{column.name}::VARCHAR" for column in entity_set.children[0].columns)
        found += desk.rows(
            f"SELECT id, _position, {items} FROM {schema}.things__l{now} ORDER BY id, _position"
        )
    return found


@st.composite
def histories(draw: Any) -> list[EntitySet]:
    """Contracts that follow each other: columns come and widen, the list comes; nothing goes."""
    level: dict[str, int] = {}
    with_list, found = False, []
    for _ in range(draw(st.integers(2, 4))):
        for name, types in TYPES.items():
            if draw(st.booleans()):
                level[name] = min(level.get(name, -1) + 1, len(types) - 1)
        with_list = with_list or draw(st.booleans())
        found.append(
            contract({name: TYPES[name][at] for name, at in sorted(level.items())}, with_list=with_list)
        )
    return found


@settings(max_examples=settings.default.max_examples // 4)  # a dozen landings each take their time
@given(histories())
def test_any_way_to_a_contract_gives_the_same_tables(new_desk, contracts):
    """Columns accepted and widened in any order: core and history are those of a clean load, and no row was rewritten."""
    desk, clean = new_desk(), new_desk()
    desk.land_load(load_of(contracts[0], desk, RECORDS, load_id="first"))
    for entity_set in contracts[1:]:
        done = desk.land_load(load_of(entity_set, desk, RECORDS[:1], mode="incremental"))
        assert (done.inserted, done.updated, done.unchanged) == (0, 0, 1)
    clean.land_load(load_of(contracts[-1], clean, RECORDS))
    for schema in ("core", "history"):
        assert rows(desk, contracts[-1], schema) == rows(clean, contracts[-1], schema)
    assert desk.rows("SELECT DISTINCT _load_id FROM core.things") == [("first",)]
    assert desk.rows("SELECT count(*) FROM history.things") == [(3,)]
    done = desk.land_load(load_of(contracts[-1], desk, RECORDS))
    assert (done.inserted, done.updated, done.unchanged) == (0, 0, 3)
