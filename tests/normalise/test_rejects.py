import json
from typing import Any

import pytest


def test_a_bad_record_does_not_take_others_along(bench: Any, things: Any, column: Any) -> None:
    """The records around a bad one land; the bad one is named by key, column, value and type."""
    body = '[{"thingId": 1, "cost": 5}, {"thingId": 2, "cost": "much"}, {"thingId": 3}]'
    page = bench(things(column("cost", "int")))(body)
    assert page.table["thing_id"].to_pylist() == [1, 3]
    (reject,) = page.rejects
    assert (reject.key, reject.position) == ("2", 1)
    assert reject.reason == 'cost: "much" does not fit int'
    assert page.rows == 3


def test_a_column_that_the_generation_lacks_rejects_nobody(bench: Any, things: Any, column: Any) -> None:
    """A column without a field in this generation stays null, also on a page with a bad record."""
    entity_set = things(column("cost", "int"), column("label", wire={"g3": "label", "g2": None}))
    page = bench(entity_set)('[{"thingId": 1}, {"thingId": 2, "cost": "much"}]')
    assert page.table.select(["thing_id", "label"]).to_pylist() == [{"thing_id": 1, "label": None}]
    assert [item.key for item in page.rejects] == ["2"]


@pytest.mark.parametrize("mark", [{"personal": "name"}, {"personal": "contact"}, {"financial": True}])
def test_private_values_are_not_shown(bench: Any, things: Any, column: Any, mark: dict[str, Any]) -> None:
    """The reason of a personal or financial column names the column, and never the value."""
    page = bench(things(column("cost", "int", **mark)))('[{"thingId": 1, "cost": "4711x"}]')
    assert page.rejects[0].reason == "cost: the value does not fit int"


def test_long_values_are_cut(bench: Any, things: Any, column: Any) -> None:
    """A reason stays one short line, however long the value is."""
    page = bench(things(column("cost", "int")))(json.dumps([{"thingId": 1, "cost": "x" * 9999}]))
    assert len(page.rejects[0].reason) < 80


@pytest.mark.parametrize("row", ["null", "5", "[]", '"x"', "true"])
def test_what_is_no_object_is_rejected(bench: Any, things: Any, row: str) -> None:
    """A null or a number among the records is set aside."""
    page = bench(things())(f'[{{"thingId": 1}}, {row}, {{"thingId": 3}}]')
    assert page.table["thing_id"].to_pylist() == [1, 3]
    assert [(item.key, item.position) for item in page.rejects] == [(None, 1)]


@pytest.mark.parametrize("row", ["{}", '{"thingId": null}', '{"thingId": "x"}', '{"ThingId": 5}'])
def test_a_record_without_key_is_rejected(bench: Any, things: Any, row: str) -> None:
    """A record that nobody could ever update again does not land; paging goes on by the last key."""
    page = bench(things())(f'[{{"thingId": 1}}, {row}]')
    assert page.table["thing_id"].to_pylist() == [1]
    assert page.rejects[0].key is None
    assert (page.rows, page.last_key) == (2, (1,))


def test_a_rejected_record_with_a_key_still_moves_paging(bench: Any, things: Any, column: Any) -> None:
    """The last key of the page is that of its last record, rejected or not: else it would be asked for again."""
    page = bench(things(column("cost", "int")))('[{"thingId": 1}, {"thingId": 2, "cost": "x"}]')
    assert page.last_key == (2,)


@pytest.mark.parametrize(
    "record",
    [
        '{"thingId": 1, "cost": 1, "cost": 2}',
        '{"thingId": 1, "thingId": 2}',
        '{"thingId": 1, "cost": 1, "cost": 1}',
        '{"thingId": 1, "manager": {"name": "A", "name": "B"}}',
        '{"thingId": 1, "unknown": [{"x": 1, "x": 2}]}',
        '{"thingId": 1, "items": [{"n": 1, "n": 2}]}',
    ],
)
def test_a_name_that_comes_twice_rejects_the_record(
    bench: Any, things: Any, column: Any, record: str
) -> None:
    """Which of two values is meant nobody knows: the record is set aside, the others land."""
    child = {"name": "items", "description": "", "columns": [column("n", "int")]}
    entity_set = things(column("cost", "int"), column("name", wire="manager.name"), children=[child])
    page = bench(entity_set)(f'[{record}, {{"thingId": 3}}]')
    assert page.table["thing_id"].to_pylist() == [3]
    assert [reject.position for reject in page.rejects] == [0]


@pytest.mark.parametrize("dialect", ["g2", "g3", "odata2"])
def test_an_envelope_that_names_a_member_twice_is_an_error(bench: Any, things: Any, dialect: str) -> None:
    """Of two lists of records none is believed."""
    from exepron_pipeline.errors import ResponseError

    with pytest.raises(ResponseError, match="twice"):
        bench(things(), dialect)('{"value": [{"thingId": 1}], "value": []}')


@pytest.mark.parametrize("place", ["unknown", "items", "manager", "blob"])
@pytest.mark.parametrize("depth", [50, 400, 700, 100_000])
@pytest.mark.parametrize("marks", ["[]", "{}"])
def test_nesting_never_ends_the_program(
    bench: Any, things: Any, column: Any, place: str, depth: int, marks: str
) -> None:
    """However deep a value nests, it lands, or its record is rejected, or the page is an error."""
    from exepron_pipeline.errors import ResponseError

    child = {"name": "items", "description": "", "columns": [column("n", "int")]}
    columns = [column("name", wire="manager.name"), column("blob", "json")]
    opened = marks[0] if marks == "[]" else '{"name":'
    body = f'[{{"thingId": 1, "{place}": {opened * depth}1{marks[1] * depth}}}, {{"thingId": 2}}]'
    decode = bench(things(*columns, children=[child]))
    if depth == 100_000:
        with pytest.raises(ResponseError, match="deep"):
            decode(body)
        return
    page = decode(body)
    assert 2 in page.table["thing_id"].to_pylist()
    assert len(page.rejects) + page.table.num_rows == 2


def test_all_may_be_rejected(bench: Any, things: Any) -> None:
    """A page of which nothing fits gives an empty table and every reason."""
    page = bench(things())('[{"a": 1}, {"a": 2}]')
    assert (page.table.num_rows, len(page.rejects), page.rows) == (0, 2, 2)
