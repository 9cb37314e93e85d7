"""Where a service's description and the catalogue in use have come apart."""

from dataclasses import replace

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.discover.drift import differences
from exepron_pipeline.odata.metadata.description import COMPLEX, DescribedSet, Description, Property

CATALOGUE = """
replace: true
entity_sets:
  things:
    key: id
    path: Things
    navigation: [owner]
    columns:
      id: {type: int, edm: Edm.Int32}
      cost: {type: "decimal(18,4)", edm: Edm.Decimal}
      city: {type: text, wire: place.city}
      guessed: {type: text, source: inferred}
    children:
      tags: {columns: {tag: {type: text, wire: "."}}}
"""
PLACE = Property("place", COMPLEX, "N.Place", fields=(Property("city", "String", "Edm.String"),))
THINGS = DescribedSet(
    "Things",
    "Things",
    ("id",),
    (
        Property("id", "Int32", "Edm.Int32", nullable=False),
        Property("cost", "Decimal", "Edm.Decimal", 18, 4),
        PLACE,
        Property("tags", "String", "Edm.String", many=True),
    ),
    ("owner",),
)


@pytest.fixture
def catalogue(own_place):
    """The catalogue above."""
    (own_place / "catalogue.yaml").write_text(CATALOGUE)
    return load_catalogue(own_place / "catalogue.yaml")


def with_properties(*properties):
    """The set with other properties."""
    return Description("test", (replace(THINGS, properties=properties),))


def test_nothing_differs(catalogue):
    """Equal ones have no difference; what the catalogue merely proposes may be missing."""
    assert differences(Description("test", (THINGS,)), catalogue, "odata4") == []


def test_each_kind_of_difference(catalogue):
    """Sets and fields that are gone or new, and other types, are told in a sentence each."""
    identity, cost, place, tags = THINGS.properties
    assert differences(Description("test"), catalogue, "odata4") == [
        "things is in the catalogue, and not described any more"
    ]
    more = DescribedSet("Others", "Others", ("id",), (identity,))
    assert differences(Description("test", (THINGS, more)), catalogue, "odata4") == [
        "Others is offered, and not in the catalogue"
    ]
    assert differences(with_properties(identity, tags), catalogue, "odata4") == [
        "things: cost, city are gone"
    ]
    new = [Property(f"new{n}", "String", "Edm.String") for n in range(7)]
    assert differences(with_properties(identity, cost, place, tags, *new), catalogue, "odata4") == [
        "things: new0, new1, new2, new3, new4 and 2 more are new"
    ]
    wider = replace(identity, type="Int64", written="Edm.Int64")
    assert differences(with_properties(wider, cost, place, tags), catalogue, "odata4") == [
        "things.id was Edm.Int32 (int), and is Edm.Int64 (int)"
    ]


@pytest.mark.parametrize(
    ("digits", "scale", "fits"),
    [(18, 4, True), (10, 2, True), (19, 4, False), (18, 5, False), (None, None, True)],
)
def test_decimals_that_no_longer_fit(catalogue, digits, scale, fits):
    """More digits before or behind the point than the column has are a difference; fewer are none."""
    identity, cost, place, tags = THINGS.properties
    now = replace(cost, precision=digits, scale=scale)
    found = differences(with_properties(identity, now, place, tags), catalogue, "odata4")
    assert bool(found) is not fits
