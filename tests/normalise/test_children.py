import json
from typing import Any

import pytest


@pytest.fixture
def nested(things: Any, column: Any) -> Any:
    """A set with a list of objects and a list of plain values."""
    steps = {
        "name": "steps",
        "description": "",
        "columns": [column("step_name"), column("share", "decimal(5,2)")],
    }
    tags = {"name": "tags", "description": "", "columns": [column("tag", wire=".")]}
    return things(children=[steps, tags])


ROWS = [
    {"thingId": 1, "steps": [{"stepName": "a", "share": 1}, {"stepName": "b"}], "tags": ["x", None, "y"]},
    {"thingId": 2, "steps": [], "tags": None},
    {"thingId": 3},
    {"thingId": 4, "steps": [{"stepName": "c", "share": 2.5}, None]},
]


def test_lists_become_rows_in_order(bench: Any, nested: Any) -> None:
    """Each item is a row with its parent's key and its place, null items included; no list gives no row."""
    decode = bench(nested)
    body = json.dumps(ROWS)
    assert decode.is_fast(body)
    for page in (decode(body), decode.slow(body)):
        steps, tags = (page.children[name].to_pylist() for name in ("steps", "tags"))
        assert [(row["thing_id"], row["_position"], row["step_name"]) for row in steps] == [
            (1, 0, "a"),
            (1, 1, "b"),
            (4, 0, "c"),
            (4, 1, None),
        ]
        assert [(row["thing_id"], row["_position"], row["tag"]) for row in tags] == [
            (1, 0, "x"),
            (1, 1, None),
            (1, 2, "y"),
        ]
        assert {row["_account_id"] for row in steps + tags} == {"7"}


def test_a_bad_item_rejects_its_record(bench: Any, nested: Any) -> None:
    """A record lands with all its items or not at all."""
    rows = [
        *ROWS[:2],
        {"thingId": 9, "steps": [{"share": 1}, {"share": "x"}]},
        {"thingId": 10, "steps": 5},
        ROWS[3],
    ]
    page = bench(nested)(json.dumps(rows))
    assert page.table["thing_id"].to_pylist() == [1, 2, 4]
    assert page.children["steps"]["thing_id"].to_pylist() == [1, 1, 4, 4]
    assert page.children["steps"]["_position"].to_pylist() == [0, 1, 0, 1]
    assert [(item.key, item.reason) for item in page.rejects] == [
        ("9", 'share: "x" does not fit decimal(5,2)'),
        ("10", "steps: the field steps is no list of its items"),
    ]


@pytest.mark.parametrize("wrap", [lambda items: {"results": items}, lambda _: {"__deferred": {"uri": "x"}}])
def test_v2_lists_are_unwrapped(bench: Any, nested: Any, wrap: Any) -> None:
    """OData V2's wrapping of nested lists is no content, and neither is the address of one not sent."""
    page = bench(nested)(json.dumps([{"thingId": 1, "steps": wrap([{"stepName": "a"}])}]))
    assert not page.rejects
    assert page.table["_extra"].to_pylist() == [None]
    assert page.children["steps"].num_rows in (0, 1)


def test_unknown_fields_of_items_are_kept_with_the_record(bench: Any, nested: Any) -> None:
    """What the contract does not know of an item stands in the record's `_extra`, at the item's place."""
    page = bench(nested)(json.dumps([{"thingId": 1, "steps": [{"stepName": "a"}, {"odd": 1}]}]))
    assert page.table["_extra"].to_pylist() == ['{"steps":[null,{"odd":1}]}']
