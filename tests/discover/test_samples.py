"""Types from records alone."""

from decimal import Decimal

import pytest

from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, Property
from exepron_pipeline.odata.metadata.samples import UNKNOWN, describe_records


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 2**62], Property("p", "Int64")),
        ([1, Decimal("2.50")], Property("p", "Decimal")),
        ([1, Decimal("0.1"), Decimal("1E+300")], Property("p", "Double")),
        ([Decimal("1E+27"), Decimal("1E-10")], Property("p", "Decimal")),
        ([Decimal("1E+27"), Decimal("1E-11")], Property("p", "Double")),
        ([True, False], Property("p", "Boolean")),
        ([True, 1], Property("p", OPAQUE)),
        (["2026-01-01", "2026-12-31"], Property("p", "Date")),
        (["2026-01-01", "soon"], Property("p", "String")),
        (["2026-01-01T10:00:00", "2026-01-01T10:00:00.1234567+02:00"], Property("p", "DateTimeOffset")),
        (["/Date(1740810600000+0000)/"], Property("p", "DateTime")),
        (["0F8FAD5B-d9cb-469f-a165-70867728950e"], Property("p", "Guid")),
        (["21:14:35"], Property("p", "TimeOfDay")),
        ([None, None], Property("p", UNKNOWN)),
        ([["a"], []], Property("p", "String", many=True)),
        ([[]], Property("p", OPAQUE, many=True)),
        ([{"a": 1}, None], Property("p", COMPLEX, fields=(Property("a", "Int64"),))),
        ([{"a": 1}, "x"], Property("p", OPAQUE)),
    ],
)
def test_the_narrowest_type_that_fits(values, expected):
    """Every value seen has to fit; one that does not makes the type wider, and no value at all leaves it open."""
    found = describe_records("things", "Things", [{"id": n, "p": value} for n, value in enumerate(values)])
    assert found.properties[1] == expected


def test_key_annotations_and_navigation():
    """A key has to differ from record to record; annotations are no properties; deferred ones are navigation."""
    rows = [
        {"__metadata": {}, "@odata.etag": "x", "thingId": n, "id": 1, "owner": {"__deferred": {"uri": "u"}}, "a@odata.count": 1}
        for n in range(3)
    ]  # fmt: skip
    found = describe_records("Things", "Things", rows, key=("thingId",))
    assert [each.name for each in found.properties] == ["thingId", "id"]
    assert (found.key, found.navigation, found.problem) == (("thingId",), ("owner",), "")
    assert describe_records("Things", "Things", rows).problem == "has no property that looks like a key"
    assert "no record" in describe_records("Things", "Things", []).problem
