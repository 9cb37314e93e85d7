"""Fields outside the contract are named with a type, by both paths; `discards` keeps them out of ``_extra``."""

import json
from typing import Any

import pytest

ROWS = [
    {
        "thingId": 1,
        "a": 5,
        "manager": {"name": "A", "age": 5},
        "codes": [{"code": "x"}, {"code": "y", "w": True}],
    },
    {"thingId": 2, "a": 1.5, "b": {"c": 1}, "gone": None, "owner": {"id": 1}, "@odata.etag": "1"},
]


def made(things: Any, column: Any) -> Any:
    """A set with an object, a list and a navigation property."""
    codes = {"name": "codes", "description": "", "columns": [column("code")]}
    manager = column("manager_name", wire="manager.name")
    return things(manager, children=[codes], navigation=("owner",))


@pytest.mark.parametrize("discards", [False, True])
def test_other_fields_are_named(bench: Any, things: Any, column: Any, discards: bool) -> None:
    """A dot enters objects and lists; numbers of two kinds become a decimal; null and navigation are nothing."""
    page = bench(made(things, column), discards=discards)(json.dumps(ROWS))
    assert page.unknown == {"a": "decimal(38,10)", "b": "json", "manager.age": "int", "codes.w": "bool"}
    kept = page.table["_extra"].to_pylist()
    assert kept == [None, None] if discards else None not in kept


@pytest.mark.parametrize("discards", [False, True])
def test_the_fast_path_names_them_too(bench: Any, things: Any, discards: bool) -> None:
    """What the first page taught is named on the next ones as it was by the slow path."""
    body = '[{"thingId": 1, "a": "x", "b": 5, "c": true, "d": null}]'
    decode = bench(things(), discards=discards)
    decode(body)
    assert decode.is_fast(body)
    for page in (decode(body), decode.slow(body)):
        assert page.unknown == {"a": "text", "b": "int", "c": "bool"}
        assert page.table["_extra"].to_pylist() == [None if discards else '{"a":"x","b":5,"c":true}']


def test_texts_that_say_more_are_no_other_fields(bench: Any, things: Any, column: Any) -> None:
    """A stamp's seventh digit stays in ``_extra`` under every contract."""
    decode = bench(things(column("at", "timestamp")), discards=True)
    page = decode('[{"thingId": 1, "at": "2026-01-01T00:00:00.1234567Z", "more": 1}]')
    assert page.table["_extra"].to_pylist() == ['{"at":"2026-01-01T00:00:00.1234567Z"}']
    assert page.unknown == {"more": "int"}
