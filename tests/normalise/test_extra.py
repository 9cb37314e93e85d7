import json
from typing import Any

import pytest


def test_unknown_fields_are_kept_exactly(bench: Any, things: Any) -> None:
    """`_extra` is canonical: sorted, without blanks, without nulls, numbers with all their digits."""
    body = '[{"thingId": 1, "z": 12345678901234567890.50, "a": "ü\\n\\"", "m": null, "k": [1, {"y": 2, "x": null}]}]'
    page = bench(things())(body)
    assert page.table["_extra"].to_pylist() == [
        '{"a":"ü\\n\\"","k":[1,{"x":null,"y":2}],"z":12345678901234567890.5}'
    ]


def test_no_unknown_field_is_null(bench: Any, things: Any) -> None:
    """Without unknown fields, or with null in all of them, `_extra` is null and no empty object."""
    page = bench(things())('[{"thingId": 1}, {"thingId": 2, "x": null}]')
    assert page.table["_extra"].to_pylist() == [None, None]


@pytest.mark.parametrize(
    "field",
    [
        "@odata.etag",
        "odata.id",
        "tasks@odata.navigationLink",
        "cost@type",
        "tasks@count",
        "photo@mediaEtag",
        "cost@Org.Vocabulary.Unit",
        "__metadata",
        "owner",
    ],
)
def test_annotations_and_navigation_are_no_fields(bench: Any, things: Any, field: str) -> None:
    """What OData says about a record, and what leads to others, is not kept."""
    decode = bench(things(navigation=("owner",)))
    for value in ("x", {"a": {"b": [1.5]}}, 5, None):
        assert decode(json.dumps([{"thingId": 1, field: value}])).table["_extra"].to_pylist() == [None]


def test_a_name_with_an_at_sign_is_a_field(bench: Any, things: Any) -> None:
    """Only what OData reserves is an annotation; services of other kinds name fields as they like."""
    page = bench(things())('[{"thingId": 1, "user@home": "x", "a@b": 2}]')
    assert page.table["_extra"].to_pylist() == ['{"a@b":2,"user@home":"x"}']


def test_deferred_links_are_no_fields(bench: Any, things: Any) -> None:
    """An unknown field that only says where to read more is not kept; other objects are."""
    rows = [{"thingId": 1, "more": {"__deferred": {"uri": "x"}}}, {"thingId": 2, "more": {"uri": "x"}}]
    assert bench(things())(json.dumps(rows)).table["_extra"].to_pylist() == [None, '{"more":{"uri":"x"}}']


@pytest.mark.parametrize("policy", ["contact-dropped", "drop"])
@pytest.mark.parametrize("value", ["+49 30 1", 4930, 49.5, ["+49"], {"a": 1}])
def test_dropped_columns_do_not_slip_into_extra(
    bench: Any, things: Any, column: Any, policy: str, value: Any
) -> None:
    """What the policy for personal data leaves out is nowhere in the page, whatever its type."""
    entity_set = things(
        column("phone", personal="contact"), column("manager_phone", wire="manager.phone", personal="contact")
    )
    body = json.dumps([{"thingId": 1, "phone": value, "manager": {"phone": value}}])
    page = bench(entity_set, personal=policy)(body)
    assert page.table.to_pylist() == [{"thing_id": 1, "_account_id": "7", "_extra": None}]


def test_nested_objects_are_entered(bench: Any, things: Any, column: Any) -> None:
    """A dotted wire name enters an object; the rest of the object is kept, and so is what is no object."""
    decode = bench(things(column("manager_name", wire="manager.name")))
    rows = [
        {"thingId": 1, "manager": {"name": "A", "age": 5}},
        {"thingId": 2, "manager": None},
        {"thingId": 3, "manager": "B"},
    ]
    page = decode(json.dumps(rows))
    assert page.table["manager_name"].to_pylist() == ["A", None, None]
    assert page.table["_extra"].to_pylist() == ['{"manager":{"age":5}}', None, '{"manager":"B"}']


def test_what_json_cannot_hold_rejects_the_record(bench: Any, things: Any) -> None:
    """NaN, half a character and endless nesting in unknown fields set the record aside, not the page."""
    deep = "[" * 600 + "]" * 600
    page = bench(things())(
        f'[{{"thingId": 1}}, {{"thingId": 2, "x": NaN}}, {{"thingId": 3, "x": "\\ud800"}}, {{"thingId": 4, "x": {deep}}}]'
    )
    assert page.table["thing_id"].to_pylist() == [1]
    assert [item.key for item in page.rejects] == ["2", "3", "4"]


@pytest.mark.parametrize("name", ["a b", "a.b", "1st", "ü😀", '"', "", "value", "d"])
def test_hostile_names_are_kept(bench: Any, things: Any, name: str) -> None:
    """Any name may stand in a record, on the first page and when it is known."""
    decode = bench(things(), "g3")
    body = json.dumps({"value": [{"thingId": 1, name: "x"}]})
    for page in (decode(body), decode(body)):
        assert json.loads(page.table["_extra"][0].as_py()) == {name: "x"}


@pytest.mark.parametrize("value", [["+49"], [], None, 5, [{"a": 1}]])
def test_dropped_lists_do_not_land(bench: Any, things: Any, column: Any, value: Any) -> None:
    """A nested list of which the policy leaves no column gives an empty table, by both paths."""
    child = {"name": "phones", "description": "", "columns": [column("phone", wire=".", personal="contact")]}
    decode = bench(things(children=[child]), personal="contact-dropped")
    body = json.dumps([{"thingId": 1, "phones": value}])
    for page in (decode(body), decode(body), decode.slow(body)):
        assert page.table.to_pylist() == [{"thing_id": 1, "_account_id": "7", "_extra": None}]
        assert page.children["phones"].num_rows == 0


def test_dropped_parts_of_an_object_leave_the_rest(bench: Any, things: Any, column: Any) -> None:
    """Where only a part of an object is left out, the rest of it is still kept, on every page."""
    entity_set = things(column("manager_phone", wire="manager.phone", personal="contact"))
    decode = bench(entity_set, personal="contact-dropped")
    for manager, kept in [
        ({"phone": "5", "age": 1}, '{"manager":{"age":1}}'),
        ("Bo", '{"manager":"Bo"}'),
    ] * 2:
        page = decode(json.dumps([{"thingId": 1, "manager": manager}]))
        assert page.table["_extra"].to_pylist() == [kept]
