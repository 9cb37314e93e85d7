from typing import Any

import pytest

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.page import Envelope, open_envelope

ROWS = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("name", "document", "envelope"),
    [
        ("g2", ROWS, Envelope()),
        ("g2", {"value": ROWS}, Envelope()),
        ("g1", {"odata.count": "7", "value": ROWS, "odata.nextLink": "x"}, Envelope(7, "x")),
        ("g1", {"d": {"results": ROWS, "__count": "7"}}, Envelope(7)),
        ("g3", {"@odata.count": 7, "value": ROWS, "@odata.nextLink": "x?$skip=2"}, Envelope(7, "x?$skip=2")),
        ("odata4", {"@count": 7, "value": ROWS, "@nextLink": "x"}, Envelope(7, "x")),
        ("odata2", {"d": {"results": ROWS, "__count": 7, "__next": {"uri": "x"}}}, Envelope(7, "x")),
        ("odata2", {"d": ROWS}, Envelope()),
        ("odata3", {"odata.count": "0", "value": ROWS}, Envelope(0)),
    ],
)
def test_envelopes(name: str, document: object, envelope: Envelope) -> None:
    """Records, count and next link are found where each dialect puts them."""
    assert open_envelope(document, {}, DIALECTS[name]) == (ROWS, envelope)


def test_count_in_a_header() -> None:
    """A bare list may be counted by a header; what is no number there is no count."""
    assert open_envelope(ROWS, {"x-total-items": "7"}, DIALECTS["g2"])[1].count == 7
    assert open_envelope(ROWS, {"x-total-items": "many"}, DIALECTS["g2"])[1].count is None
    assert open_envelope(ROWS, {"x-total-items": "7"}, DIALECTS["g3"])[1].count is None


def test_one_object_is_one_record_where_the_dialect_says_so() -> None:
    """The older shape of a question for one thing is read like a list of one."""
    assert open_envelope({"userId": 5}, {}, DIALECTS["g2"])[0] == [{"userId": 5}]
    with pytest.raises(ResponseError, match="userId"):
        open_envelope({"userId": 5}, {}, DIALECTS["g3"])


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize(
    "document",
    [
        {"error": {"message": "no"}},
        {"odata.error": {"message": {"value": "no"}}},
        {"Message": "no"},
        {"value": 1500},
        {"value": None},
        {"value": {"error": "no"}},
        "text",
        5,
        None,
        True,
    ],
)
def test_no_records_is_an_error(name: str, document: Any) -> None:
    """An answer without a list of records is never taken for an empty list."""
    with pytest.raises(ResponseError):
        open_envelope(document, {}, DIALECTS[name])


@pytest.mark.parametrize("count", [True, -1, "-1", "1.5", 1.5, None, [], "٣x"])
def test_odd_counts_are_no_counts(count: object) -> None:
    """What is not a whole number of records is not taken for one."""
    assert open_envelope({"value": [], "@odata.count": count}, {}, DIALECTS["g3"])[1].count is None
