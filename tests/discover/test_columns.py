"""Described properties as columns and children of the catalogue."""

import pytest

from exepron_pipeline.discover.columns import columns_of, type_of
from exepron_pipeline.discover.names import cursor_rank, personal_kind, singular, unique
from exepron_pipeline.odata.metadata.description import COMPLEX, Property


@pytest.mark.parametrize(
    ("digits", "scale", "expected"),
    [
        (18, 4, "decimal(18,4)"),
        (5, 5, "decimal(5,5)"),
        (None, 2, "decimal(38,2)"),
        (18, None, "decimal(38,10)"),
        (None, None, "decimal(38,10)"),
        (60, 20, "decimal(38,20)"),
        (3, 5, "decimal(38,5)"),
        (38, 38, "decimal(38,38)"),
    ],
)
def test_decimals(digits, scale, expected):
    """Digits and scale are the document's where they can be; else there is room on both sides of the point."""
    assert type_of(Property("p", "Decimal", "Edm.Decimal", digits, scale)) == expected


def test_objects_lists_and_equal_names():
    """Objects are flattened, lists become children that leave the parent's key alone, and names stay apart."""
    place = Property("place", COMPLEX, fields=(Property("city"), Property("tags", many=True)))
    marks = Property("marks", COMPLEX, many=True, fields=(Property("id", "Int32"), Property("word")))
    equal = [Property("placeCity"), Property("PlaceCity"), Property("🚀")]
    found = columns_of([Property("id", "Int32"), place, marks, *equal, Property("x.y")], ["id"])
    wires = {name: column.get("wire") for name, column in found.columns.items()}
    assert wires == {
        "id": None,
        "place_city": "place.city",
        "place_tags": "place.tags",
        "place_city_2": "placeCity",
        "place_city_3": "PlaceCity",
        "field": "🚀",
    }
    assert found.columns["place_tags"]["type"] == "json"
    assert found.children["marks"]["columns"] == {
        "id_2": {"type": "int", "wire": "id"},
        "word": {"type": "text"},
    }
    assert len(found.problems) == 1
    assert "x.y" in found.problems[0]


def test_names():
    """Names become unique snake_case; one item of a list has a name; stamps of changes are told by theirs."""
    assert unique("projectManagerID", {"project_manager_id"}) == "project_manager_id_2"
    assert (singular("tags"), singular("address"), singular("data")) == ("tag", "value", "value")
    assert [
        cursor_rank(name) for name in ("last_modified_on", "modified_at", "created_on", "modified_by")
    ] == [
        0,
        1,
        None,
        None,
    ]
    assert [
        personal_kind(*each) for each in (("x", "tel"), ("mobile", ""), ("first_name", ""), ("name", ""))
    ] == [
        "contact",
        "contact",
        "name",
        None,
    ]
