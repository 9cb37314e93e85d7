import json
from typing import Any

import pytest

from exepron_pipeline.errors import ResponseError

GOOD = '[{"thingId": 1}, {"thingId": 2}]'


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  \n",
        "<!DOCTYPE html><title>Sign in</title>",
        '[{"thingId": 1}, {"thingId"',
        GOOD + GOOD,
        GOOD[:-1],
        '[1], "x": [2]',
        "nothing",
        "5",
        '"text"',
        "null",
        '{"error": {"code": "x"}}',
        '{"error": "x", "value": null}',
        '{"value": 5}',
        '{"value": [{"thingId": 1}]} {"value": []}',
        '{"message": "x"}',
        b'[{"thingId": 1, "x": "\xff"}]',
        '[{"thingId": 1}]'.encode("utf-16"),
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '[{"thingId": 1, "x": ' + "9" * 5000 + "}]",
    ],
)
@pytest.mark.parametrize("dialect", ["g2", "g3"])
def test_what_is_no_list_of_records_is_an_error(
    bench: Any, things: Any, dialect: str, body: str | bytes
) -> None:
    """An answer with 200 that is no list of records is never taken for an empty one."""
    with pytest.raises(ResponseError) as caught:
        bench(things(), dialect)(body)
    assert caught.value.hint
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("dialect", ["g1", "g2", "g3", "odata2", "odata3", "odata4"])
@pytest.mark.parametrize("mark", ["", "\ufeff", " \r\n\t", "\ufeff\n"])
def test_blanks_and_marks_in_front_are_harmless(bench: Any, things: Any, dialect: str, mark: str) -> None:
    """A byte order mark and blanks change nothing, and a bare list is understood in every dialect."""
    page = bench(things(), dialect)(mark + GOOD)
    assert page.table["thing_id"].to_pylist() == [1, 2]


def test_an_empty_list_is_an_empty_page(bench: Any, things: Any) -> None:
    """No records is an answer: 0 rows, no keys, the full schema."""
    page = bench(things())("[]")
    assert (page.rows, page.first_key, page.last_key, page.keys_ascending) == (0, None, None, True)
    assert page.table.num_rows == 0
    assert page.table.schema.names == ["thing_id", "_account_id", "_extra"]


def test_one_object_is_one_record_where_the_dialect_says_so(bench: Any, things: Any) -> None:
    """GetLoggedinUser gave one object once, and a list later: both are records."""
    page = bench(things(), "g2")('{"thingId": 5}')
    assert page.table["thing_id"].to_pylist() == [5]


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_count_and_next_link_come_along(bench: Any, things: Any, turn: int) -> None:
    """Count and next link are read the same on the first page and on pages of a known kind."""
    decode = bench(things(), "odata4")
    rows = [{"thingId": 1}]
    for number in range(turn):
        body = {
            "@odata.context": "x",
            "@odata.count": 20 + number,
            "value": rows,
            "@odata.nextLink": f"Things?{number}",
        }
        page = decode(json.dumps(body))
    assert (page.envelope.count, page.envelope.next_link) == (19 + turn, f"Things?{turn - 1}")
    assert decode(json.dumps({"value": rows})).envelope.next_link is None


def test_headers_may_count(bench: Any, things: Any) -> None:
    """A bare list has no place for a count; a header may have one."""
    assert bench(things(), "g2")(GOOD, {"x-total-items": "2"}).envelope.count == 2


def test_v2_envelope(bench: Any, things: Any) -> None:
    """OData V2 wraps in `d`, counts in a text, and links by text or object."""
    decode = bench(things(), "odata2")
    for link in ["Things?2", {"uri": "Things?2"}, "Things?2"]:
        body = {
            "d": {"results": [{"thingId": 1, "__metadata": {"uri": "x"}}], "__count": "7", "__next": link}
        }
        page = decode(json.dumps(body))
        assert (page.envelope.count, page.envelope.next_link) == (7, "Things?2")
        assert page.table["_extra"].to_pylist() == [None]
