"""Whose record it is."""

from typing import Any


def test_a_record_says_whose_it_is(bench: Any, things: Any, column: Any) -> None:
    """The account of the record goes before the one that was asked for, for its lists too, by both paths."""
    codes = {"name": "codes", "description": "", "columns": [column("code", wire=".")]}
    entity_set = things(column("owner_id", "int"), account="owner_id", children=[codes])
    body = (
        '[{"thingId": 1, "ownerId": 9, "codes": ["a", "b"]}, {"thingId": 1, "ownerId": null, "codes": ["c"]}]'
    )
    decode = bench(entity_set)
    for page in (decode(body), decode(body), decode.slow(body)):
        assert page.table["_account_id"].to_pylist() == ["9", "7"]
        assert page.children["codes"]["_account_id"].to_pylist() == ["9", "9", "7"]
